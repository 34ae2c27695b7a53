import type { Point } from "../api";
import type { Editor } from "../editor";
import { quarter } from "../raster";
import type { At, Tool } from "./tool";

/** A tool of one click: it acts where the pointer goes down. */
function clickTool(act: (at: At) => void): Tool {
  return { down: act, move() {}, up() {}, cancel() {} };
}

const rounded = ([row, column]: Point): Point => [quarter(row), quarter(column)];

/** Take all that is as grey as the pixel under the pointer and hangs together with it. */
export function wand(editor: Editor): Tool {
  return clickTool((at) => {
    const { tolerance, value } = editor.state;
    editor.commit("wand", { point: rounded(at.point), tolerance, value });
  });
}

/** Take the dark blob near the pointer, by the image and the model's probability. */
export function click(editor: Editor): Tool {
  return clickTool((at) => {
    editor.commit("click", { point: rounded(at.point), value: editor.state.value });
  });
}

export function fillHoles(editor: Editor): Tool {
  const tool = clickTool((at) => {
    const id = editor.hit(at.point);
    if (id === null) editor.speak("No defect here. Click on a defect to fill its holes.");
    else editor.commit("fill_holes", { defects: [id] });
  });
  return { ...tool, hover: (at) => editor.hover(at.point) };
}

/** Join two defects: click on one, then on the other. */
export function merge(editor: Editor): Tool {
  return {
    down(at) {
      const id = editor.hit(at.point);
      const [first] = editor.state.selected;
      if (id === null) editor.select([]);
      else if (first === undefined || first === id) {
        editor.select([id]);
        editor.speak("Now click on the defect to join with it.");
      } else {
        editor.commit("merge", { defects: [first, id] });
      }
    },
    move() {},
    up() {},
    hover: (at) => editor.hover(at.point),
    cancel() {
      editor.select([]);
    },
  };
}
