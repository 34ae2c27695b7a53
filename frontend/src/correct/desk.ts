import { complain, say } from "../components/Toast";
import type { Box } from "../api";
import { ApiError, messageOf } from "../api";
import type { DraftEvent, ImageEvent } from "../events";
import * as server from "./api";
import { patchValues, type Answer, type Draft, type Gestures, type Mode, type Operation, type Tail } from "./api";
import { Defects } from "./defects";
import type { Editor } from "./editor";
import { sendLeft } from "./journal";
import { pendingLasso, pendingStroke, type Pending } from "./mask";
import { shelf } from "./shelf";
import type { State } from "./store";
import { describe, unchangedWords } from "./words";

/** After the last gesture, until coarser tiles are loaded again. */
const QUIET_MS = 700;

/** A reader asks for the list of defects not oftener than this. */
const FOLLOW_MS = 250;

/** What the editor and the server say to each other about one draft. */
export class Desk {
  /** The image is done: the server has it. */
  onDone: () => void = () => {};
  private timer = 0;
  private following = 0;

  constructor(private readonly editor: Editor) {}

  /** Ask for the draft, and send on what an earlier page could not. */
  async open(): Promise<void> {
    const { editor } = this;
    try {
      this.take(await server.openDraft(editor.field.name, editor.state.mode));
    } catch (error) {
      editor.store.set({ phase: "failed", error: messageOf(error) });
      return;
    }
    for (const operation of await editor.journal.restore().catch(() => [])) {
      const pending = pendingOf(operation);
      if (pending) editor.mask.add(pending);
    }
    if (!editor.state.isReadOnly) editor.journal.start();
    const { name, project } = editor.field;
    void sendLeft(project, name, shelf, server.sendGesture, (_, error) => complain(error)).catch(() => {});
  }

  /** The draft as the server has it now; the mask is loaded again where it is another one. */
  async reopen(): Promise<void> {
    const { editor } = this;
    const before = editor.base;
    this.take(await server.openDraft(editor.field.name, editor.state.mode));
    if (editor.base !== before) editor.renewMask();
  }

  /** The field has another mask, for example of a new model: take it if nothing of ours waits. */
  async follow(version: number | null): Promise<void> {
    const { state, journal, base } = this.editor;
    if (version === null || version === base || state.phase !== "ready") return;
    if (state.mode === "correct" && journal.isEmpty) await this.reopen();
  }

  followEvent(event: ImageEvent): void {
    if (event.field !== this.editor.field.name) return;
    if (event.type === "draft") this.followWriter(event);
    else this.editor.store.set({ preparing: event.done < event.total ? event.done / event.total : null });
  }

  /** Another tab writes here: show what it does, and ask for the list when its hand rests. */
  private followWriter({ mode, box }: DraftEvent): void {
    const { editor } = this;
    if (mode !== editor.state.mode || !editor.state.isReadOnly) return;
    if (box) {
      editor.mask.reload(box);
      editor.painter?.refresh();
    }
    window.clearTimeout(this.following);
    this.following = window.setTimeout(() => void this.reopen().catch(() => {}), FOLLOW_MS);
  }

  /** Make this tab the one that writes. */
  async takeOver(): Promise<void> {
    const { editor } = this;
    await server.takeOver(editor.field.name);
    editor.renewMask();
    this.take(await server.openDraft(editor.field.name, editor.state.mode));
    editor.journal.start();
  }

  /** Draw everything from nothing, against the clock; or back to correcting. */
  async setMode(mode: Mode): Promise<void> {
    const { editor } = this;
    editor.store.set({ mode, selected: [], tool: mode === "correct" ? "verify" : "brush" });
    editor.renewMask();
    await this.open();
  }

  close(): void {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.following);
    this.onDone = () => {};
  }

  private take(draft: Draft): void {
    const { editor } = this;
    editor.base = draft.base;
    editor.defects = new Defects(draft.defects);
    editor.ghosts = new Defects(draft.ghosts);
    const stays = editor.state.selected.filter((id) => editor.defects.get(id) ?? editor.ghosts.get(id));
    editor.store.set({
      phase: "ready",
      error: null,
      isReadOnly: draft.read_only,
      revision: editor.state.revision + 1,
      selected: stays,
      ...tailOf(draft),
    });
    editor.drawTop();
  }

  async onAnswer(operation: Operation, answer: Answer): Promise<void> {
    const { editor } = this;
    const { patch } = answer;
    editor.mask.settle(operation.uuid, patch?.box ?? null, patch ? await patchValues(patch) : null);
    for (const id of answer.removed) {
      editor.defects.remove(id);
      editor.ghosts.remove(id);
    }
    for (const defect of answer.changed) editor.put(defect);
    editor.store.set({
      ...tailOf(answer),
      revision: editor.state.revision + 1,
      selected: this.stillSelected(operation, answer),
    });
    editor.touched(patch?.box ?? [0, 0, 0, 0]);
    this.refreshLater();
    this.measure(operation);
    if (operation.kind === "wand" || operation.kind === "click") this.tellAdded(answer);
    if (!patch && answer.changed.length === 0) this.tellUnchanged(operation);
    if (operation.kind === "done") this.onDone();
    if (operation.kind === "resolve") await this.reopen();
  }

  /** Coarser tiles hold a preview of the gesture: load them again when the hand rests. */
  private refreshLater(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.editor.painter?.refresh(), QUIET_MS);
  }

  /** From the end of a gesture to its answer: it is on the disk by then, and on the screen. */
  private measure({ uuid, kind }: Operation): void {
    const start = this.editor.committed.get(uuid);
    this.editor.committed.delete(uuid);
    if (start !== undefined) performance.measure(`sorby:durable:${kind}`, { start, end: performance.now() });
  }

  private tellAdded(answer: Answer): void {
    const added = answer.changed[0];
    if (added) this.editor.speak(`Added ${describe(added, this.editor)}`);
  }

  /** A gesture that changed nothing says why, where a person may have expected something. */
  private tellUnchanged({ kind, gesture }: Operation): void {
    const { editor } = this;
    const { point, value = 0 } = gesture as Partial<Gestures["wand"]>;
    const here = point ? editor.mask.at(Math.round(point[0]), Math.round(point[1]), editor.level) : null;
    const said = unchangedWords(kind, here, value, editor.field.classes);
    if (!said) return;
    say(said);
    editor.speak(said);
  }

  /** What stays selected: the ids that are still there, or the one that a gesture has made. */
  private stillSelected(operation: Operation, answer: Answer): readonly number[] {
    const { state, defects, ghosts } = this.editor;
    const live = answer.changed.filter((defect) => defect.state !== "rejected" && defect.state !== "ignored");
    if (["wand", "click", "merge"].includes(operation.kind) && live[0]) return [live[0].id];
    const stays = state.selected.filter((id) => defects.get(id) ?? ghosts.get(id));
    if (stays.length === 0 && state.selected.length > 0 && live[0]) return [live[0].id];
    return stays;
  }

  onRefused(operation: Operation, error: Error): void {
    const { editor } = this;
    editor.mask.forget(operation.uuid);
    editor.committed.delete(operation.uuid);
    const box: Box = pendingOf(operation)?.box ?? [0, 0, ...editor.field.shape];
    editor.mask.reload(box);
    editor.touched(box);
    const isAnswer = error instanceof ApiError && (error.status === 422 || error.status === 409);
    if (isAnswer) say(error.message);
    else complain(error);
    editor.speak(error.message);
    void this.reopen().catch(() => {}); // the next gesture tells what is wrong
  }
}

function tailOf(tail: Tail): Partial<State> {
  return {
    fieldState: tail.state,
    nToCheck: tail.n_to_check,
    canUndo: tail.can_undo,
    canRedo: tail.can_redo,
    porosity: tail.porosity,
  };
}

/** How a gesture looks before the server has answered, where that is known. */
function pendingOf({ kind, uuid, gesture }: Operation): Pending | null {
  if (kind === "brush") {
    const { points, radius_px, value } = gesture as Gestures["brush"];
    return pendingStroke(uuid, points, radius_px, value);
  }
  if (kind === "lasso") {
    const { points, value, unignore } = gesture as Gestures["lasso"];
    return pendingLasso(uuid, points, value, unignore ?? false);
  }
  return null;
}
