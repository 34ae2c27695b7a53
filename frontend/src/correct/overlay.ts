import type { Box } from "../api";
import type { ByteTiles } from "./bytes";
import { IGNORE } from "./mask";
import { TILE, tilesIn } from "./tiles";
import { visible, type Shape, type View } from "./view";

// The overlay is made for the screen, pixel by pixel, from the mask's tiles: outlines have the
// same width at every zoom, hatches the same spacing, and the cost is that of the pixels in sight,
// however many defects there are. A gesture makes anew only the rectangle that it touches.

export type Rgb = readonly [number, number, number];

export interface Look {
  /** Colour of each class, by number; 255 is what is ignored. */
  colours: ReadonlyMap<number, Rgb>;
  /** 0 to 1. */
  opacity: number;
  /** Screen px. */
  outline: number;
}

/** Rectangle of the screen, half-open. */
export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const MARGIN = 4;

export class Overlay {
  readonly pixels: ImageData;
  private readonly words: Uint32Array;
  private readonly classes: Uint8Array;
  private readonly heat: Uint8Array;
  private readonly stride: number;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new ImageData(width, height);
    this.words = new Uint32Array(this.pixels.data.buffer);
    this.stride = width + 2 * MARGIN;
    this.classes = new Uint8Array(this.stride * (height + 2 * MARGIN));
    this.heat = new Uint8Array(this.classes.length);
  }

  /** Make a rectangle anew. Returns it grown by what its outlines reach, clipped to the screen. */
  update(rect: Rect, view: View, mask: ByteTiles, level: number, look: Look, heat: Heat | null): Rect {
    const inner = {
      x0: Math.max(-MARGIN, rect.x0),
      y0: Math.max(-MARGIN, rect.y0),
      x1: Math.min(this.width + MARGIN, rect.x1),
      y1: Math.min(this.height + MARGIN, rect.y1),
    };
    sample(this.classes, this.stride, inner, view, mask, level);
    if (heat) sample(this.heat, this.stride, inner, view, heat.tiles, level);
    for (const box of heat?.cut?.kept ?? []) this.blank(rectOf(view, box), inner);
    const touched = {
      x0: Math.max(0, rect.x0 - MARGIN),
      y0: Math.max(0, rect.y0 - MARGIN),
      x1: Math.min(this.width, rect.x1 + MARGIN),
      y1: Math.min(this.height, rect.y1 + MARGIN),
    };
    this.colour(touched, view, look, heat);
    return touched;
  }

  /** Nothing is cut in a rectangle. */
  private blank(rect: Rect, inner: Rect): void {
    const [x0, x1] = [Math.max(rect.x0, inner.x0), Math.min(rect.x1, inner.x1)];
    if (x0 >= x1) return;
    for (let y = Math.max(rect.y0, inner.y0); y < Math.min(rect.y1, inner.y1); y++) {
      const start = (y + MARGIN) * this.stride + MARGIN;
      this.heat.fill(UNKNOWN, start + x0, start + x1);
    }
  }

  private colour(rect: Rect, view: View, look: Look, heat: Heat | null): void {
    const { classes, words, stride } = this;
    const inks = inksOf(look);
    const cut = heat?.cut;
    const wide = Math.min(MARGIN - 1, look.outline);
    const offsetX = Math.round(view.left * view.scale);
    const offsetY = Math.round(view.top * view.scale);
    for (let y = rect.y0; y < rect.y1; y++) {
      let at = (y + MARGIN) * stride + rect.x0 + MARGIN;
      let to = y * this.width + rect.x0;
      const hatchRow = y + offsetY;
      for (let x = rect.x0; x < rect.x1; x++, at++, to++) {
        const value = classes[at] as number;
        if (cut && isCut(this.heat, at, cut.least, wide, stride)) {
          words[to] = CUT_INK;
        } else if (value === 0) {
          words[to] = heat ? (heat.inks[this.heat[at] as number] as number) : 0;
        } else if (isEdge(classes, at, value, wide, stride)) {
          words[to] = inks.edge[value] as number;
        } else if (heat) {
          words[to] = heat.inks[this.heat[at] as number] as number;
        } else {
          words[to] = isHatch(value, x + offsetX, hatchRow)
            ? (inks.hatch[value] as number)
            : (inks.fill[value] as number);
        }
      }
    }
  }
}

export interface Heat {
  tiles: ByteTiles;
  /** Colour of each of the 256 values, as a word. */
  inks: Uint32Array;
  /** Outline of the values from `least` on; what is decided in the boxes `kept` stays as it is. */
  cut?: { least: number; kept: readonly Box[] };
}

/** Seen on dark pores and bright metal alike, and like no class. */
export const CUT_COLOUR: Rgb = [255, 70, 205];
const CUT_INK = word(CUT_COLOUR, 1);
const UNKNOWN = 255;

function isCut(values: Uint8Array, at: number, least: number, wide: number, stride: number): boolean {
  const value = values[at] as number;
  if (value < least || value === UNKNOWN) return false;
  for (let d = 1; d <= wide; d++) {
    if (
      (values[at - d] as number) < least ||
      (values[at + d] as number) < least ||
      (values[at - d * stride] as number) < least ||
      (values[at + d * stride] as number) < least
    ) {
      return true;
    }
  }
  return false;
}

function isEdge(classes: Uint8Array, at: number, value: number, wide: number, stride: number): boolean {
  for (let d = 1; d <= wide; d++) {
    if (
      classes[at - d] !== value ||
      classes[at + d] !== value ||
      classes[at - d * stride] !== value ||
      classes[at + d * stride] !== value
    ) {
      return true;
    }
  }
  return false;
}

/** Each class has its own hatch, so that classes are told apart without colour. */
function isHatch(value: number, x: number, y: number): boolean {
  switch (value) {
    case 1:
      return false; // plain
    case 2:
      return ((x + y) & 7) === 0; // rising lines
    case 3:
      return (x & 3) === 0 && (y & 3) === 0; // dots
    case 4:
      return ((x - y) & 7) === 0; // falling lines
    case 5:
      return (y & 7) === 0; // level lines
    case IGNORE:
      return ((x + y) & 7) === 0 || ((x - y) & 7) === 0; // crossed
    default:
      return (x & 7) === 0; // upright lines
  }
}

interface Inks {
  fill: Uint32Array;
  hatch: Uint32Array;
  edge: Uint32Array;
}

function inksOf(look: Look): Inks {
  const inks = { fill: new Uint32Array(256), hatch: new Uint32Array(256), edge: new Uint32Array(256) };
  const other: Rgb = [240, 240, 240];
  for (let value = 1; value < 256; value++) {
    const colour = look.colours.get(value) ?? other;
    inks.fill[value] = word(colour, look.opacity);
    inks.hatch[value] = word(colour, look.opacity === 0 ? 0 : Math.min(1, look.opacity + 0.45));
    inks.edge[value] = word(colour, 1);
  }
  return inks;
}

/** Colour and opacity as ImageData has them in memory (little endian). */
export function word([r, g, b]: Rgb, alpha: number): number {
  return ((Math.round(alpha * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** Values of the tiles under each pixel of a rectangle of the screen; 0 outside the image. */
function sample(
  into: Uint8Array,
  stride: number,
  rect: Rect,
  view: View,
  tiles: ByteTiles,
  level: number,
): void {
  const size = 2 ** level;
  const columns = columnsOf(rect, view, tiles.shape, size);
  const width = rect.x1 - rect.x0;
  for (let y = rect.y0; y < rect.y1; y++) {
    const row = Math.floor(view.top + (y + 0.5) / view.scale);
    const start = (y + MARGIN) * stride + rect.x0 + MARGIN;
    if (row < 0 || row >= tiles.shape[0]) {
      into.fill(0, start, start + width);
      continue;
    }
    sampleRow(into, start, Math.floor(row / size), columns, tiles, level);
  }
}

interface Columns {
  /** Screen pixels before the first and after the last that see the image. */
  first: number;
  last: number;
  /** Column at the level, for each screen pixel. */
  at: Int32Array;
}

function columnsOf(rect: Rect, view: View, shape: Shape, size: number): Columns {
  const at = new Int32Array(rect.x1 - rect.x0);
  let first = 0;
  let last = at.length;
  for (let i = 0; i < at.length; i++) {
    const column = Math.floor(view.left + (rect.x0 + i + 0.5) / view.scale);
    at[i] = Math.floor(column / size);
    if (column < 0) first = i + 1;
    if (column >= shape[1] && i < last) last = i;
  }
  return { first, last, at };
}

function sampleRow(
  into: Uint8Array,
  start: number,
  row: number,
  { first, last, at }: Columns,
  tiles: ByteTiles,
  level: number,
): void {
  into.fill(0, start, start + at.length);
  const tileRow = Math.floor(row / TILE);
  const offset = (row - tileRow * TILE) * TILE;
  let i = first;
  while (i < last) {
    const tileColumn = Math.floor((at[i] as number) / TILE);
    const values = tiles.peek(level, [tileRow, tileColumn])?.values;
    const base = offset - tileColumn * TILE;
    const end = (tileColumn + 1) * TILE;
    const begun = i;
    while (i < last && (at[i] as number) < end) i++;
    if (!values) {
      sampleCoarser(into, start, row, { first: begun, last: i, at }, tiles, level);
      continue;
    }
    for (let j = begun; j < i; j++) into[start + j] = values[base + (at[j] as number)] as number;
  }
}

/** Where a tile is still to come, show the finest of the coarser ones that is there. */
function sampleCoarser(
  into: Uint8Array,
  start: number,
  row: number,
  { first, last, at }: Columns,
  tiles: ByteTiles,
  level: number,
): void {
  const column = at[first] as number;
  for (let up = 1; level + up < 16; up++) {
    const [r, c] = [row >> up, column >> up];
    const values = tiles.peek(level + up, [Math.floor(r / TILE), Math.floor(c / TILE)])?.values;
    if (!values) continue;
    const line = (r % TILE) * TILE;
    for (let i = first; i < last; i++) into[start + i] = values[line + (((at[i] as number) >> up) % TILE)] as number;
    return;
  }
}

/** Ask for the tiles in sight. */
export function wantVisible(view: View, tiles: ByteTiles, level: number): void {
  for (const tile of tilesIn(visible(view, tiles.shape), level)) tiles.want(level, tile);
}

/** Screen rectangle of a box of the image, outwards to whole pixels. */
export function rectOf(view: View, box: Box): Rect {
  return {
    x0: Math.floor((box[1] - view.left) * view.scale),
    y0: Math.floor((box[0] - view.top) * view.scale),
    x1: Math.ceil((box[3] - view.left) * view.scale),
    y1: Math.ceil((box[2] - view.top) * view.scale),
  };
}
