import type { Box } from "../api";
import type { Defect } from "./api";
import { contains, holds, meets } from "./geometry";

const CELL = 512;

export type Shown = "to check" | "all" | "deleted";

/** What the queue shows. */
export interface Filters {
  show: Shown;
  class: number | null;
  minArea: number | null;
  maxArea: number | null;
  maxConfidence: number | null;
}

export const ALL: Filters = {
  show: "to check",
  class: null,
  minArea: null,
  maxArea: null,
  maxConfidence: null,
};

/** The defects of a field, and a coarse grid of their boxes to look them up in. */
export class Defects {
  private readonly byId = new Map<number, Defect>();
  private readonly cells = new Map<number, Set<number>>();
  private known: { filters: Filters; queue: readonly Defect[] } | null = null;

  constructor(defects: Iterable<Defect> = []) {
    for (const defect of defects) this.put(defect);
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: number): Defect | undefined {
    return this.byId.get(id);
  }

  all(): IterableIterator<Defect> {
    return this.byId.values();
  }

  put(defect: Defect): void {
    this.remove(defect.id);
    this.known = null;
    this.byId.set(defect.id, defect);
    for (const cell of cellsOf(defect.box)) {
      const ids = this.cells.get(cell) ?? new Set();
      ids.add(defect.id);
      this.cells.set(cell, ids);
    }
  }

  remove(id: number): void {
    const defect = this.byId.get(id);
    if (!defect) return;
    this.known = null;
    this.byId.delete(id);
    for (const cell of cellsOf(defect.box)) this.cells.get(cell)?.delete(id);
  }

  /** `queueOf`, made once for each change. */
  queue(filters: Filters): readonly Defect[] {
    if (this.known?.filters !== filters) this.known = { filters, queue: queueOf(this.all(), filters) };
    return this.known.queue;
  }

  /** Defects whose box holds a pixel, the smallest first. */
  at(row: number, column: number): Defect[] {
    return this.near([row, column, row + 1, column + 1])
      .filter(({ box }) => contains(box, row, column))
      .sort((a, b) => sizeOf(a.box) - sizeOf(b.box));
  }

  /** Defects whose box meets another. */
  near(box: Box): Defect[] {
    const ids = new Set<number>();
    for (const cell of cellsOf(box)) for (const id of this.cells.get(cell) ?? []) ids.add(id);
    return [...ids].map((id) => this.byId.get(id) as Defect).filter((defect) => meets(defect.box, box));
  }

  /** Defects that lie wholly inside a box. */
  inside(box: Box): Defect[] {
    return this.near(box).filter((defect) => holds(box, defect.box));
  }
}

function* cellsOf(box: Box): Generator<number> {
  for (let r = Math.floor(box[0] / CELL); r * CELL < box[2]; r++) {
    for (let c = Math.floor(box[1] / CELL); c * CELL < box[3]; c++) yield r * 65536 + c;
  }
}

function sizeOf(box: Box): number {
  return (box[2] - box[0]) * (box[3] - box[1]);
}

/** Nobody has judged it yet. */
export function isToCheck(defect: Defect): boolean {
  return defect.state === "predicted";
}

/** Area by which defects are filtered: µm² where the scale is known. */
export function areaOf(defect: Defect): number {
  return defect.area_um2 ?? defect.area_px;
}

function passes(defect: Defect, filters: Filters): boolean {
  const area = areaOf(defect);
  return (
    (filters.show !== "to check" || isToCheck(defect)) &&
    (filters.class === null || defect.class === filters.class) &&
    (filters.minArea === null || area >= filters.minArea) &&
    (filters.maxArea === null || area <= filters.maxArea) &&
    (filters.maxConfidence === null || (defect.confidence !== null && defect.confidence <= filters.maxConfidence))
  );
}

/** What to look at, in the order that pays most. Those already judged come last. */
export function queueOf(defects: Iterable<Defect>, filters: Filters): Defect[] {
  const shown = [...defects].filter((defect) => passes(defect, filters));
  return shown.sort(
    (a, b) => Number(isToCheck(b)) - Number(isToCheck(a)) || b.gain - a.gain || a.id - b.id,
  );
}

/** The defect after (or before) another in the order; round and round. */
export function neighbour(queue: readonly Defect[], id: number | null, step: 1 | -1): Defect | undefined {
  if (queue.length === 0) return undefined;
  const place = queue.findIndex((defect) => defect.id === id);
  if (place < 0) return step === 1 ? queue[0] : queue[queue.length - 1];
  return queue[(place + step + queue.length) % queue.length];
}

/** Expected number of checked defects and seconds: what the bottom bar says is left. */
export function secondsLeft(nToCheck: number, nChecked: number, activeSeconds: number): number {
  const usual = 3; // s per defect, until this person's own pace is known
  const known = Math.min(nChecked, 30) / 30;
  const own = nChecked > 0 ? activeSeconds / nChecked : usual;
  return nToCheck * (known * own + (1 - known) * usual);
}
