import { quarter } from "../raster";
import type { Point } from "../api";
import type { Editor } from "../editor";
import { pendingStroke } from "../mask";
import type { At, Tool } from "./tool";

/** Points nearer than this share of the radius add nothing to see. */
const STEP = 1 / 10;

/** A longer stroke is sent as several. */
const MOST_POINTS = 15_000;

/** Brush; with `isEraser` or Alt it takes away. */
export function brush(editor: Editor, isEraser = false): Tool {
  let points: Point[] = [];
  let value = 0;
  let radius = 1;
  let isDown = false;

  const add = (at: At) => {
    const point: Point = [quarter(at.point[0]), quarter(at.point[1])];
    const last = points[points.length - 1];
    if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < Math.max(0.25, radius * STEP)) return;
    points.push(point);
    editor.preview(pendingStroke("", last ? [last, point] : [point], radius, value));
    if (points.length >= MOST_POINTS) {
      finish();
      points = [point];
    }
  };

  const finish = () => {
    const gesture = { points, radius_px: radius, value };
    editor.commit("brush", gesture, (uuid) => pendingStroke(uuid, gesture.points, gesture.radius_px, gesture.value), true);
    points = [];
  };

  return {
    hasRing: true,
    down(at) {
      points = [];
      isDown = true;
      value = isEraser || at.alt ? 0 : editor.state.value;
      radius = quarter(Math.max(0.5, editor.state.radius));
      add(at);
    },
    move(at) {
      if (isDown) add(at);
    },
    up(at) {
      if (!isDown) return; // given up with Escape
      isDown = false;
      add(at);
      finish();
    },
    cancel() {
      isDown = false;
      if (points.length > 0) editor.takeBack(pendingStroke("", points, radius, value).box);
      points = [];
    },
  };
}
