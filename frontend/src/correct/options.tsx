import { classAction } from "./actions";
import type { Layer } from "./api";
import type { Editor } from "./editor";
import { Flip } from "./flip";
import { GrayButton } from "./graypanel";
import { focusStage, press } from "./focus";
import { LAYER_WORDS, LAYERS } from "./heat";
import { Swatch } from "./icons";
import { usePart } from "./store";
import type { ToolName } from "./tools";
import { className } from "./words";

const HINTS: Record<ToolName, string> = {
  verify: "Click selects, drag selects many · Shift paints, Alt erases, Ctrl deletes",
  brush: "Drag paints · Alt erases",
  eraser: "Drag erases",
  wand: "Click takes all of this grey that hangs together",
  click: "Click takes the dark blob near the pointer",
  lasso: "Drag around a region, or click its corners · Alt cuts",
  split: "Drag across a defect",
  merge: "Click on two defects",
  fill: "Click on a defect to fill its holes",
  ignore: "Drag around what is not sample · Alt takes it back",
  pan: "Drag moves the image · wheel zooms",
};

const WITH_SIZE: readonly ToolName[] = ["verify", "brush", "eraser"];
const LARGEST = 512;

/** More classes than these show only the name of the one in use. */
const MOST_NAMED = 3;

/** Sizes feel even when the slider goes by their logarithm. */
const toSlider = (radius: number) => Math.log2(radius / 0.5) / Math.log2(LARGEST / 0.5);
const toRadius = (place: number) => Math.round(0.5 * 2 ** (place * Math.log2(LARGEST / 0.5)) * 4) / 4;

/** What the tool in hand can be told, and what is shown over the image. */
export function Options({ editor }: { editor: Editor }) {
  const { store } = editor;
  const tool = usePart(store, (state) => state.tool);
  const radius = usePart(store, (state) => state.radius);
  const tolerance = usePart(store, (state) => state.tolerance);
  const value = usePart(store, (state) => state.value);
  return (
    <div class="correct-options">
      <div class="segmented" role="group" aria-label="Class">
        {editor.field.classes.map((name, index) => (
          <button
            key={name}
            aria-pressed={value === index + 1}
            aria-label={className(editor.field.classes, index + 1)}
            title={`Tools paint ${className(editor.field.classes, index + 1)}; a selection becomes it  [${index + 1}]`}
            onClick={press(editor, classAction(index + 1))}
          >
            <Swatch value={index + 1} />
            {(editor.field.classes.length <= MOST_NAMED || value === index + 1) &&
              className(editor.field.classes, index + 1)}
          </button>
        ))}
      </div>
      {WITH_SIZE.includes(tool) && (
        <label class="correct-slider" title="Radius of brush and eraser, in image px  [ and ]">
          Size
          <input
            type="range"
            min="0"
            max="1"
            step="0.01"
            value={toSlider(radius)}
            onInput={(event) => store.set({ radius: toRadius(event.currentTarget.valueAsNumber) })}
          />
          <output>{radius} px</output>
        </label>
      )}
      {tool === "wand" && (
        <label class="correct-slider" title="How different a grey may be">
          Tolerance
          <input
            type="range"
            min="0.01"
            max="0.6"
            step="0.01"
            value={tolerance}
            onInput={(event) => store.set({ tolerance: event.currentTarget.valueAsNumber })}
          />
          <output>{tolerance.toFixed(2)}</output>
        </label>
      )}
      <span class="correct-hint muted">{HINTS[tool]}</span>
      <GrayButton editor={editor} />
      <Overlays editor={editor} />
      {editor.etched && <Flip editor={editor} />}
    </div>
  );
}

function Overlays({ editor }: { editor: Editor }) {
  const { store } = editor;
  const opacity = usePart(store, (state) => state.opacity);
  const layer = usePart(store, (state) => state.layer);
  return (
    <>
      <label class="correct-slider" title="Opacity of the filled defects. Space held hides all.">
        Fill
        <input
          type="range"
          min="0"
          max="0.8"
          step="0.05"
          value={opacity}
          onInput={(event) => store.set({ opacity: event.currentTarget.valueAsNumber })}
        />
      </label>
      <select
        aria-label="Overlay"
        title="Overlay  [H]"
        value={layer}
        onChange={(event) => {
          store.set({ layer: event.currentTarget.value as Layer });
          focusStage();
        }}
      >
        {LAYERS.map((name) => (
          <option key={name} value={name}>
            {LAYER_WORDS[name]}
          </option>
        ))}
      </select>
    </>
  );
}
