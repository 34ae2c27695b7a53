export function Choose() {
  return <div class="page"><h1>Choose</h1></div>;
}
