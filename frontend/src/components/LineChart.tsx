import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { number } from "../format";
import { extent, linear, nice, ticks, type Point } from "../scales";

export interface Line {
  name: string;
  color: string;
  /** Dashes, so that lines differ without colour. */
  dash?: string;
  points: Point[];
  hasDots?: boolean;
}

interface Props {
  label: string;
  lines: Line[];
  xTitle: string;
  /** Ends of the y axis; what the data needs unless told. */
  yRange?: [number, number];
  height?: number;
}

const PAD = { left: 52, right: 14, top: 12, bottom: 34 };

/** Lines over steps, with the values under the pointer. */
export function LineChart({ label, lines, xTitle, yRange, height = 210 }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(520);
  const [at, setAt] = useState<number | null>(null);
  useLayoutEffect(() => {
    const box = frame.current;
    if (!box) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(240, box.clientWidth)));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  const all = lines.flatMap((line) => line.points);
  const xs = extent(all.map((point) => point[0]));
  const ys = yRange ?? nice(...extent(all.map((point) => point[1])));
  const x = linear(xs, [PAD.left, width - PAD.right]);
  const y = linear(ys, [height - PAD.bottom, PAD.top]);
  const value =
    at === null ? null : nearest(all, (at - PAD.left) / (width - PAD.left - PAD.right), xs);
  return (
    <div class="chart" ref={frame}>
      <ul class="chart-legend">
        {lines.map((line) => (
          <li key={line.name}>
            <svg width="22" height="8" aria-hidden="true">
              <path d="M0 4H22" stroke={line.color} stroke-width="2" stroke-dasharray={line.dash} />
            </svg>
            {line.name}: <b>{number(valueAt(line, value))}</b>
          </li>
        ))}
      </ul>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${label}. ${lines.map((line) => `${line.name}: last ${number(line.points.at(-1)?.[1])}`).join("; ")}`}
        onPointerMove={(event) => setAt(event.offsetX)}
        onPointerLeave={() => setAt(null)}
      >
        <g class="axis">
          {ticks(...ys, 4).map((tick) => (
            <g key={tick} transform={`translate(0 ${y(tick)})`}>
              <path d={`M${PAD.left} 0H${width - PAD.right}`} />
              <text x={PAD.left - 8} y="4" text-anchor="end">
                {tick}
              </text>
            </g>
          ))}
          {ticks(...xs, 6)
            .filter(Number.isInteger)
            .map((tick) => (
              <text key={tick} x={x(tick)} y={height - PAD.bottom + 16} text-anchor="middle">
                {tick}
              </text>
            ))}
          <text x={width - PAD.right} y={height - 3} text-anchor="end">
            {xTitle}
          </text>
        </g>
        {lines.map((line) => (
          <g key={line.name} stroke={line.color} fill={line.color}>
            <path
              class="line"
              d={line.points
                .map(([px, py], i) => `${i ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`)
                .join("")}
              stroke-dasharray={line.dash}
            />
            {line.hasDots &&
              line.points.map(([px, py]) => (
                <circle key={px} cx={x(px)} cy={y(py)} r="2.6" stroke="none" />
              ))}
          </g>
        ))}
        {value !== null && (
          <path class="cursor" d={`M${x(value)} ${PAD.top}V${height - PAD.bottom}`} />
        )}
      </svg>
    </div>
  );
}

/** The x of the data nearest to a share of the axis. */
function nearest(points: Point[], share: number, [low, high]: [number, number]): number | null {
  const wanted = low + share * (high - low);
  let best: number | null = null;
  for (const [px] of points) {
    if (best === null || Math.abs(px - wanted) < Math.abs(best - wanted)) best = px;
  }
  return best;
}

/** The line's value at x or just before it; its last one where no x is asked for. */
function valueAt(line: Line, at: number | null): number | undefined {
  if (at === null) return line.points.at(-1)?.[1];
  return line.points.findLast(([px]) => px <= at)?.[1];
}
