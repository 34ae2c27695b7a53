// From numbers to places on a chart.

export type Scale = (value: number) => number;

/** Straight line that leads `from` to `to`; a range without width leads to the middle. */
export function linear(from: readonly [number, number], to: readonly [number, number]): Scale {
  const [low, high] = from;
  const [start, end] = to;
  if (high === low) return () => (start + end) / 2;
  return (value) => start + ((value - low) / (high - low)) * (end - start);
}

/** Smallest and largest of the finite values; 0 to 1 where there is none. */
export function extent(values: Iterable<number | null | undefined>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value == null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Round numbers (1, 2 or 5 times a power of ten), about `n` of them, inside the range. */
export function ticks(low: number, high: number, n = 5): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.75) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toFixed(decimals)),
  );
}

/** The range made wider so that it ends on round numbers. */
export function nice(low: number, high: number, n = 5): [number, number] {
  if (!(high > low)) return [low - 0.5, low + 0.5];
  const inner = ticks(low, high, n);
  const step = inner.length > 1 ? (inner[1] as number) - (inner[0] as number) : high - low;
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

export type Point = readonly [x: number, y: number];

/** Corners of the convex hull, counter-clockwise with y up (Andrew's monotone chain). */
export function hull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (sorted.length < 3) return sorted;
  const half = (order: readonly Point[]) => {
    const chain: Point[] = [];
    for (const point of order) {
      while (chain.length > 1 && turn(chain.at(-2) as Point, chain.at(-1) as Point, point) <= 0)
        chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** Index of the point nearest to `from` within 45° of a direction; what an arrow key moves to. */
export function nearestToward(points: readonly Point[], from: number, direction: Point): number {
  const [x, y] = points[from] ?? [0, 0];
  let best = from;
  let least = Infinity;
  points.forEach(([px, py], i) => {
    const along = (px - x) * direction[0] + (py - y) * direction[1];
    const across = Math.abs((px - x) * direction[1] - (py - y) * direction[0]);
    if (i === from || along <= 0 || across > along) return;
    const distance = along + 2 * across;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
