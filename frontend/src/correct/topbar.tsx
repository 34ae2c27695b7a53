import { useEffect, useState } from "preact/hooks";
import { api, type Field } from "../api";
import { count, duration, plural, withUnit } from "../format";
import { hrefOf } from "../router";
import { StateDot } from "../components/StateDot";
import { attempt } from "../components/Toast";
import { actionOf } from "./actions";
import { exportUrl } from "./api";
import type { Editor } from "./editor";
import { press } from "./focus";
import { Icon } from "./icons";
import type { Bindings } from "./keys";
import { usePart, type State } from "./store";
import { tooltip } from "./toolbar";

interface Props {
  editor: Editor;
  field: Field;
  next: Field | undefined;
  bound: Bindings;
}

export function TopBar({ editor, field, next, bound }: Props) {
  const fieldState = usePart(editor.store, (state) => state.fieldState);
  const mode = usePart(editor.store, (state) => state.mode);
  return (
    <div class="correct-top">
      <div class="correct-title">
        <h1 title={field.name}>{field.name}</h1>
        <StateDot state={fieldState} />
        {field.specimen && <span class="muted">{field.specimen}</span>}
        {field.shape && (
          <span class="muted correct-wide">
            {count(field.shape[1])} × {count(field.shape[0])} px
          </span>
        )}
        <Scale field={field} />
      </div>
      <Saved editor={editor} />
      <Turn editor={editor} bound={bound} />
      <ModeButton editor={editor} />
      <a class="button quiet" href={exportUrl(field.name, mode)} download title="The mask as it is now, as a Sorby label PNG">
        Export
      </a>
      <button title={tooltip(actionOf("done"), bound)} onClick={press(editor, actionOf("done"))}>
        Image done
      </button>
      {next && (
        <a class="button" href={hrefOf("correct", next.name)} title={`Next image: ${next.name}`}>
          Next
          <Icon name="next" />
        </a>
      )}
    </div>
  );
}

/** µm/px; yellow where it is missing or not confirmed. */
function Scale({ field }: { field: Field }) {
  const bar = field.scale_bar;
  if (bar && !bar.confirmed && bar.um_per_px !== null) {
    return (
      <button
        class="quiet warn"
        title="A scale bar was found in the image. Confirm its length."
        onClick={() => void attempt(() => api.confirmScale(field.name))}
      >
        Scale bar: {bar.um === null ? withUnit(bar.um_per_px, "µm/px") : withUnit(bar.um, "µm")}? Confirm
      </button>
    );
  }
  if (field.um_per_px === null) {
    return (
      <a class="warn" href={hrefOf("images")} title="Areas are in px until the scale is known. Set it on the Images page.">
        no scale
      </a>
    );
  }
  return <span class="muted">{withUnit(field.um_per_px, "µm/px")}</span>;
}

function Turn({ editor, bound }: { editor: Editor; bound: Bindings }) {
  const can = usePart(editor.store, ({ canUndo, canRedo, journal }) =>
    `${canUndo || journal.waiting > 0}/${canRedo}`,
  ).split("/");
  return (
    <div class="correct-turn">
      {(["undo", "redo"] as const).map((name, index) => (
        <button
          key={name}
          class="quiet icon"
          aria-label={actionOf(name).title}
          title={tooltip(actionOf(name), bound)}
          disabled={can[index] !== "true"}
          onClick={press(editor, actionOf(name))}
        >
          <Icon name={name} />
        </button>
      ))}
    </div>
  );
}

/** 'saved 2 s ago · journal ok', or how many gestures wait and why. */
function Saved({ editor }: { editor: Editor }) {
  const journal = usePart(editor.store, (state) => state.journal);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 2000);
    return () => window.clearInterval(timer);
  }, [journal]);
  const words = savedWords(journal, now);
  return (
    <span class={journal.trouble ? "correct-saved bad" : "correct-saved muted"} title={journal.trouble ?? SAVED}>
      {words}
    </span>
  );
}

const SAVED = "Each finished gesture is on the disk before it is acknowledged. There is no save button.";

export function savedWords({ waiting, trouble, savedAt }: State["journal"], now: number): string {
  if (trouble) return `not sent: ${plural(waiting, "gesture")}, kept in this browser`;
  if (waiting > 0) return `saving ${plural(waiting, "gesture")}`;
  if (savedAt === null) return "journal ok";
  const seconds = Math.max(0, Math.round((now - savedAt) / 1000));
  return `saved ${seconds < 2 ? "now" : `${duration(seconds)} ago`} · journal ok`;
}

/** The manual side of the effort table: the same image drawn from nothing, against the clock. */
function ModeButton({ editor }: { editor: Editor }) {
  const mode = usePart(editor.store, (state) => state.mode);
  const isManual = mode === "from_nothing";
  return (
    <button
      class="quiet"
      aria-pressed={isManual}
      title="Draw all defects by hand on an empty mask, against the clock, to compare the effort. The image's own mask is not touched."
      onClick={() => void editor.desk.setMode(isManual ? "correct" : "from_nothing")}
    >
      {isManual ? "Back to correcting" : "From nothing"}
    </button>
  );
}
