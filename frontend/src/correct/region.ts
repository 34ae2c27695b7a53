import type { Box } from "../api";
import { atLevel, clipped } from "./geometry";
import type { Shape } from "./view";

/** Pixels of one defect at a level of the pyramid: 1 inside, in a box of that level's pixels. */
export interface Region {
  level: number;
  box: Box;
  bits: Uint8Array;
}

const MOST_PIXELS = 4_000_000;

/**
 * The pixels of one class that hang together (8 neighbours) with a pixel, inside a box.
 *
 * `at(row, column)` gives the class at a place of the image; null where the box is too large to
 * be walked through.
 */
export function regionAt(
  at: (row: number, column: number) => number,
  point: readonly [number, number],
  box: Box,
  level: number,
  shape: Shape,
): Region | null {
  const size = 2 ** level;
  const small = atLevel(clipped(box, shape), level);
  const rows = small[2] - small[0];
  const columns = small[3] - small[1];
  if (rows <= 0 || columns <= 0 || rows * columns > MOST_PIXELS) return null;
  const classAt = (r: number, c: number) => at((r + small[0]) * size, (c + small[1]) * size);
  const bits = new Uint8Array(rows * columns);
  const startRow = Math.floor(point[0] / size) - small[0];
  const startColumn = Math.floor(point[1] / size) - small[1];
  if (startRow < 0 || startColumn < 0 || startRow >= rows || startColumn >= columns) return null;
  const wanted = classAt(startRow, startColumn);
  if (wanted === 0) return null;
  const stack = [startRow * columns + startColumn];
  bits[stack[0] as number] = 1;
  while (stack.length > 0) {
    const index = stack.pop() as number;
    const row = Math.floor(index / columns);
    const column = index - row * columns;
    for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
        const next = r * columns + c;
        if (bits[next] || classAt(r, c) !== wanted) continue;
        bits[next] = 1;
        stack.push(next);
      }
    }
  }
  return { level, box: small, bits };
}

export function isIn(region: Region, row: number, column: number): boolean {
  const size = 2 ** region.level;
  const r = Math.floor(row / size) - region.box[0];
  const c = Math.floor(column / size) - region.box[1];
  const columns = region.box[3] - region.box[1];
  if (r < 0 || c < 0 || r >= region.box[2] - region.box[0] || c >= columns) return false;
  return region.bits[r * columns + c] === 1;
}

export type Edge = [row0: number, column0: number, row1: number, column1: number];

/** Edges between inside and outside, as long straight runs, in image coordinates of edges. */
export function edgesOf({ level, box, bits }: Region): Edge[] {
  const rows = box[2] - box[0];
  const columns = box[3] - box[1];
  const size = 2 ** level;
  const inside = (r: number, c: number) =>
    r >= 0 && c >= 0 && r < rows && c < columns ? (bits[r * columns + c] as number) : 0;
  const edges: Edge[] = [];
  for (let r = 0; r <= rows; r++) {
    runs(columns, (c) => inside(r - 1, c) !== inside(r, c), (first, last) => {
      const row = (box[0] + r) * size;
      edges.push([row, (box[1] + first) * size, row, (box[1] + last) * size]);
    });
  }
  for (let c = 0; c <= columns; c++) {
    runs(rows, (r) => inside(r, c - 1) !== inside(r, c), (first, last) => {
      const column = (box[1] + c) * size;
      edges.push([(box[0] + first) * size, column, (box[0] + last) * size, column]);
    });
  }
  return edges;
}

function runs(n: number, is: (i: number) => boolean, found: (first: number, last: number) => void): void {
  let first = -1;
  for (let i = 0; i <= n; i++) {
    const here = i < n && is(i);
    if (here && first < 0) first = i;
    if (!here && first >= 0) {
      found(first, i);
      first = -1;
    }
  }
}
