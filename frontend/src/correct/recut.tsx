import { useEffect, useState } from "preact/hooks";
import type { Editor } from "./editor";
import { focusStage } from "./focus";
import { CUT_COLOUR } from "./overlay";
import { Panel } from "./panel";

const USUAL_THRESHOLD = 0.5;

/** One gesture for many outlines that are all too large or all too small; seen before it is made. */
export function RecutPanel({ editor }: { editor: Editor }) {
  const [threshold, setThreshold] = useState(USUAL_THRESHOLD);
  useEffect(() => editor.store.set({ cut: threshold }), [threshold]);
  useEffect(() => () => editor.store.set({ cut: null }), []);
  const leave = () => {
    editor.store.set({ panel: null });
    focusStage();
  };
  const apply = () => {
    editor.commit("recut", { threshold });
    leave();
  };
  return (
    <Panel editor={editor} title="Outlines at another probability" onEnter={apply}>
      <label class="correct-slider">
        <span>Probability</span>
        <input
          type="range"
          min="0.05"
          max="0.95"
          step="0.05"
          value={threshold}
          onInput={(event) => setThreshold(event.currentTarget.valueAsNumber)}
        />
        <output>{threshold.toFixed(2)}</output>
      </label>
      <p class="muted">
        <svg width="22" height="10" aria-hidden="true">
          <rect x="1" y="1" width="20" height="8" rx="4" fill="none" stroke={`rgb(${CUT_COLOUR.join(" ")})`} stroke-width="2" />
        </svg>{" "}
        shows where the outlines would be. Higher makes defects smaller and fewer. What you have checked, deleted or
        ignored stays as it is.
      </p>
      <footer class="correct-panel-end">
        <button onClick={leave}>Leave them</button>
        <button class="primary" onClick={apply}>
          Draw these outlines
        </button>
      </footer>
    </Panel>
  );
}
