import type { Editor } from "../editor";
import { boxOnScreen } from "../view";
import { brush } from "./brush";
import { boxOf, drawLine, isFar, type At, type Tool } from "./tool";

/**
 * Judge what is there: a click selects, a drag selects what lies in the box, Shift paints, Alt
 * erases (both with the brush's size), Ctrl deletes. A click on a ghost selects it.
 */
export function verify(editor: Editor): Tool {
  const painter = brush(editor);
  let start: At | null = null;
  let end: At | null = null;
  let isPainting = false;

  return {
    down(at) {
      isPainting = at.shift;
      if (isPainting) painter.down(at);
      else start = at;
    },
    move(at) {
      if (isPainting) painter.move(at);
      else if (start && isFar(start, at)) {
        end = at;
        editor.drawTop();
      }
    },
    up(at) {
      if (isPainting) painter.up(at);
      else if (start && end) editor.selectBox(boxOf(start.point, at.point));
      else if (start) editor.selectAt(at.point);
      [start, end, isPainting] = [null, null, false];
      editor.drawTop();
    },
    cancel() {
      if (isPainting) painter.cancel();
      [start, end, isPainting] = [null, null, false];
      editor.drawTop();
    },
    hover: (at) => editor.hover(at.point),
    draw(context, view) {
      if (!start || !end) return;
      const [x0, y0, x1, y1] = boxOnScreen(view, boxOf(start.point, end.point));
      const path = new Path2D();
      path.rect(x0, y0, x1 - x0, y1 - y0);
      drawLine(context, path, [4, 3]);
    },
  };
}

export function pan(editor: Editor): Tool {
  let last: At | null = null;
  return {
    down(at) {
      last = at;
    },
    move(at) {
      if (last) editor.panBy(at.x - last.x, at.y - last.y);
      last = at;
    },
    up() {
      last = null;
    },
    cancel() {
      last = null;
    },
  };
}
