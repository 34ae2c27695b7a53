export function Results(_: { part?: string | undefined; query: URLSearchParams }) {
  return <div class="page"><h1>Results</h1></div>;
}
