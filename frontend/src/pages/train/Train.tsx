export function Train() {
  return <div class="page"><h1>Train</h1></div>;
}
