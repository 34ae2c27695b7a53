import { useEffect, useRef, useState } from "preact/hooks";
import { fieldUrl, type Box } from "../api";
import { useProject } from "../store";

const TILE = 512;

interface Props {
  image: string;
  box: Box;
  kind?: "polished" | "etched";
  /** Size of the picture on the screen, in px. */
  width: number;
  height?: number;
  /** Around the box, in shares of its longer side. */
  margin?: number;
  /** Draw corners around the box. */
  marked?: boolean;
  alt: string;
}

/** Part of an image: its first row and column, and how many. */
export type Frame = [row: number, column: number, rows: number, columns: number];

const LEAST_PX = 24;

/** The box with its surroundings, in the shape (columns / rows) of the picture. */
export function frameAround(box: Box, margin: number, aspect: number): Frame {
  const [r0, c0, r1, c1] = box;
  const around = 2 * margin * Math.max(r1 - r0, c1 - c0);
  const rows = Math.max(LEAST_PX, r1 - r0 + around, (c1 - c0 + around) / aspect);
  const columns = rows * aspect;
  return [(r0 + r1 - rows) / 2, (c0 + c1 - columns) / 2, rows, columns];
}

/** The frame pushed into the image, where it fits into it. */
export function pushedInside(frame: Frame, shape: readonly [number, number]): Frame {
  const [row, column, rows, columns] = frame;
  const push = (start: number, length: number, whole: number) =>
    length > whole ? start : Math.max(0, Math.min(whole - length, start));
  return [push(row, rows, shape[0]), push(column, columns, shape[1]), rows, columns];
}

/** A piece of a micrograph, put together from its tiles. */
export function Crop(props: Props) {
  const {
    image,
    box,
    kind = "polished",
    width,
    height = width,
    margin = 0.5,
    marked = false,
    alt,
  } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const shape = useProject().fields.find((field) => field.name === image)?.shape;
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    if (!shape) return; // the project has no such image any more
    const frame = pushedInside(frameAround(box, margin, width / height), shape);
    setFailed(false);
    draw(canvas.current, { image, kind, frame, shape }, controller.signal)
      .then(() => marked && canvas.current && mark(canvas.current, box, frame))
      .catch(() => !controller.signal.aborted && setFailed(true));
    return () => controller.abort();
  }, [image, kind, box.join(), shape?.join(), width, height, margin, marked]);
  const density = Math.min(2, devicePixelRatio);
  return (
    <canvas
      ref={canvas}
      class="crop"
      role="img"
      aria-label={failed ? `${alt} (the picture could not be loaded)` : alt}
      width={Math.round(width * density)}
      height={Math.round(height * density)}
      style={{ width: `${width}px`, height: `${height}px` }}
    />
  );
}

interface Piece {
  image: string;
  kind: string;
  frame: Frame;
  shape: readonly [rows: number, columns: number];
}

async function draw(
  canvas: HTMLCanvasElement | null,
  piece: Piece,
  signal: AbortSignal,
): Promise<void> {
  const pen = canvas?.getContext("2d");
  if (!canvas || !pen) return;
  const [row, column, rows, columns] = piece.frame;
  const coarsest = Math.max(0, Math.ceil(Math.log2(Math.max(...piece.shape) / TILE)));
  const level = Math.max(0, Math.min(coarsest, Math.floor(Math.log2(columns / canvas.width))));
  const span = TILE * 2 ** level; // image px that a tile covers
  const zoom = canvas.width / columns;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = zoom * 2 ** level < 3;
  const jobs: Promise<void>[] = [];
  for (
    let r = Math.max(0, Math.floor(row / span));
    r * span < Math.min(row + rows, piece.shape[0]);
    r++
  ) {
    for (
      let c = Math.max(0, Math.floor(column / span));
      c * span < Math.min(column + columns, piece.shape[1]);
      c++
    ) {
      jobs.push(
        loadTile(fieldUrl(piece.image, `/tile/${level}/${r}/${c}?kind=${piece.kind}`)).then(
          (tile) => {
            if (signal.aborted) return;
            const scale = zoom * 2 ** level;
            const x = (c * span - column) * zoom;
            const y = (r * span - row) * zoom;
            pen.drawImage(tile, x, y, tile.width * scale, tile.height * scale);
          },
        ),
      );
    }
  }
  await Promise.all(jobs);
}

/** A tile; the browser keeps them, this only decodes. */
async function loadTile(url: string): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}

function mark(canvas: HTMLCanvasElement, box: Box, frame: Frame): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const zoom = canvas.width / frame[3];
  const [x0, y0] = [(box[1] - frame[1]) * zoom - 3, (box[0] - frame[0]) * zoom - 3];
  const [x1, y1] = [(box[3] - frame[1]) * zoom + 3, (box[2] - frame[0]) * zoom + 3];
  const arm = Math.min(14, (x1 - x0) / 3, (y1 - y0) / 3);
  pen.beginPath();
  for (const [x, y, dx, dy] of [
    [x0, y0, 1, 1],
    [x1, y0, -1, 1],
    [x1, y1, -1, -1],
    [x0, y1, 1, -1],
  ] as const) {
    pen.moveTo(x + dx * arm, y);
    pen.lineTo(x, y);
    pen.lineTo(x, y + dy * arm);
  }
  pen.lineWidth = 4;
  pen.strokeStyle = "rgb(0 0 0 / 70%)";
  pen.stroke();
  pen.lineWidth = 2;
  pen.strokeStyle = "#ffd54a";
  pen.stroke();
}
