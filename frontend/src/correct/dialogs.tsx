import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../components/Dialog";
import { plural } from "../format";
import { ACTIONS, type Action, type Group } from "./actions";
import type { Editor } from "./editor";
import { bindings, chordOf, forgetKept, keep, keyWords, rebound, type Bindings } from "./keys";
import { usePart } from "./store";
import { acceptRest, removeWhere, where } from "./verdicts";
import { areaUnit } from "./words";

interface Props {
  editor: Editor;
  bound: Bindings;
  setBound: (bound: Bindings) => void;
}

export function Dialogs({ editor, bound, setBound }: Props) {
  const dialog = usePart(editor.store, (state) => state.dialog);
  const close = () => editor.store.set({ dialog: null });
  if (dialog === "help") return <Help nClasses={editor.field.classes.length} bound={bound} setBound={setBound} onClose={close} />;
  if (dialog === "done") return <Done editor={editor} onClose={close} />;
  if (dialog === "delete_where") return <DeleteWhere editor={editor} onClose={close} />;
  return null;
}

/** Finish the image. What was not looked at is never accepted in silence. */
function Done({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const nToCheck = usePart(editor.store, (state) => state.nToCheck);
  const finish = () => {
    if (nToCheck > 0) acceptRest(editor);
    editor.commit("done", {});
    onClose();
  };
  if (nToCheck === 0) {
    return (
      <Dialog title="Image done" onClose={onClose}>
        <p>All {plural(editor.defects.size, "defect")} are checked. The mask becomes a corrected version that models learn from.</p>
        <Buttons>
          <button autofocus class="primary" onClick={finish}>
            Done
          </button>
          <button onClick={onClose}>Not yet</button>
        </Buttons>
      </Dialog>
    );
  }
  return (
    <Dialog title={`${plural(nToCheck, "defect")} not checked yet`} onClose={onClose}>
      <p>
        Nobody has judged {nToCheck === 1 ? "it" : "them"}. You can accept the rest as the model has drawn it; the
        project's history says that it was accepted in bulk.
      </p>
      <Buttons>
        <button autofocus onClick={onClose}>
          Go on checking
        </button>
        <button class="primary" onClick={finish}>
          Accept the rest, image done
        </button>
      </Buttons>
    </Dialog>
  );
}

function Buttons({ children }: { children: preact.ComponentChildren }) {
  return <div class="row correct-buttons">{children}</div>;
}

function DeleteWhere({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const { maxArea, maxConfidence } = editor.state.filters;
  const [area, setArea] = useState(maxArea);
  const [confidence, setConfidence] = useState(maxConfidence);
  const [unit, pixel] = areaUnit(editor.defects.all());
  const areaPx = area === null ? null : (area / pixel) * (1 + 1e-9);
  const gone = where(editor, areaPx, confidence);
  useEffect(() => {
    if (area !== null || confidence !== null) editor.select(gone.map((defect) => defect.id));
  }, [area, confidence]);
  const input = (label: string, step: number | "any", value: number | null, set: (value: number | null) => void) => (
    <label class="row">
      <span>{label}</span>
      <input
        type="number"
        min="0"
        step={step}
        value={value ?? ""}
        onInput={(event) => set(Number.isNaN(event.currentTarget.valueAsNumber) ? null : event.currentTarget.valueAsNumber)}
      />
    </label>
  );
  return (
    <Dialog title="Delete many" onClose={onClose}>
      <form
        class="stack correct-where"
        onSubmit={(event) => {
          event.preventDefault();
          removeWhere(editor, areaPx, confidence);
          onClose();
        }}
      >
        <p class="muted">Unchecked defects that are not above each limit you give. They are outlined behind this window.</p>
        {input(`Area up to, ${unit}`, unit === "px²" ? 1 : "any", area, setArea)}
        {input("Confidence up to", "any", confidence, setConfidence)}
        <Buttons>
          <button type="submit" class="primary" disabled={gone.length === 0}>
            Delete {plural(gone.length, "defect")}
          </button>
          <button type="button" onClick={onClose}>
            Keep all
          </button>
        </Buttons>
      </form>
    </Dialog>
  );
}

const GROUPS: readonly Group[] = ["Judge", "Tools", "Look", "Image"];

interface HelpProps {
  nClasses: number;
  bound: Bindings;
  setBound: (bound: Bindings) => void;
  onClose: () => void;
}

/** All keys, each to be changed by a click on it. */
function Help({ nClasses, bound, setBound, onClose }: HelpProps) {
  const [waiting, setWaiting] = useState<string | null>(null);
  const shown = ACTIONS.filter(({ name }) => !name.startsWith("class.") || Number(name.slice(6)) <= nClasses);
  const take = (event: KeyboardEvent) => {
    if (waiting === null || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== "Escape") {
      const changed = rebound(bound, waiting, chordOf(event));
      keep(changed);
      setBound(changed);
    }
    setWaiting(null);
  };
  return (
    <Dialog title="Keys" wide onClose={onClose}>
      <div class="correct-keys" onKeyDown={take}>
        {GROUPS.map((group) => (
          <section key={group}>
            <h2>{group}</h2>
            {shown.filter((action) => action.group === group).map((action) => (
              <KeyRow
                key={action.name}
                action={action}
                chords={bound.get(action.name) ?? []}
                isWaiting={waiting === action.name}
                onAsk={() => setWaiting(action.name)}
              />
            ))}
            {group === "Look" && <Fixed />}
          </section>
        ))}
      </div>
      <div class="row">
        <span class="muted">A click on a key changes it. The change stays in this browser.</span>
        <span class="room" />
        <button
          onClick={() => {
            forgetKept();
            setBound(bindings());
          }}
        >
          The usual keys
        </button>
      </div>
    </Dialog>
  );
}

interface KeyRowProps {
  action: Action;
  chords: readonly string[];
  isWaiting: boolean;
  onAsk: () => void;
}

function KeyRow({ action, chords, isWaiting, onAsk }: KeyRowProps) {
  return (
    <div class="correct-key">
      <span>{action.title}</span>
      <button class="quiet" onClick={onAsk}>
        <span class="hidden-label">Change the key of: {action.title}. Now: </span>
        {isWaiting ? "press a key" : chords.length > 0 ? chords.map((chord) => <kbd key={chord}>{keyWords(chord)}</kbd>) : "none"}
      </button>
    </div>
  );
}

const FIXED: readonly (readonly [string, string])[] = [
  ["Hide all overlays while held", "Space"],
  ["Eraser while held; cuts with the lasso", "Alt"],
  ["Brush while held, in Verify", "Shift"],
  ["Delete the defect clicked on", "Ctrl+click"],
  ["Move the keyboard's pointer (Shift: far)", "Arrows"],
  ["Click there; begin and end a stroke", "."],
  ["Give up the gesture, the selection, the image", "Escape"],
  ["Zoom at the pointer", "Wheel"],
];

function Fixed() {
  return (
    <>
      {FIXED.map(([title, key]) => (
        <div class="correct-key" key={title}>
          <span>{title}</span>
          <kbd>{key}</kbd>
        </div>
      ))}
    </>
  );
}
