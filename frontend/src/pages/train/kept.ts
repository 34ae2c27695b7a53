/** Where the browser remembers that a model was looked at and not promoted. */
export function keptKey(fresh: number): string {
  return `sorby.kept.${fresh}`;
}
