import type { Box } from "../api";
import type { Point } from "./api";

/**
 * Where the stage looks. A pixel's centre is at whole numbers, its edges half a pixel around it;
 * `top` and `left` are the image coordinates (of edges: centre + 0.5) in the stage's corner.
 */
export interface View {
  /** Screen px of one image px. */
  scale: number;
  top: number;
  left: number;
  width: number;
  height: number;
}

export type Shape = readonly [rows: number, columns: number];

const LARGEST_SCALE = 48;
const MARGIN = 24;

export function fitScale(shape: Shape, width: number, height: number): number {
  const room = (full: number) => Math.max(1, full - 2 * MARGIN);
  return Math.min(room(width) / shape[1], room(height) / shape[0]);
}

export function fit(shape: Shape, width: number, height: number): View {
  return centred(fitScale(shape, width, height), shape[0] / 2, shape[1] / 2, width, height);
}

function centred(scale: number, row: number, column: number, width: number, height: number): View {
  return { scale, top: row - height / 2 / scale, left: column - width / 2 / scale, width, height };
}

export function toImage(view: View, x: number, y: number): Point {
  return [view.top + y / view.scale - 0.5, view.left + x / view.scale - 0.5];
}

export function toScreen(view: View, row: number, column: number): [x: number, y: number] {
  return [(column + 0.5 - view.left) * view.scale, (row + 0.5 - view.top) * view.scale];
}

/** Screen rectangle of a box of pixels: x0, y0, x1, y1. */
export function boxOnScreen(view: View, box: Box): [number, number, number, number] {
  return [
    (box[1] - view.left) * view.scale,
    (box[0] - view.top) * view.scale,
    (box[3] - view.left) * view.scale,
    (box[2] - view.top) * view.scale,
  ];
}

/** Box of the pixels in sight, clipped to the image. */
export function visible(view: View, shape: Shape): Box {
  return [
    Math.max(0, Math.floor(view.top)),
    Math.max(0, Math.floor(view.left)),
    Math.min(shape[0], Math.ceil(view.top + view.height / view.scale)),
    Math.min(shape[1], Math.ceil(view.left + view.width / view.scale)),
  ];
}

/** Zoom by a factor, keeping the image still at a place of the screen. */
export function zoomAt(view: View, factor: number, x: number, y: number, shape: Shape): View {
  const least = Math.min(1, fitScale(shape, view.width, view.height) / 2);
  const scale = Math.min(LARGEST_SCALE, Math.max(least, view.scale * factor));
  const row = view.top + y / view.scale;
  const column = view.left + x / view.scale;
  return kept({ ...view, scale, top: row - y / scale, left: column - x / scale }, shape);
}

export function panBy(view: View, dx: number, dy: number, shape: Shape): View {
  return kept({ ...view, top: view.top - dy / view.scale, left: view.left - dx / view.scale }, shape);
}

/** The stage has a new size; what was in its middle stays there. */
export function resized(view: View, width: number, height: number, shape: Shape): View {
  const isFit = Math.abs(view.scale / fitScale(shape, view.width, view.height) - 1) < 1e-6;
  if (isFit) return fit(shape, width, height);
  const row = view.top + view.height / 2 / view.scale;
  const column = view.left + view.width / 2 / view.scale;
  return kept(centred(view.scale, row, column, width, height), shape);
}

/** The image never leaves the stage: its middle can be reached by any of its pixels, no more. */
function kept(view: View, shape: Shape): View {
  const halfRows = view.height / 2 / view.scale;
  const halfColumns = view.width / 2 / view.scale;
  return {
    ...view,
    top: Math.min(Math.max(view.top, -halfRows), shape[0] - halfRows),
    left: Math.min(Math.max(view.left, -halfColumns), shape[1] - halfColumns),
  };
}

/** One image px is one screen px, around what is in the middle now. */
export function oneToOne(view: View, shape: Shape): View {
  return zoomAt(view, 1 / view.scale, view.width / 2, view.height / 2, shape);
}

const SMALLEST_ON_SCREEN = 24;
const SHARE_OF_STAGE = 0.6;

/** Bring a box to the middle; zoom only where it would be too small to judge, or too large. */
export function lookAt(view: View, box: Box, shape: Shape, isClose = false): View {
  const size = Math.max(box[2] - box[0], box[3] - box[1], 1);
  const stage = Math.min(view.width, view.height);
  const onScreen = size * view.scale;
  const best = Math.min(isClose ? 24 : 8, (stage * (isClose ? 0.3 : 0.14)) / size);
  const isGood = onScreen >= SMALLEST_ON_SCREEN && onScreen <= SHARE_OF_STAGE * stage;
  if (isGood && !isClose && isWhole(view, shape)) return view;
  const scale = isClose || !isGood ? Math.max(best, fitScale(shape, view.width, view.height)) : view.scale;
  return kept(
    centred(scale, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, view.width, view.height),
    shape,
  );
}

function isWhole(view: View, shape: Shape): boolean {
  const [top, left, bottom, right] = visible(view, shape);
  return top === 0 && left === 0 && bottom === shape[0] && right === shape[1];
}

/** Level of the pyramid whose pixels are nearest to the screen's in size. */
export function levelFor(scale: number, nLevels: number): number {
  return Math.min(nLevels - 1, Math.max(0, Math.round(Math.log2(1 / scale))));
}

/** Levels that halve an image until it fits into one tile. */
export function levelsOf(shape: Shape, tile: number): number {
  return 1 + Math.max(0, Math.ceil(Math.log2(Math.max(shape[0], shape[1]) / tile)));
}
