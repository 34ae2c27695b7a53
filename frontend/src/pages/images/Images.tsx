export function Images() {
  return <div class="page"><h1>Images</h1></div>;
}
