import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { thumbUrl, type EmbeddingPoint } from "../../api";
import { go, hrefOf } from "../../router";
import { extent, hull, linear, nearestToward, type Point } from "../../scales";
import { Glyph, Legend } from "./Glyph";

const MARGIN = 34;
const DIRECTIONS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Dashes of the outlines, so that clusters differ without colour. */
const DASHES = ["", "7 4", "2 4", "10 4 2 4", "14 5", "5 2 1 2"];

interface Props {
  points: EmbeddingPoint[];
  /** Name of the image that the pointer or the focus is on, here or in the list. */
  pointed: string | null;
  onPoint: (name: string | null) => void;
  onToggle: (point: EmbeddingPoint) => void;
}

/** Images laid out by how alike they are. Click or Space picks and unpicks; Enter opens. */
export function Scatter({ points, pointed, onPoint, onToggle }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, height] = useSize(frame);
  const [focused, setFocused] = useState(0);
  const places = useMemo(() => layOut(points, width, height), [points, width, height]);
  const pointedAt = points.findIndex((point) => point.name === pointed);

  const onKeyDown = (event: TargetedKeyboardEvent<SVGElement>) => {
    const point = points[focused];
    const direction = DIRECTIONS[event.key];
    if (direction) {
      const next = nearestToward(places, focused, direction);
      setFocused(next);
      event.currentTarget.querySelectorAll<SVGElement>("[role=option]")[next]?.focus();
    } else if (event.key === " " && point) onToggle(point);
    else if (event.key === "Enter" && point) go(hrefOf("correct", point.name));
    else return;
    event.preventDefault();
  };

  return (
    <div class="scatter" ref={frame} onPointerLeave={() => onPoint(null)}>
      <svg
        width={width}
        height={height}
        role="listbox"
        aria-multiselectable="true"
        aria-label="Images by likeness. Arrow keys move, Space picks or unpicks, Enter opens the image."
        onKeyDown={onKeyDown}
      >
        <g aria-hidden="true">
          <Clusters points={points} places={places} />
        </g>
        {points.map((point, i) => (
          <g
            key={point.name}
            role="option"
            tabIndex={i === focused ? 0 : -1}
            aria-selected={point.role === "pick"}
            aria-label={`${point.name}, ${point.role}, cluster ${point.cluster + 1}`}
            class={i === pointedAt ? "point pointed" : "point"}
            transform={`translate(${places[i]?.[0] ?? 0} ${places[i]?.[1] ?? 0})`}
            onPointerEnter={() => onPoint(point.name)}
            onFocus={() => {
              setFocused(i);
              onPoint(point.name);
            }}
            onClick={() => onToggle(point)}
          >
            <circle class="ring" r="13" />
            <Glyph role={point.role} />
          </g>
        ))}
      </svg>
      <Legend points={points} />
      {pointedAt >= 0 && (
        <Tip
          point={points[pointedAt] as EmbeddingPoint}
          at={places[pointedAt] as Point}
          width={width}
          height={height}
        />
      )}
    </div>
  );
}

function layOut(points: EmbeddingPoint[], width: number, height: number): Point[] {
  const x = linear(extent(points.map((point) => point.x)), [MARGIN, width - MARGIN]);
  const y = linear(extent(points.map((point) => point.y)), [height - MARGIN - 30, MARGIN]);
  return points.map((point) => [x(point.x), y(point.y)]);
}

function Clusters({ points, places }: { points: EmbeddingPoint[]; places: Point[] }) {
  const groups = new Map<number, Point[]>();
  points.forEach((point, i) => {
    const place = places[i];
    if (place) groups.set(point.cluster, [...(groups.get(point.cluster) ?? []), place]);
  });
  return (
    <>
      {[...groups].map(([cluster, members]) => {
        const corners = hull(members);
        const top = members.reduce((a, b) => (b[1] < a[1] ? b : a));
        return (
          <g key={cluster} class="cluster">
            <path
              d={`M${corners.map((corner) => corner.join(" ")).join("L")}Z`}
              stroke-dasharray={DASHES[cluster % DASHES.length]}
            />
            <text x={top[0]} y={Math.max(12, top[1] - 18)}>
              {cluster + 1}
            </text>
          </g>
        );
      })}
    </>
  );
}

interface TipProps {
  point: EmbeddingPoint;
  at: Point;
  width: number;
  height: number;
}

const WORDS: Record<EmbeddingPoint["role"], string> = {
  pick: "picked",
  labelled: "labelled",
  test: "locked for tests",
  pool: "click to pick",
};

function Tip({ point, at, width, height }: TipProps) {
  const left = at[0] > width / 2 ? at[0] - 246 : at[0] + 20;
  const across =
    at[1] > height / 2
      ? { bottom: `${Math.max(6, height - at[1] - 60)}px` }
      : { top: `${Math.max(6, at[1] - 60)}px` };
  return (
    <div class="tip" style={{ left: `${left}px`, ...across }} aria-hidden="true">
      <img src={thumbUrl(point.name)} alt="" />
      <b>{point.name}</b>
      <span class="muted">
        cluster {point.cluster + 1} · {WORDS[point.role]}
      </span>
      {point.reason && <span>{point.reason}</span>}
    </div>
  );
}

function useSize(frame: { current: HTMLElement | null }): [number, number] {
  const [size, setSize] = useState<[number, number]>([800, 560]);
  useLayoutEffect(() => {
    const box = frame.current;
    if (box) setSize([box.clientWidth, box.clientHeight]);
  }, []);
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    const observer = new ResizeObserver(() => setSize([box.clientWidth, box.clientHeight]));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return size;
}
