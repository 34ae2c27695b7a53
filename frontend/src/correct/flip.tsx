import type { Editor } from "./editor";
import { usePart } from "./store";

/** From the polished to the etched twin and back, pan and zoom locked. */
export function Flip({ editor }: { editor: Editor }) {
  const flip = usePart(editor.store, (state) => state.flip);
  return (
    <label class="correct-slider correct-flip" title="Polished to etched  [T]">
      <span class={flip < 0.5 ? undefined : "muted"}>Polished</span>
      <input
        type="range"
        min="0"
        max="1"
        step="0.02"
        aria-label="Share of the etched image"
        value={flip}
        onInput={(event) => editor.store.set({ flip: event.currentTarget.valueAsNumber })}
      />
      <span class={flip < 0.5 ? "muted" : undefined}>Etched</span>
    </label>
  );
}
