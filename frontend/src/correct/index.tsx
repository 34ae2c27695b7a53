import { useEffect, useMemo, useState } from "preact/hooks";
import type { Box, Field } from "../api";
import { attempt, say } from "../components/Toast";
import { duration } from "../format";
import { go, hrefOf } from "../router";
import { refresh, useProject, useStore, watchImages } from "../store";
import { BottomBar } from "./bottombar";
import "./correct.css";
import { Dialogs } from "./dialogs";
import { Editor } from "./editor";
import { bindings, type Bindings } from "./keys";
import { Options } from "./options";
import { Queue } from "./queue";
import { Stage } from "./stage";
import { usePart, type State } from "./store";
import { ImageTiles } from "./tiles";
import { Toolbar } from "./toolbar";
import { TopBar } from "./topbar";
import { doneWords, nextImage } from "./next";

interface Props {
  field: string;
  box?: Box | undefined;
}

/** The correction screen of one image. */
export function Correct({ field: name, box }: Props) {
  const project = useProject();
  const field = project.fields.find((one) => one.name === name);
  if (!field?.shape) return <p class="page">This image has not been read yet.</p>;
  return <Screen field={field} fields={project.fields} classes={project.classes} box={box} />;
}

/** What a person has chosen stays from image to image. */
let usual: Partial<State> = {};

interface ScreenProps {
  field: Field;
  fields: Field[];
  classes: string[];
  box?: Box | undefined;
}

function Screen({ field, fields, classes, box }: ScreenProps) {
  const project = useProject();
  const { online } = useStore();
  const [bound, setBound] = useState<Bindings>(() => bindings());
  const editor = useMemo(() => {
    const about = {
      name: field.name,
      shape: field.shape as [number, number],
      hasEtched: field.has_etched,
      classes: classes.length > 0 ? classes : ["defect"],
      project: `${project.name}/${project.status.root ?? ""}`,
    };
    return new Editor(about, usual);
  }, [field.name]);
  const next = nextImage(fields, field.name);
  useEffect(() => {
    void editor.desk.open();
    void editor.grays.open();
    return () => {
      const { tool, value, radius, tolerance, opacity, layer } = editor.state;
      usual = { tool: tool === "pan" ? "verify" : tool, value, radius, tolerance, opacity, layer };
      editor.close();
      void refresh(); // the list of images shows what became of this one
    };
  }, [editor]);
  useEffect(() => {
    if (online) editor.journal.poke();
  }, [online, editor]);
  useEffect(() => leaveWhenDone(editor, field, next), [editor, field, next?.name]);
  useEffect(() => void attempt(() => editor.desk.follow(field.mask_version)), [editor, field.mask_version]);
  useEffect(() => watchImages((event) => editor.desk.followEvent(event)), [editor]);
  usePrefetch(editor, next);
  const wanted = box?.join(",");
  const first = () => {
    if (box) editor.lookAt(box, true);
  };
  useEffect(first, [wanted]);
  return (
    <div class="correct">
      <TopBar editor={editor} field={field} next={next} bound={bound} />
      <Banner editor={editor} online={online} />
      <div class="correct-middle">
        <Toolbar editor={editor} bound={bound} />
        <div class="correct-centre">
          <Options editor={editor} />
          <Stage editor={editor} bound={bound} umPerPx={field.um_per_px} onReady={first} />
        </div>
        <Queue editor={editor} fields={fields} />
      </div>
      <BottomBar editor={editor} field={field} fields={fields} />
      <Dialogs editor={editor} bound={bound} setBound={setBound} />
    </div>
  );
}

/** A person said that the image is done, and the server has it: go on with the next. */
function leaveWhenDone(editor: Editor, field: Field, next: Field | undefined): void {
  editor.desk.onDone = () => {
    if (editor.state.mode === "from_nothing") {
      say("Drawn from nothing: its effort is in the table of rounds on the Results page.");
      void editor.desk.setMode("correct");
      return;
    }
    void refresh();
    say(doneWords(field, next));
    if (next) go(hrefOf("correct", next.name));
  };
}

/** When this image is there, load what the next one will show first. */
function usePrefetch(editor: Editor, next: Field | undefined): void {
  const phase = usePart(editor.store, (state) => state.phase);
  useEffect(() => {
    if (phase !== "ready" || !next?.shape) return;
    const { shape, name } = next;
    const timer = window.setTimeout(() => {
      const { width, height } = editor.view;
      new ImageTiles(name, "polished", shape, () => {}).prefetch(width, height);
    }, 1500);
    return () => window.clearTimeout(timer);
  }, [phase, next?.name]);
}

/** What stands in the way of correcting, and what to do about it. */
function Banner({ editor, online }: { editor: Editor; online: boolean }) {
  const phase = usePart(editor.store, (state) => state.phase);
  const error = usePart(editor.store, (state) => state.error);
  const isReadOnly = usePart(editor.store, (state) => state.isReadOnly);
  const fieldState = usePart(editor.store, (state) => state.fieldState);
  const journal = usePart(editor.store, (state) => state.journal);
  if (phase === "opening") return <Opening />;
  if (phase === "failed") {
    return (
      <Bar kind="bad" words={error ?? ""} button="Try again" act={() => editor.desk.open()} />
    );
  }
  if (journal.trouble && online) {
    return (
      <Bar
        kind="bad"
        words={`${journal.trouble} What you draw meanwhile is kept in this browser and sent in order.`}
        button="Try now"
        act={async () => editor.journal.poke()}
      />
    );
  }
  if (isReadOnly) {
    return (
      <Bar
        kind="note"
        words="Another tab edits this image. Here you see what it does."
        button="Take over"
        act={() => editor.desk.takeOver()}
      />
    );
  }
  if (fieldState === "conflict") return <Conflict editor={editor} />;
  if (fieldState === "done") {
    return (
      <Bar
        kind="note"
        words="This image is done."
        button="Reopen"
        act={async () => void editor.commit("reopen", {})}
      />
    );
  }
  return null;
}

/** A first mask of a large image takes seconds: say so, but not where it comes at once. */
function Opening() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => window.clearInterval(timer);
  }, []);
  if (seconds === 0) return null;
  return (
    <div class="correct-banner note" role="status">
      <span>Opening the mask. An image that has none gets its first one now; no training is needed.</span>
      {seconds > 4 && <span class="muted">{duration(seconds)} so far</span>}
    </div>
  );
}

/** The field got another mask while this draft has corrections. Neither is thrown away. */
function Conflict({ editor }: { editor: Editor }) {
  return (
    <div class="correct-banner bad" role="alert">
      <span>This image got a newer mask while your corrections were under way. Nothing is lost: which one goes on?</span>
      <button onClick={() => editor.commit("resolve", { keep: "draft" })}>My corrections</button>
      <button onClick={() => editor.commit("resolve", { keep: "mask" })}>The newer mask</button>
    </div>
  );
}

interface BarProps {
  kind: "bad" | "note";
  words: string;
  button: string;
  act: () => Promise<void>;
}

function Bar({ kind, words, button, act }: BarProps) {
  return (
    <div class={`correct-banner ${kind}`} role={kind === "bad" ? "alert" : "status"}>
      <span>{words}</span>
      <button onClick={() => void attempt(act)}>{button}</button>
    </div>
  );
}
