import type { Box } from "../../api";
import type { Point } from "../api";
import type { Editor } from "../editor";
import type { View } from "../view";

/** Where a pointer (or the keyboard's cursor) is, and which keys are held. */
export interface At {
  point: Point;
  /** Screen px in the stage. */
  x: number;
  y: number;
  /** Cut or erase instead of add. */
  alt: boolean;
  shift: boolean;
  ctrl: boolean;
}

/** What one tool does with a press, its moves and its end. One gesture at a time. */
export interface Tool {
  down(at: At): void;
  move(at: At): void;
  up(at: At): void;
  /** Escape, or the gesture became a pan. */
  cancel(): void;
  /** The pointer moves without a press. */
  hover?(at: At): void;
  /** A key that ends or takes back a step of a gesture of many clicks. */
  doubleClick?(at: At): void;
  /** Preview of the gesture under way. */
  draw?(context: CanvasRenderingContext2D, view: View): void;
  /** The tool shows a ring of the brush's size. */
  hasRing?: boolean;
}

export type MakeTool = (editor: Editor) => Tool;

/** Distance on the screen, in px, from which a press has become a drag. */
export const DRAG_PX = 4;

export function isFar(a: At, b: At): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) >= DRAG_PX;
}

export function boxOf(a: Point, b: Point): Box {
  return [
    Math.round(Math.min(a[0], b[0])),
    Math.round(Math.min(a[1], b[1])),
    Math.round(Math.max(a[0], b[0])) + 1,
    Math.round(Math.max(a[1], b[1])) + 1,
  ];
}

/** A line that is seen on any grey: dark below, light above. */
export function drawLine(context: CanvasRenderingContext2D, path: Path2D, dash: number[] = []): void {
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 65%)";
  context.stroke(path);
  context.setLineDash(dash);
  context.lineWidth = 1.25;
  context.strokeStyle = "#ffffff";
  context.stroke(path);
  context.setLineDash([]);
}
