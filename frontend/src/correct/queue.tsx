import { useEffect, useRef, useState } from "preact/hooks";
import type { Field } from "../api";
import { StateDot } from "../components/StateDot";
import { count, NONE, withUnit } from "../format";
import { hrefOf } from "../router";
import { actionOf, run } from "./actions";
import type { Defect } from "./api";
import { Crops } from "./crop";
import { isToCheck } from "./defects";
import type { Editor } from "./editor";
import { FilterPanel } from "./filters";
import { focusStage, press } from "./focus";
import { Swatch } from "./icons";
import { usePart } from "./store";
import { areaWords, circularityWords, className, STATE_WORDS } from "./words";

const ROW_PX = 62;
const SPARE_ROWS = 3;

interface Props {
  editor: Editor;
  fields: Field[];
}

/** What to look at, the most paying first; below, the images. */
export function Queue({ editor, fields }: Props) {
  const revision = usePart(editor.store, (state) => state.revision);
  const filters = usePart(editor.store, (state) => state.filters);
  const [queue, setQueue] = useState<readonly Defect[]>([]);
  useEffect(() => setQueue(editor.queue()), [editor, revision, filters]);
  return (
    <aside class="correct-side" aria-label="Review queue">
      <FilterPanel editor={editor} nShown={queue.length} />
      <Cards editor={editor} queue={queue} />
      <Verdicts editor={editor} />
      <Images editor={editor} fields={fields} />
    </aside>
  );
}

function Cards({ editor, queue }: { editor: Editor; queue: readonly Defect[] }) {
  const list = useRef<HTMLDivElement>(null);
  const selected = usePart(editor.store, (state) => state.selected);
  const phase = usePart(editor.store, (state) => state.phase);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    if (!list.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setHeight(entry.contentRect.height));
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => keepInSight(list.current, queue.findIndex((defect) => defect.id === selected[0])), [selected, queue]);
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(queue.length, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS);
  const current = queue.find((defect) => defect.id === selected[0]);
  const step = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    run(editor, actionOf(event.key === "ArrowDown" ? "next" : "previous"));
  };
  return (
    <div
      ref={list}
      class="correct-cards"
      role="listbox"
      aria-label="Defects, the most paying first"
      aria-multiselectable="true"
      aria-activedescendant={current ? `defect-${current.id}` : undefined}
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={step}
    >
      {phase === "ready" && queue.length === 0 && <NothingLeft editor={editor} />}
      <div class="correct-cards-all" role="presentation" style={{ height: `${queue.length * ROW_PX}px` }}>
        {queue.slice(first, last).map((defect, index) => (
          <Card
            key={defect.id}
            editor={editor}
            defect={defect}
            place={first + index}
            total={queue.length}
            isSelected={selected.includes(defect.id)}
          />
        ))}
        <Crops editor={editor} defects={queue.slice(first, last)} top={first * ROW_PX} rowPx={ROW_PX} />
      </div>
    </div>
  );
}

function keepInSight(list: HTMLElement | null, place: number): void {
  if (!list || place < 0) return;
  const top = place * ROW_PX;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW_PX > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_PX - list.clientHeight;
}

function NothingLeft({ editor }: { editor: Editor }) {
  const isAll = editor.state.nToCheck === 0;
  return (
    <p class="correct-nothing muted" role="presentation">
      {isAll
        ? editor.defects.size === 0
          ? "No defects. Click-to-segment (S) or the brush (B) adds what is missing."
          : "All defects are checked. Enter finishes the image."
        : "No defect passes the filters."}
    </p>
  );
}

interface CardProps {
  editor: Editor;
  defect: Defect;
  place: number;
  total: number;
  isSelected: boolean;
}

function Card({ editor, defect, place, total, isSelected }: CardProps) {
  const choose = (event: MouseEvent) => {
    editor.effort.act(performance.now());
    focusStage();
    const { selected } = editor.state;
    if (event.ctrlKey || event.metaKey) {
      editor.select(isSelected ? selected.filter((id) => id !== defect.id) : [...selected, defect.id]);
      return;
    }
    editor.lookAt(defect.box);
    editor.select([defect.id]);
  };
  return (
    <div
      id={`defect-${defect.id}`}
      class={`correct-card ${isToCheck(defect) ? "" : "judged"}`}
      role="option"
      aria-selected={isSelected}
      aria-posinset={place + 1}
      aria-setsize={total}
      style={{ transform: `translateY(${place * ROW_PX}px)` }}
      onClick={choose}
    >
      <span class="correct-crop" />
      <span class="correct-card-name">
        <Swatch value={defect.class} />
        {className(editor.field.classes, defect.class)}
      </span>
      <span class="correct-card-area">{areaWords(defect)}</span>
      <span class="correct-card-more muted">
        ⌀ {defect.eq_diameter_um === null ? withUnit(2 * Math.sqrt(defect.area_px / Math.PI), "px", 2) : withUnit(defect.eq_diameter_um, "µm", 2)}
        <span title="Circularity 4πA/P², not clipped at 1; from a diameter of 10 px"> · circ {circularityWords(defect)}</span>
      </span>
      <span class={`correct-card-state state-${defect.state}`}>
        {defect.state === "predicted" ? <Confidence value={defect.confidence} /> : STATE_WORDS[defect.state]}
      </span>
    </div>
  );
}

function Confidence({ value }: { value: number | null }) {
  if (value === null) return <span class="muted">{NONE}</span>;
  return (
    <span class="correct-confidence" title="Confidence of the model">
      <meter min="0" max="1" value={value} aria-label="Confidence" />
      {value.toFixed(2)}
    </span>
  );
}

/** The verdicts as buttons; each shows its key. */
function Verdicts({ editor }: { editor: Editor }) {
  const selected = usePart(editor.store, (state) => state.selected);
  usePart(editor.store, (state) => state.revision);
  const isGhost = selected.some((id) => editor.ghosts.get(id));
  const names = isGhost ? (["restore"] as const) : (["accept", "delete", "fix"] as const);
  const words = { accept: "Accept", delete: "Delete", fix: "Fix", restore: "Bring back" };
  return (
    <div class="correct-verdicts">
      {names.map((name) => (
        <button
          key={name}
          class={name === "accept" ? "primary" : ""}
          title={actionOf(name).title}
          onClick={press(editor, actionOf(name))}
        >
          {words[name]}
          <kbd>{actionOf(name).keys[0]?.toUpperCase()}</kbd>
        </button>
      ))}
      {selected.length > 1 && <span class="muted">{count(selected.length)} selected</span>}
    </div>
  );
}

function Images({ editor, fields }: { editor: Editor; fields: Field[] }) {
  const { name } = editor.field;
  const state = usePart(editor.store, (now) => now.fieldState);
  const nToCheck = usePart(editor.store, (now) => now.nToCheck);
  const shown = fields.map((one) => (one.name === name ? { ...one, state, n_to_check: nToCheck } : one));
  return (
    <nav class="correct-images" aria-label="Images">
      <h2>Images</h2>
      <ul>
        {shown.map((one) => (
          <li key={one.name}>
            <a href={hrefOf("correct", one.name)} aria-current={one.name === name ? "true" : undefined} title={one.name}>
              <StateDot state={one.state} quiet />
              <span class="correct-image-name">{one.name}</span>
              {one.n_to_check !== null && one.n_to_check > 0 && <span class="muted">{count(one.n_to_check)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
