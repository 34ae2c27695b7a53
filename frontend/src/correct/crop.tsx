import { useEffect, useRef } from "preact/hooks";
import type { Box } from "../api";
import type { Defect } from "./api";
import type { Editor } from "./editor";

const SIZE_PX = 50;
const LEAST_SPAN = 28;

/** Square around a defect with some of what is around it. */
export function squareAround(box: Box): Box {
  const span = Math.max(LEAST_SPAN, Math.round(Math.max(box[2] - box[0], box[3] - box[1]) * 1.5));
  const row = Math.round((box[0] + box[2] - span) / 2);
  const column = Math.round((box[1] + box[3] - span) / 2);
  return [row, column, row + span, column + span];
}

/** A small look at a defect, cut from the image's tiles. */
export function Crop({ editor, defect }: { editor: Editor; defect: Defect }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [r0, c0, r1, c1] = squareAround(defect.box);
  useEffect(() => {
    const ratio = Math.min(2, devicePixelRatio || 1);
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const draw = () => {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, SIZE_PX, SIZE_PX);
      return editor.polished.crop(context, [r0, c0, r1, c1], SIZE_PX);
    };
    if (draw()) return;
    const stop = editor.onTile(() => draw() && stop());
    return stop;
  }, [editor, r0, c0, r1, c1]);
  const ratio = Math.min(2, devicePixelRatio || 1);
  return (
    <canvas ref={canvas} class="correct-crop" width={SIZE_PX * ratio} height={SIZE_PX * ratio} aria-hidden="true" />
  );
}
