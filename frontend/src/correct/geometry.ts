import type { Box } from "../api";

// Boxes are half-open, (row min, column min, row max, column max), in image px.

export function meets(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

export function holds(outer: Box, inner: Box): boolean {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}

export function contains(box: Box, row: number, column: number): boolean {
  return box[0] <= row && row < box[2] && box[1] <= column && column < box[3];
}

export function grown(box: Box, margin: number): Box {
  return [box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin];
}

export function clipped(box: Box, shape: readonly [number, number]): Box {
  return [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(shape[0], box[2]), Math.min(shape[1], box[3])];
}

export function isEmpty(box: Box): boolean {
  return box[2] <= box[0] || box[3] <= box[1];
}

/** Box of the pixels that some points and a radius can touch. */
export function boxAround(points: readonly (readonly [number, number])[], radius: number): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [row, column] of points) {
    box[0] = Math.min(box[0], row);
    box[1] = Math.min(box[1], column);
    box[2] = Math.max(box[2], row);
    box[3] = Math.max(box[3], column);
  }
  return [
    Math.floor(box[0] - radius),
    Math.floor(box[1] - radius),
    Math.ceil(box[2] + radius) + 1,
    Math.ceil(box[3] + radius) + 1,
  ];
}

/** Box at level k of the pyramid that holds all of a box of the image. */
export function atLevel(box: Box, level: number): Box {
  const size = 2 ** level;
  return [
    Math.floor(box[0] / size),
    Math.floor(box[1] / size),
    Math.ceil(box[2] / size),
    Math.ceil(box[3] / size),
  ];
}
