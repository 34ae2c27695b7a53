import type { Box } from "../api";
import { maskTileUrl, type Mode, type Point } from "./api";
import { ByteTiles, type ByteTile } from "./bytes";
import { boxAround, clipped, isEmpty, meets } from "./geometry";
import { polygon, stroke, type PaintSpan } from "./raster";
import { TILE, tilesIn, type Tile } from "./tiles";
import { levelsOf, type Shape } from "./view";

export const IGNORE = 255;

/** A gesture painted before the server has answered. */
export interface Pending {
  uuid: string;
  box: Box;
  paint: (level: number, clip: Box, span: PaintSpan) => void;
  value: number;
  /** Only ignored pixels are painted, instead of only those that are not. */
  isUnignore: boolean;
}

/** Tiles as they were before a gesture. */
type Before = Map<ByteTile, Uint8Array>;

interface Shown extends Pending {
  before: Before;
  isUndone: boolean;
}

export function pendingStroke(uuid: string, points: readonly Point[], radius: number, value: number): Pending {
  return {
    uuid,
    value,
    isUnignore: false,
    box: boxAround(points, radius),
    paint: (level, clip, span) => stroke(points.map((p) => down(p, level)), radiusAt(radius, value, level), clip, span),
  };
}

/** A block is painted where any of its pixels is, and cleared where all of them are. */
function radiusAt(radius: number, value: number, level: number): number {
  if (level === 0) return radius;
  const isPainted = value !== 0 && value !== IGNORE;
  return Math.max(0.25, radius / 2 ** level + (isPainted ? 0.4 : -0.4));
}

export function pendingLasso(uuid: string, points: readonly Point[], value: number, isUnignore: boolean): Pending {
  return {
    uuid,
    value,
    isUnignore,
    box: boxAround(points, 0),
    paint: (level, clip, span) => polygon(points.map((p) => down(p, level)), clip, span),
  };
}

/** A place of the image in pixels of a level, whose centres are at whole numbers too. */
function down([row, column]: Point, level: number): Point {
  const size = 2 ** level;
  return [(row + 0.5) / size - 0.5, (column + 0.5) / size - 0.5];
}

/**
 * The mask as tiles. Level 0 is exact. Coarser levels, which are shown when zoomed out, get a
 * preview of each gesture and are loaded again when the server has it.
 */
export class Mask {
  readonly tiles: ByteTiles;
  private readonly nLevels: number;
  private pending: Shown[] = [];
  /** Of the gesture under way. */
  private before: Before = new Map();
  private underWay: Pending[] = [];

  constructor(
    field: string,
    mode: Mode,
    readonly shape: Shape,
    onChange: (box: Box) => void,
  ) {
    this.nLevels = levelsOf(shape, TILE);
    this.tiles = new ByteTiles(
      shape,
      `mask/${mode}/${field}`,
      (level, row, column) => maskTileUrl(field, mode, level, row, column),
      (box, level, tile) => {
        this.repaint(box, level, tile);
        onChange(box);
      },
    );
  }

  /** Class at a pixel, from the finest level that is loaded; null where none is yet. */
  known(row: number, column: number, finest: number): number | null {
    if (row < 0 || column < 0 || row >= this.shape[0] || column >= this.shape[1]) return 0;
    for (let level = finest; level < this.nLevels; level++) {
      const r = row >> level;
      const c = column >> level;
      const tile = this.tiles.peek(level, [Math.floor(r / TILE), Math.floor(c / TILE)]);
      if (tile) return tile.values[(r % TILE) * TILE + (c % TILE)] as number;
    }
    return null;
  }

  at(row: number, column: number, finest: number): number {
    return this.known(row, column, finest) ?? 0;
  }

  /** Show a gesture at once; it stays until `settle` with its uuid. */
  add(pending: Pending): void {
    this.begin();
    this.show(pending);
    this.remember(pending);
  }

  /** As `add`, for a gesture whose parts were painted while it was under way. */
  remember(pending: Pending): void {
    this.pending.push({ ...pending, before: this.before, isUndone: false });
    this.begin();
  }

  /** Paint a part of a gesture that is under way. */
  show(part: Pending): void {
    this.underWay.push(part);
    this.paint(part, (bytes) => {
      if (!this.before.has(bytes)) this.before.set(bytes, bytes.values.slice());
    });
  }

  private paint(part: Pending, first: (bytes: ByteTile) => void = () => {}): void {
    const box = clipped(part.box, this.shape);
    for (let level = 0; level < this.nLevels; level++) {
      for (const [tile, bytes] of this.tiles.loaded(box, level)) {
        first(bytes);
        paintInto(part, level, tile, bytes);
      }
    }
  }

  /** A gesture under way was given up. */
  takeBack(): void {
    restore(this.before);
    this.begin();
  }

  private begin(): void {
    this.before = new Map();
    this.underWay = [];
  }

  /** Undo on the screen what the server has not answered yet; where it was, or null. */
  undo(uuid: string): Box | null {
    const last = this.pending.findLast((one) => !one.isUndone);
    if (last?.uuid !== uuid) return null;
    restore(last.before);
    last.isUndone = true;
    return last.box;
  }

  /** The server has done a gesture. What it changed comes as pixels; later gestures lie on top. */
  settle(uuid: string, box: Box | null, values: Uint8Array | null): void {
    const done = this.pending.find((one) => one.uuid === uuid);
    this.pending = this.pending.filter((one) => one.uuid !== uuid);
    if (box && values) this.put(box, values);
    const outdated = [box, done?.box].filter((one): one is Box => one != null && !isEmpty(one));
    for (const each of outdated) this.tiles.outdate(each, (level) => level > 0);
    if (box && values) this.repaintAll(box);
  }

  /** The server did not take a gesture, or something else changed here: load it again. */
  reload(box: Box): void {
    this.tiles.outdate(clipped(box, this.shape), () => true);
  }

  forget(uuid: string): void {
    this.pending = this.pending.filter((one) => one.uuid !== uuid);
  }

  private put(box: Box, values: Uint8Array): void {
    const width = box[3] - box[1];
    for (const tile of tilesIn(box, 0)) {
      const bytes = this.tiles.peek(0, tile);
      if (!bytes) continue;
      const top = tile[0] * TILE;
      const left = tile[1] * TILE;
      const first = Math.max(box[1], left);
      const last = Math.min(box[3], left + TILE);
      for (let row = Math.max(box[0], top); row < Math.min(box[2], top + TILE); row++) {
        const from = (row - box[0]) * width - box[1];
        bytes.values.set(values.subarray(from + first, from + last), (row - top) * TILE + first - left);
      }
    }
    this.putCoarser(box, values);
  }

  /** Coarser tiles take the largest class of each block that the patch holds whole. */
  private putCoarser(box: Box, values: Uint8Array): void {
    const width = box[3] - box[1];
    for (let level = 1; level < this.nLevels; level++) {
      const size = 2 ** level;
      for (const [tile, bytes] of this.tiles.loaded(box, level)) {
        const top = Math.max(tile[0] * TILE, Math.ceil(box[0] / size));
        const bottom = Math.min((tile[0] + 1) * TILE, Math.floor(box[2] / size));
        const left = Math.max(tile[1] * TILE, Math.ceil(box[1] / size));
        const right = Math.min((tile[1] + 1) * TILE, Math.floor(box[3] / size));
        for (let row = top; row < bottom; row++) {
          for (let column = left; column < right; column++) {
            const corner = (row * size - box[0]) * width + column * size - box[1];
            bytes.values[(row % TILE) * TILE + (column % TILE)] = pooled(values, corner, width, size);
          }
        }
      }
    }
  }

  private repaint(box: Box, level: number, bytes: ByteTile): void {
    const size = TILE * 2 ** level;
    const tile: Tile = [box[0] / size, box[1] / size];
    for (const one of this.pending) if (!one.isUndone && meets(one.box, box)) paintInto(one, level, tile, bytes);
  }

  private repaintAll(box: Box): void {
    const shown = [...this.pending.filter((one) => !one.isUndone), ...this.underWay];
    for (const one of shown) if (meets(one.box, box)) this.paint(one);
  }
}

/** Largest class of a block; ignored only where the whole block is, as the server has it. */
export function pooled(values: Uint8Array, corner: number, width: number, size: number): number {
  let most = 0;
  let nIgnored = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const value = values[corner + i * width + j] as number;
      if (value === IGNORE) nIgnored++;
      else if (value > most) most = value;
    }
  }
  return nIgnored === size * size ? IGNORE : most;
}

function restore(before: Before): void {
  for (const [tile, values] of before) tile.values.set(values);
}

function paintInto(part: Pending, level: number, tile: Tile, { values }: ByteTile): void {
  const top = tile[0] * TILE;
  const left = tile[1] * TILE;
  const { value, isUnignore } = part;
  part.paint(level, [top, left, top + TILE, left + TILE], (row, first, last) => {
    const start = (row - top) * TILE + first - left;
    const end = start + last - first + 1;
    if (value === IGNORE) values.fill(value, start, end);
    else for (let i = start; i < end; i++) if ((values[i] === IGNORE) === isUnignore) values[i] = value;
  });
}
