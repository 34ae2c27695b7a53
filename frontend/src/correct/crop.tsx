import { useEffect, useRef } from "preact/hooks";
import type { Box } from "../api";
import type { Defect } from "./api";
import type { Editor } from "./editor";
import { usePart } from "./store";

const SIZE_PX = 50;
const LEAST_SPAN = 28;

/** Square around a defect with some of what is around it. */
export function squareAround(box: Box): Box {
  const span = Math.max(LEAST_SPAN, Math.round(Math.max(box[2] - box[0], box[3] - box[1]) * 1.5));
  const row = Math.round((box[0] + box[2] - span) / 2);
  const column = Math.round((box[1] + box[3] - span) / 2);
  return [row, column, row + span, column + span];
}

interface Props {
  editor: Editor;
  /** Of the cards that are shown, from the top one down. */
  defects: readonly Defect[];
  top: number;
  rowPx: number;
}

/**
 * A small look at each defect, cut from the image's tiles. All are one canvas: the browser makes a
 * layer of each, and a dozen new ones with every jump of the list cost more than all else.
 */
export function Crops({ editor, defects, top, rowPx }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const ratio = Math.min(2, devicePixelRatio || 1);
  const look = usePart(editor.store, (state) => state.look);
  const squares = JSON.stringify(defects.map(({ box }) => squareAround(box)));
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    let missing = [...(JSON.parse(squares) as Box[]).entries()];
    const draw = () => {
      missing = missing.filter(([place, square]) => {
        context.save();
        context.setTransform(ratio, 0, 0, ratio, 0, ratio * place * rowPx);
        context.beginPath();
        context.roundRect(0, 0, SIZE_PX, SIZE_PX, 3);
        context.clip();
        const isWhole = editor.polished.crop(context, square, SIZE_PX);
        context.restore();
        return !isWhole;
      });
      return missing.length === 0;
    };
    if (draw()) return;
    const stop = editor.onTile(() => draw() && stop());
    return stop;
  }, [editor, squares, ratio, rowPx, look]);
  const height = Math.max(1, defects.length * rowPx);
  return (
    <canvas
      ref={canvas}
      class="correct-crops"
      style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
      width={SIZE_PX * ratio}
      height={height * ratio}
      aria-hidden="true"
    />
  );
}
