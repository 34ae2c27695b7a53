import { count, number, THIN } from "../format";
import type { Editor } from "./editor";
import { grayAt, stopsOf, usualPercents, type ImageInfo, type Percents } from "./grays";
import { Panel } from "./panel";
import { usePart } from "./store";

/** Opens the panel; says by its look that what is in sight is not the usual. */
export function GrayButton({ editor }: { editor: Editor }) {
  const about = usePart(editor.store, (state) => state.about);
  const page = usePart(editor.store, (state) => state.page);
  const isOpen = usePart(editor.store, (state) => state.panel === "gray");
  const isChanged = usePart(editor.store, (state) => state.window !== null || state.page !== null);
  if (!about) return null;
  const hasPages = about.pages > 1;
  return (
    <button
      class={isChanged ? "correct-gray warn" : "correct-gray"}
      aria-expanded={isOpen}
      aria-label={hasPages ? "Grey and page" : "Grey"}
      title={`Which greys are shown as black and white${hasPages ? ", and which page of the file" : ""}`}
      onClick={() => editor.store.set({ panel: isOpen ? null : "gray" })}
    >
      <HalfDisc />
      {hasPages ? <span>{`${(page ?? about.page) + 1}/${about.pages}`}</span> : <span class="correct-wide">Grey</span>}
    </button>
  );
}

function HalfDisc() {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <circle cx="7" cy="7" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M7 1.5 A5.5 5.5 0 0 1 7 12.5 Z" fill="currentColor" />
    </svg>
  );
}

/** Two sliders, by the share of the pixels: the same for 8 bit, 16 bit and anything else. */
export function GrayPanel({ editor }: { editor: Editor }) {
  const about = usePart(editor.store, (state) => state.about);
  const chosen = usePart(editor.store, (state) => state.window);
  const page = usePart(editor.store, (state) => state.page);
  if (!about) return null;
  const [low, high] = chosen ?? usualPercents(about);
  const set = (percents: Percents) => editor.grays.setWindow(percents);
  return (
    <Panel editor={editor} title={about.pages > 1 ? "Grey and page" : "Grey"}>
      {about.pages > 1 && <Page editor={editor} about={about} page={page} />}
      <End label="Black" end="low" about={about} percent={low} onInput={(percent) => set([percent, high])} />
      <End label="White" end="high" about={about} percent={high} onInput={(percent) => set([low, percent])} />
      <footer>
        <span class="muted">Only the look: masks and tools work on the recorded greys.</span>
        <button disabled={chosen === null && page === null} onClick={() => editor.grays.reset()}>
          Reset
        </button>
      </footer>
    </Panel>
  );
}

interface PageProps {
  editor: Editor;
  about: ImageInfo;
  page: number | null;
}

/** Masks belong to the page that was imported; any other can be looked at under them. */
function Page({ editor, about, page }: PageProps) {
  return (
    <label class="correct-slider">
      <span class="correct-panel-label">Page</span>
      <select value={page ?? about.page} onChange={(event) => void editor.grays.choosePage(Number(event.currentTarget.value))}>
        {Array.from({ length: about.pages }, (_, each) => (
          <option key={each} value={each}>
            {each + 1} of {about.pages}
            {each === about.page ? ", with the mask" : ", to look at"}
          </option>
        ))}
      </select>
    </label>
  );
}

interface EndProps {
  label: string;
  end: "low" | "high";
  about: ImageInfo;
  percent: number;
  onInput: (percent: number) => void;
}

function End({ label, end, about, percent, onInput }: EndProps) {
  const stops = stopsOf(about, end);
  const gray = grayAt(about, percent);
  return (
    <label class="correct-slider" title={`${label} is the grey that ${percent} % of the pixels are not above`}>
      <span class="correct-panel-label">{label}</span>
      <input
        type="range"
        min="0"
        max={stops.length - 1}
        step="1"
        value={Math.max(0, stops.indexOf(percent))}
        aria-valuetext={`${percent} % of the pixels, grey ${grayWords(gray)}`}
        onInput={(event) => onInput(stops[event.currentTarget.valueAsNumber] ?? percent)}
      />
      <output>
        {percent}
        {THIN}%
      </output>
      <output class="muted">{grayWords(gray)}</output>
    </label>
  );
}

/** Whole greys are written whole. */
const grayWords = (gray: number) => (Number.isInteger(gray) ? count(gray) : number(gray));
