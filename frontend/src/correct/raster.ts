import type { Box } from "../api";
import type { Point } from "./api";

// The rule of sorby.annotate.strokes: a pixel is painted if its centre (whole numbers) lies within
// the radius of the polyline. Decided in whole numbers of quarter pixels, so that page and server
// agree on every pixel.

const QUARTERS = 4;

export function quarter(value: number): number {
  return Math.round(value * QUARTERS) / QUARTERS;
}

export type PaintSpan = (row: number, first: number, last: number) => void;

/** Spans (first and last column, both painted) of all that is within a radius of one segment. */
export function capsule(a: Point, b: Point, radius: number, clip: Box, paint: PaintSpan): void {
  const shape = new Capsule(a, b, radius);
  const top = Math.max(clip[0], Math.ceil(shape.top / QUARTERS));
  const bottom = Math.min(clip[2] - 1, Math.floor(shape.bottom / QUARTERS));
  for (let row = top; row <= bottom; row++) {
    const span = shape.span(row);
    if (!span) continue;
    const first = Math.max(clip[1], span[0]);
    const last = Math.min(clip[3] - 1, span[1]);
    if (first <= last) paint(row, first, last);
  }
}

/** Spans of a polyline; one point is a disc. A pixel may come in several spans. */
export function stroke(points: readonly Point[], radius: number, clip: Box, paint: PaintSpan): void {
  const [first] = points;
  if (!first) return;
  if (points.length === 1) capsule(first, first, radius, clip, paint);
  for (let i = 1; i < points.length; i++) {
    capsule(points[i - 1] as Point, points[i] as Point, radius, clip, paint);
  }
}

class Capsule {
  readonly top: number;
  readonly bottom: number;
  private readonly ay: number;
  private readonly ax: number;
  private readonly by: number;
  private readonly bx: number;
  private readonly dy: number;
  private readonly dx: number;
  private readonly d2: number;
  private readonly r: number;

  constructor(a: Point, b: Point, radius: number) {
    this.ay = Math.round(a[0] * QUARTERS);
    this.ax = Math.round(a[1] * QUARTERS);
    this.by = Math.round(b[0] * QUARTERS);
    this.bx = Math.round(b[1] * QUARTERS);
    this.r = Math.round(radius * QUARTERS);
    this.dy = this.by - this.ay;
    this.dx = this.bx - this.ax;
    this.d2 = this.dy ** 2 + this.dx ** 2;
    this.top = Math.min(this.ay, this.by) - this.r;
    this.bottom = Math.max(this.ay, this.by) + this.r;
  }

  /** First and last column of a row. The shape is convex, so one span is all. */
  span(row: number): [number, number] | null {
    const y = row * QUARTERS;
    const ends: [number, number] = [Infinity, -Infinity];
    this.addDisc(ends, y - this.ay, this.ax);
    this.addDisc(ends, y - this.by, this.bx);
    this.addSlab(ends, y - this.ay);
    if (ends[0] > ends[1]) return null;
    let first = Math.ceil(ends[0] / QUARTERS) - 1;
    let last = Math.floor(ends[1] / QUARTERS) + 1;
    while (first <= last && !this.covers(row, first)) first++;
    while (last >= first && !this.covers(row, last)) last--;
    return first <= last ? [first, last] : null;
  }

  private addDisc(ends: [number, number], y: number, centre: number): void {
    const rest = this.r ** 2 - y ** 2;
    if (rest < 0) return;
    const half = Math.sqrt(rest);
    ends[0] = Math.min(ends[0], centre - half);
    ends[1] = Math.max(ends[1], centre + half);
  }

  private addSlab(ends: [number, number], y: number): void {
    if (this.d2 === 0) return;
    const aside = this.r * Math.sqrt(this.d2);
    let low = -Infinity;
    let high = Infinity;
    for (const [part, slope, least, most] of [
      [y * this.dy, this.dx, 0, this.d2],
      [-this.dx * y, this.dy, -aside, aside],
    ] as const) {
      if (slope === 0) {
        if (part < least - 1e-6 || part > most + 1e-6) return;
        continue;
      }
      const one = (least - part) / slope;
      const other = (most - part) / slope;
      low = Math.max(low, Math.min(one, other));
      high = Math.min(high, Math.max(one, other));
    }
    if (low > high + 1e-6) return;
    ends[0] = Math.min(ends[0], this.ax + low);
    ends[1] = Math.max(ends[1], this.ax + high);
  }

  private covers(row: number, column: number): boolean {
    const y = row * QUARTERS - this.ay;
    const x = column * QUARTERS - this.ax;
    const r2 = this.r ** 2;
    if (y * y + x * x <= r2) return true;
    if ((y - this.dy) ** 2 + (x - this.dx) ** 2 <= r2) return true;
    if (this.d2 === 0) return false;
    const along = y * this.dy + x * this.dx;
    if (along < 0 || along > this.d2) return false;
    return (y * this.dx - x * this.dy) ** 2 <= r2 * this.d2;
  }
}

/**
 * Spans of a closed polygon by the even-odd rule, for the preview of a lasso. The server's answer
 * adds the pixels on the outline itself.
 */
export function polygon(points: readonly Point[], clip: Box, paint: PaintSpan): void {
  if (points.length < 3) return;
  const rows = points.map(([row]) => row);
  const top = Math.max(clip[0], Math.ceil(Math.min(...rows)));
  const bottom = Math.min(clip[2] - 1, Math.floor(Math.max(...rows)));
  for (let row = top; row <= bottom; row++) {
    const crossings = crossingsOf(points, row);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(clip[1], Math.ceil(crossings[i] as number));
      const last = Math.min(clip[3] - 1, Math.floor(crossings[i + 1] as number));
      if (first <= last) paint(row, first, last);
    }
  }
}

function crossingsOf(points: readonly Point[], row: number): number[] {
  const found: number[] = [];
  let [r0, c0] = points[points.length - 1] as Point;
  for (const [r1, c1] of points) {
    if (r0 <= row !== r1 <= row) found.push(c0 + ((row - r0) / (r1 - r0)) * (c1 - c0));
    [r0, c0] = [r1, c1];
  }
  return found.sort((a, b) => a - b);
}
