import type { Box } from "../api";

export function Correct({ field }: { field: string; box?: Box | undefined }) {
  return <div class="page"><h1>{field}</h1></div>;
}
