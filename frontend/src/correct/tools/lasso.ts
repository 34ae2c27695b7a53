import { quarter } from "../raster";
import type { Point } from "../api";
import type { Editor } from "../editor";
import { IGNORE, pendingLasso } from "../mask";
import { toScreen } from "../view";
import { drawLine, isFar, type At, type Tool } from "./tool";

const CLOSE_PX = 9;

/**
 * A region drawn by a drag, or corner by corner with clicks (a click on the first corner, or a
 * double click, closes it). Alt cuts. `isIgnore` marks what is not sample, and Alt takes that back.
 */
export function lasso(editor: Editor, isIgnore = false): Tool {
  let points: Point[] = [];
  let start: At | null = null;
  let isDrag = false;
  let hovered: At | null = null;
  let isCut = false;

  const add = ({ point }: At) => {
    const next: Point = [quarter(point[0]), quarter(point[1])];
    const last = points[points.length - 1];
    if (!last || last[0] !== next[0] || last[1] !== next[1]) points.push(next);
  };

  const reset = () => {
    points = [];
    start = null;
    isDrag = false;
    editor.drawTop();
  };

  const close = () => {
    const corners = points;
    reset();
    if (corners.length < 3) return;
    const value = isCut ? 0 : isIgnore ? IGNORE : editor.state.value;
    editor.commit("lasso", { points: corners, value, ...(isIgnore && isCut ? { unignore: true } : {}) }, (uuid) =>
      pendingLasso(uuid, corners, value, isIgnore && isCut),
    );
  };

  const isAtFirst = (at: At) => {
    const [first] = points;
    if (!first || points.length < 3) return false;
    const [x, y] = toScreen(editor.view, ...first);
    return Math.hypot(x - at.x, y - at.y) <= CLOSE_PX;
  };

  return {
    down(at) {
      if (points.length === 0) isCut = at.alt;
      start = at;
      if (isAtFirst(at)) close();
      else add(at);
      editor.drawTop();
    },
    move(at) {
      if (!start) return;
      isDrag ||= points.length === 1 && isFar(start, at);
      if (isDrag) add(at);
      hovered = at;
      editor.drawTop();
    },
    up() {
      start = null;
      if (isDrag) close();
    },
    hover(at) {
      hovered = at;
      if (points.length > 0) editor.drawTop();
    },
    doubleClick: close,
    cancel: reset,
    draw(context, view) {
      if (points.length === 0) return;
      const path = new Path2D();
      for (const point of points) path.lineTo(...toScreen(view, ...point));
      if (hovered && !isDrag) path.lineTo(...toScreen(view, ...hovered.point));
      if (isDrag) path.closePath();
      const [first] = points;
      if (first && !isDrag) {
        const [x, y] = toScreen(view, ...first);
        path.moveTo(x + CLOSE_PX / 2, y);
        path.arc(x, y, CLOSE_PX / 2, 0, 2 * Math.PI);
      }
      drawLine(context, path, isCut ? [5, 4] : []);
    },
  };
}
