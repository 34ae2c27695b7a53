import { quarter } from "../raster";
import type { Point } from "../api";
import type { Editor } from "../editor";
import { toScreen } from "../view";
import { drawLine, isFar, type At, type Tool } from "./tool";

/** Cut a defect along a line: drag across it, or click on both ends. */
export function split(editor: Editor): Tool {
  let line: Point[] = [];
  let start: At | null = null;
  let isDrag = false;
  let hovered: Point | null = null;

  const reset = () => {
    line = [];
    start = null;
    isDrag = false;
    editor.drawTop();
  };

  const cut = () => {
    const points = line;
    reset();
    const id = crossed(editor, points);
    if (id === null) editor.speak("The line crosses no defect. Draw it from one side of a defect to the other.");
    else editor.commit("split", { defect: id, line: points });
  };

  const add = ([row, column]: Point) => line.push([quarter(row), quarter(column)]);

  return {
    down(at) {
      add(at.point);
      start = at;
      if (line.length === 2) cut();
    },
    move(at) {
      if (!start) return;
      isDrag ||= line.length === 1 && isFar(start, at);
      if (isDrag) add(at.point);
      editor.drawTop();
    },
    up() {
      start = null;
      if (isDrag) cut();
    },
    hover(at) {
      hovered = at.point;
      if (line.length > 0) editor.drawTop();
    },
    cancel: reset,
    draw(context, view) {
      if (line.length === 0) return;
      const path = new Path2D();
      for (const point of line) path.lineTo(...toScreen(view, ...point));
      if (!isDrag && hovered) path.lineTo(...toScreen(view, ...hovered));
      drawLine(context, path, [6, 3]);
    },
  };
}

/** The defect in which most of a line lies. */
function crossed(editor: Editor, line: Point[]): number | null {
  const counts = new Map<number, number>();
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1] as Point, line[i] as Point];
    const steps = Math.max(1, Math.min(64, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]))));
    for (let s = 0; s <= steps; s++) {
      const t = s / steps;
      const id = editor.hit([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);
      if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
