import { useState } from "preact/hooks";
import { count } from "../format";
import { actionOf, run } from "./actions";
import { ALL, type Filters, type Shown } from "./defects";
import type { Editor } from "./editor";
import { focusStage } from "./focus";
import { usePart } from "./store";
import { areaUnit, className } from "./words";

const SHOWN: readonly (readonly [Shown, string, string])[] = [
  ["to check", "To check", "Defects that nobody has judged"],
  ["all", "All", "All defects; those judged come last"],
  ["deleted", "Ghosts", "Defects that were deleted or ignored; each can be brought back"],
];

/** What the queue shows. */
export function FilterPanel({ editor, nShown }: { editor: Editor; nShown: number }) {
  const filters = usePart(editor.store, (state) => state.filters);
  const [isOpen, setOpen] = useState(false);
  const set = (change: Partial<Filters>) => editor.store.set({ filters: { ...filters, ...change } });
  const isFiltered = Object.entries(filters).some(([name, value]) => name !== "show" && value !== null);
  return (
    <div class="correct-filters">
      <div class="correct-filters-head">
        <h2 class="hidden-label">Review</h2>
        <div class="segmented" role="group" aria-label="Which defects">
          {SHOWN.map(([show, words, title]) => (
            <button
              key={show}
              title={title}
              aria-pressed={filters.show === show}
              onClick={(event) => {
                set({ show });
                if (event.detail > 0) focusStage();
              }}
            >
              {words}
              {filters.show === show && <span class="muted">{count(nShown)}</span>}
            </button>
          ))}
        </div>
        <button
          class={isFiltered ? "quiet warn" : "quiet"}
          aria-expanded={isOpen}
          title="Show only some classes, sizes or confidences"
          onClick={() => setOpen(!isOpen)}
        >
          Filter
        </button>
      </div>
      {isOpen && <Limits editor={editor} filters={filters} set={set} />}
    </div>
  );
}

interface LimitsProps {
  editor: Editor;
  filters: Filters;
  set: (change: Partial<Filters>) => void;
}

function Limits({ editor, filters, set }: LimitsProps) {
  const [unit] = areaUnit(editor.defects.all());
  const limit = (name: "minArea" | "maxArea" | "maxConfidence", label: string, step: number) => (
    <label>
      {label}
      <input
        type="number"
        min="0"
        step={step}
        value={filters[name] ?? ""}
        onInput={(event) => {
          const value = event.currentTarget.valueAsNumber;
          set({ [name]: Number.isNaN(value) ? null : value });
        }}
      />
    </label>
  );
  return (
    <div
      class="correct-limits"
      onKeyDown={(event) => {
        if (event.target instanceof HTMLInputElement && ["Enter", "Escape"].includes(event.key)) focusStage();
      }}
    >
      <label>
        Class
        <select
          value={filters.class ?? ""}
          onChange={(event) => set({ class: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}
        >
          <option value="">all</option>
          {editor.field.classes.map((name, index) => (
            <option key={name} value={index + 1}>
              {className(editor.field.classes, index + 1)}
            </option>
          ))}
        </select>
      </label>
      {limit("maxConfidence", "Confidence to", 0.05)}
      {limit("minArea", `Area from, ${unit}`, 1)}
      {limit("maxArea", `Area to, ${unit}`, 1)}
      <button class="quiet" onClick={() => set({ ...ALL, show: filters.show })}>
        Clear
      </button>
      <button title={actionOf("delete_where").title} onClick={() => run(editor, actionOf("delete_where"))}>
        Delete many…
      </button>
      <button class="correct-limits-wide" title={actionOf("recut").title} onClick={() => run(editor, actionOf("recut"))}>
        Outlines at another probability…
      </button>
    </div>
  );
}
