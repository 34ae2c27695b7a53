import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Progress } from "../components/Progress";
import { number, THIN } from "../format";
import type { Editor } from "./editor";
import { Keyboard } from "./keyboard";
import type { Bindings } from "./keys";
import { Legend } from "./legend";
import { IGNORE } from "./mask";
import type { Look, Rgb } from "./overlay";
import { Painter } from "./painter";
import { Panels } from "./panels";
import { Pointers } from "./pointer";
import { usePart } from "./store";
import { Top } from "./top";
import { fit, resized } from "./view";

interface Props {
  editor: Editor;
  bound: Bindings;
  umPerPx: number | null;
  /** The stage has its size: the first look can be chosen. */
  onReady: () => void;
}

const OUTLINE_PX = 1.5;

/** The image and all that lies over it. No component is drawn again while a pointer moves. */
export function Stage({ editor, bound, umPerPx, onReady }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const keyboard = useRef<Keyboard | null>(null);
  const isHidden = usePart(editor.store, (state) => state.isHidden);
  const spoken = usePart(editor.store, (state) => state.spoken);
  useEffect(() => {
    if (!stage.current) return;
    const [stop, keys] = start(editor, stage.current, onReady);
    keyboard.current = keys;
    keys.bound = bound;
    return stop;
  }, [editor]);
  useLayoutEffect(() => {
    // at once: the next key may come before the next frame
    if (keyboard.current) keyboard.current.bound = bound;
  }, [bound]);
  return (
    <div class="correct-stage-frame">
      <div
        ref={stage}
        class={isHidden ? "correct-stage hidden-overlays" : "correct-stage"}
        tabIndex={0}
        role="application"
        aria-label="Image with its mask. Tab and Q go through the defects, A accepts, X deletes, arrows move a pointer, full stop clicks, Escape leaves the image, question mark lists all keys."
      >
        <canvas class="correct-image" aria-hidden="true" />
        <canvas class="correct-overlay" aria-hidden="true" />
        <canvas class="correct-overlay" aria-hidden="true" />
        <div class="correct-ring" aria-hidden="true" />
      </div>
      <ScaleBar editor={editor} umPerPx={umPerPx} />
      <Legend editor={editor} />
      <Panels editor={editor} />
      <Preparing editor={editor} />
      <div class="hidden-label" role="status" aria-live="polite">
        {spoken}
      </div>
    </div>
  );
}

function start(editor: Editor, stage: HTMLElement, onReady: () => void): [stop: () => void, Keyboard] {
  const [image, overlay, top] = stage.querySelectorAll("canvas");
  const ring = stage.querySelector<HTMLElement>(".correct-ring");
  if (!image || !overlay || !top || !ring) throw new Error("the stage has lost its canvases");
  const drawn = new Top(editor);
  let look = lookOf(editor);
  const painter = new Painter({ image, overlay, top }, () => ({
    view: editor.view,
    polished: editor.polished,
    etched: editor.etched,
    mask: editor.mask.tiles,
    look,
    heat: editor.heat(),
    flip: editor.state.flip,
    drawTop: (context, view) => drawn.draw(context, view),
  }));
  editor.painter = painter;
  const keyboard = new Keyboard(editor, stage);
  const stops = [
    keyboard.listen(),
    new Pointers(editor, stage, ring).listen(),
    followSize(editor, stage, painter, onReady),
    editor.store.watch((state, before) => {
      if (state.opacity !== before.opacity || state.layer !== before.layer || state.cut !== before.cut) {
        look = lookOf(editor);
        painter.drawOverlay();
      }
      if (state.flip !== before.flip) painter.drawImage();
      if (state.isHidden !== before.isHidden || state.cursor !== before.cursor) painter.drawTop();
    }),
    followTheme(() => {
      look = lookOf(editor);
      painter.drawOverlay();
    }),
  ];
  return [() => stops.forEach((stop) => stop()), keyboard];
}

function followSize(editor: Editor, stage: HTMLElement, painter: Painter, onReady: () => void): () => void {
  let isFirst = true;
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = stage;
    if (width === 0 || height === 0) return;
    painter.resize(width, height);
    const { shape } = editor.field;
    editor.setView(isFirst ? fit(shape, width, height) : resized(editor.view, width, height, shape));
    if (isFirst) onReady();
    isFirst = false;
  });
  observer.observe(stage);
  return () => observer.disconnect();
}

function followTheme(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

/** The classes' colours as the style sheet has them. */
function lookOf(editor: Editor): Look {
  const style = getComputedStyle(document.documentElement);
  const colours = new Map<number, Rgb>([[IGNORE, [205, 205, 205]]]);
  for (let value = 1; value <= 6; value++) {
    const hex = style.getPropertyValue(`--class-${value}`).trim().slice(1);
    const packed = Number.parseInt(hex, 16);
    colours.set(value, [(packed >> 16) & 255, (packed >> 8) & 255, packed & 255]);
  }
  return { colours, opacity: editor.state.opacity, outline: OUTLINE_PX };
}

/** The first look at a large image takes a while: how far it is. */
function Preparing({ editor }: { editor: Editor }) {
  const share = usePart(editor.store, (state) => state.preparing);
  if (share === null) return null;
  return (
    <div class="correct-preparing" role="status">
      <span>
        Preparing the image, the first time only: {Math.floor(100 * share)}
        {THIN}%
      </span>
      <Progress done={Math.round(1000 * share)} total={1000} label="Preparing the image" />
    </div>
  );
}

const WIDEST_BAR_PX = 160;

/** A bar of a round length at the zoom of now; yellow, in px, where the scale is not known. */
function ScaleBar({ editor, umPerPx }: { editor: Editor; umPerPx: number | null }) {
  const scale = usePart(editor.store, (state) => state.scale);
  const perPx = umPerPx ?? 1;
  const length = roundLength((WIDEST_BAR_PX / scale) * perPx);
  const width = (length / perPx) * scale;
  return (
    <div class={umPerPx === null ? "correct-scale warn" : "correct-scale"}>
      <span>
        {number(length, 1)}
        {THIN}
        {umPerPx === null ? "px, no scale" : "µm"}
      </span>
      <svg width={width} height="5" aria-hidden="true">
        <rect width={width} height="5" fill="currentColor" />
      </svg>
    </div>
  );
}

/** The largest of 1, 2, 5, 10, ... that is not above a length. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = [5, 2, 1].find((each) => each * power <= most) ?? 1;
  return digit * power;
}
