import type { Editor } from "./editor";
import { LAYER_WORDS, NEW_COLOUR, OLD_COLOUR, RAMP } from "./heat";
import type { Rgb } from "./overlay";
import { usePart } from "./store";

const css = ([r, g, b]: Rgb) => `rgb(${r} ${g} ${b})`;

/** What the colours of the overlay mean. */
export function Legend({ editor }: { editor: Editor }) {
  const layer = usePart(editor.store, (state) => state.layer);
  const isHidden = usePart(editor.store, (state) => state.isHidden);
  if (layer === "none" || isHidden) return null;
  if (layer === "difference") {
    return (
      <div class="correct-legend">
        <Square colour={NEW_COLOUR} /> only the newest model
        <Square colour={OLD_COLOUR} /> only the one before
      </div>
    );
  }
  return (
    <div class="correct-legend">
      <span>{LAYER_WORDS[layer]} 0</span>
      <svg width="90" height="10" aria-hidden="true">
        <defs>
          <linearGradient id="correct-ramp">
            {RAMP.map((colour, index) => (
              <stop key={index} offset={index / (RAMP.length - 1)} stop-color={css(colour)} />
            ))}
          </linearGradient>
        </defs>
        <rect width="90" height="10" fill="url(#correct-ramp)" />
      </svg>
      <span>1</span>
    </div>
  );
}

function Square({ colour }: { colour: Rgb }) {
  return (
    <svg width="11" height="11" aria-hidden="true">
      <rect width="11" height="11" fill={css(colour)} />
    </svg>
  );
}
