import { complain, say } from "../components/Toast";
import type { Box } from "../api";
import { ApiError, messageOf } from "../api";
import * as server from "./api";
import { patchValues, type Answer, type Defect, type Draft, type Gestures, type Kind, type Operation, type Point, type Tail } from "./api";
import { Defects, isToCheck, queueOf, type Filters } from "./defects";
import { Effort } from "./effort";
import { Heats } from "./heat";
import { Journal } from "./journal";
import { Mask, pendingLasso, pendingStroke, type Pending } from "./mask";
import type { Painter } from "./painter";
import { isIn, regionAt, type Region } from "./region";
import { indexedDbShelf } from "./shelf";
import { Store, type State } from "./store";
import { uuid as freshName } from "./tab";
import { ImageTiles } from "./tiles";
import { makeTools } from "./tools";
import { fit, levelFor, lookAt, panBy, visible, zoomAt, type Shape, type View } from "./view";
import { describe } from "./words";

export interface Field {
  name: string;
  shape: Shape;
  hasEtched: boolean;
  classes: string[];
  /** Tells this project from others that the same address has served. */
  project: string;
}

const shelf = indexedDbShelf();

/** One image on the screen: its mask, its defects, its gestures. Components show its state. */
export class Editor {
  readonly store: Store;
  readonly effort = new Effort();
  readonly polished: ImageTiles;
  readonly etched: ImageTiles | null;
  readonly heats: Heats;
  readonly tools = makeTools(this);
  readonly journal: Journal;
  mask: Mask;
  defects = new Defects();
  ghosts = new Defects();
  view: View;
  painter: Painter | null = null;
  base = 0;
  /** Defects that a person has judged here, for the pace. */
  nJudged = 0;
  private regions = new Map<number, Region | null>();
  private known: { defects: Defects; edits: number; filters: Filters; queue: readonly Defect[] } | null = null;
  private readonly tileWatchers = new Set<() => void>();

  constructor(
    readonly field: Field,
    start: Partial<State>,
  ) {
    this.store = new Store();
    this.store.set(start);
    this.view = fit(field.shape, 800, 600);
    const redraw = () => {
      this.painter?.drawImage();
      for (const watcher of [...this.tileWatchers]) watcher();
    };
    this.polished = new ImageTiles(field.name, "polished", field.shape, redraw);
    this.etched = field.hasEtched ? new ImageTiles(field.name, "etched", field.shape, redraw) : null;
    this.heats = new Heats(field.name, field.shape, () => this.painter?.drawOverlay(), (layer, error) => {
      if (this.state.layer !== layer) return;
      this.store.set({ layer: "none" });
      say(error.message);
    });
    this.mask = this.newMask();
    this.journal = new Journal(`${field.project}/${field.name}`, shelf, {
      send: (operation) => server.sendGesture(field.name, operation),
      onAnswer: (operation, answer) => this.onAnswer(operation, answer),
      onRefused: (operation, error) => this.onRefused(operation, error),
      onReadOnly: () => this.store.set({ isReadOnly: true }),
      onStatus: (journal) => this.store.set({ journal }),
    });
  }

  get state(): State {
    return this.store.now;
  }

  get level(): number {
    const ratio = Math.min(2, devicePixelRatio || 1);
    return levelFor(this.view.scale * ratio, this.polished.levels);
  }

  private newMask(): Mask {
    return new Mask(this.field.name, this.store.now.mode, this.field.shape, (box) => {
      this.regions.clear();
      this.painter?.touch(box);
      this.painter?.drawTop();
    });
  }

  // ---------------------------------------------------------------- opening

  /** Ask for the draft, and send on what an earlier page could not. */
  async open(): Promise<void> {
    try {
      this.take(await server.openDraft(this.field.name, this.state.mode));
    } catch (error) {
      this.store.set({ phase: "failed", error: messageOf(error) });
      return;
    }
    const left = await this.journal.restore().catch(() => []);
    for (const operation of left) this.showAgain(operation);
    if (!this.state.isReadOnly) this.journal.start();
  }

  private take(draft: Draft): void {
    this.base = draft.base;
    this.defects = new Defects(draft.defects);
    this.ghosts = new Defects(draft.ghosts);
    this.store.set({
      phase: "ready",
      error: null,
      isReadOnly: draft.read_only,
      revision: this.state.revision + 1,
      ...tailOf(draft),
    });
    this.painter?.drawTop();
  }

  /** Make this tab the one that writes. */
  async takeOver(): Promise<void> {
    await server.takeOver(this.field.name);
    this.store.set({ isReadOnly: false });
    this.mask.reload([0, 0, ...this.field.shape]);
    this.painter?.all();
    this.take(await server.openDraft(this.field.name, this.state.mode));
    this.journal.start();
  }

  /** Draw everything from nothing, against the clock; or back to correcting. */
  async setMode(mode: server.Mode): Promise<void> {
    this.store.set({ mode, selected: [], tool: mode === "correct" ? "verify" : "brush" });
    this.mask = this.newMask();
    this.painter?.all();
    await this.open();
  }

  private showAgain(operation: Operation): void {
    const pending = pendingOf(operation);
    if (pending) this.mask.add(pending);
  }

  close(): void {
    if (this.effort.waitingSeconds >= 1 && !this.state.isReadOnly && this.state.phase === "ready") {
      this.commit("look", {});
    }
    this.painter?.stop();
    this.painter = null;
  }

  // ---------------------------------------------------------------- gestures

  /**
   * A finished gesture: shown at once where that is possible, kept, sent. `isPainted` says that
   * its parts were painted with `preview`.
   */
  commit<K extends Kind>(kind: K, gesture: Gestures[K], show?: (uuid: string) => Pending, isPainted = false): boolean {
    if (!this.mayEdit(kind)) return false;
    const uuid = freshName();
    const operation: Operation<K> = {
      uuid,
      kind,
      ...this.effort.take(performance.now()),
      mode: this.state.mode,
      base: this.base,
      gesture,
    };
    if (show) {
      const pending = show(uuid);
      if (isPainted) this.mask.remember(pending);
      else this.mask.add(pending);
      this.regions.clear();
      if (!isPainted) this.painter?.touch(pending.box);
    }
    this.journal.push(operation);
    return true;
  }

  private mayEdit(kind: Kind): boolean {
    if (this.state.phase !== "ready") return false;
    if (this.state.isReadOnly) {
      if (kind !== "look") say("Another tab edits this image. Take over first: the button is above the image.");
      return false;
    }
    if (this.state.fieldState === "done" && !["reopen", "look", "undo"].includes(kind)) {
      say("This image is done. Reopen it to go on: the button is above the image.");
      return false;
    }
    return true;
  }

  /** Paint a part of a gesture under way, now. */
  preview(part: Pending): void {
    if (this.state.isReadOnly || this.state.fieldState === "done") return;
    this.mask.show(part);
    this.painter?.paintNow(part.box);
  }

  /** A gesture under way was given up: load what it painted over. */
  takeBack(box: Box): void {
    this.mask.reload(box);
    this.painter?.touch(box);
  }

  private async onAnswer(operation: Operation, answer: Answer): Promise<void> {
    const { patch } = answer;
    const values = patch ? await patchValues(patch) : null;
    this.mask.settle(operation.uuid, patch?.box ?? null, values);
    this.regions.clear();
    for (const id of answer.removed) {
      this.defects.remove(id);
      this.ghosts.remove(id);
    }
    for (const defect of answer.changed) this.put(defect);
    this.store.set({ ...tailOf(answer), revision: this.state.revision + 1, selected: this.stillSelected(operation, answer) });
    if (patch) this.painter?.touch(patch.box);
    this.painter?.drawTop();
    performance.mark(`sorby:answer:${operation.kind}`);
    if (operation.kind === "wand" || operation.kind === "click") this.tellAdded(answer);
  }

  private tellAdded(answer: Answer): void {
    const added = answer.changed[0];
    if (!answer.patch) this.speak("Nothing like a defect here. Click on its darkest place, or draw it with the brush.");
    else if (added) this.speak(`Added ${describe(added, this)}`);
  }

  /** What stays selected: the ids that are still there, or the one that a gesture has made. */
  private stillSelected(operation: Operation, answer: Answer): readonly number[] {
    const live = answer.changed.filter((defect) => defect.state !== "rejected" && defect.state !== "ignored");
    if (["wand", "click", "merge"].includes(operation.kind) && live[0]) return [live[0].id];
    const stays = this.state.selected.filter((id) => this.defects.get(id) ?? this.ghosts.get(id));
    if (stays.length === 0 && this.state.selected.length > 0 && live[0]) return [live[0].id];
    return stays;
  }

  private onRefused(operation: Operation, error: Error): void {
    this.mask.forget(operation.uuid);
    const box = pendingOf(operation)?.box ?? ([0, 0, ...this.field.shape] as Box);
    this.mask.reload(box);
    this.painter?.touch(box);
    if (error instanceof ApiError && error.status === 422) say(error.message);
    else complain(error);
    this.speak(error.message);
    void server.openDraft(this.field.name, this.state.mode).then((draft) => this.take(draft), () => {});
  }

  /** Take in a defect, whatever it has become. */
  put(defect: Defect): void {
    const isGhost = defect.state === "rejected" || defect.state === "ignored";
    (isGhost ? this.ghosts : this.defects).put(defect);
    (isGhost ? this.defects : this.ghosts).remove(defect.id);
    this.regions.delete(defect.id);
  }

  changed(): void {
    this.store.set({ revision: this.state.revision + 1 });
    this.painter?.drawTop();
  }

  // ---------------------------------------------------------------- looking

  setView(view: View): void {
    this.view = view;
    this.painter?.all();
    this.regions.clear();
    this.store.set({ scale: view.scale });
  }

  panBy(dx: number, dy: number): void {
    this.setView(panBy(this.view, dx, dy, this.field.shape));
  }

  zoomBy(factor: number, x = this.view.width / 2, y = this.view.height / 2): void {
    this.setView(zoomAt(this.view, factor, x, y, this.field.shape));
  }

  lookAt(box: Box, isClose = false): void {
    this.setView(lookAt(this.view, box, this.field.shape, isClose));
  }

  /** Be told when a tile of the image has come. Returns how to stop it. */
  onTile(watcher: () => void): () => void {
    this.tileWatchers.add(watcher);
    return () => void this.tileWatchers.delete(watcher);
  }

  drawTop(): void {
    this.painter?.drawTop();
  }

  speak(words: string): void {
    this.store.set({ spoken: words });
  }

  // ---------------------------------------------------------------- selecting

  /** Pixels of a defect as they are now; null where they are not loaded or too many. */
  region(defect: Defect): Region | null {
    const known = this.regions.get(defect.id);
    if (known !== undefined) return known;
    const level = this.level;
    const at = (row: number, column: number) => this.mask.at(row, column, level);
    const region = regionAt(at, defect.point, defect.box, level, this.field.shape);
    this.regions.set(defect.id, region);
    return region;
  }

  /** The defect under a place of the image: boxes first, pixels where several boxes overlap. */
  hit([row, column]: Point): number | null {
    const [r, c] = [Math.round(row), Math.round(column)];
    const found = this.defects.at(r, c);
    if (found.length === 0) return null;
    for (const defect of found) {
      const region = this.region(defect);
      if (region && isIn(region, r, c)) return defect.id;
    }
    const [only] = found;
    const isSmall = only !== undefined && Math.max(only.box[2] - only.box[0], only.box[3] - only.box[1]) * this.view.scale < 14;
    return isSmall ? only.id : null; // hard to hit: its box will do
  }

  select(ids: readonly number[]): void {
    this.store.set({ selected: ids });
    this.painter?.drawTop();
    const [first] = ids;
    const defect = first === undefined ? undefined : (this.defects.get(first) ?? this.ghosts.get(first));
    if (ids.length > 1) this.speak(`${ids.length} defects selected`);
    else this.speak(defect ? describe(defect, this) : "Nothing selected");
  }

  selectAt(point: Point): void {
    const id = this.hit(point) ?? this.ghosts.at(Math.round(point[0]), Math.round(point[1]))[0]?.id;
    this.select(id === undefined ? [] : [id]);
  }

  selectBox(box: Box): void {
    this.select(this.defects.inside(box).map((defect) => defect.id));
  }

  chosen(): Defect[] {
    return this.state.selected.map((id) => this.defects.get(id)).filter((defect) => defect !== undefined);
  }

  /** What is to be looked at, in order. */
  queue(): readonly Defect[] {
    const { filters } = this.state;
    const { defects } = this;
    const { known } = this;
    if (known?.defects === defects && known.edits === defects.edits && known.filters === filters) return known.queue;
    const queue = queueOf(defects.all(), filters);
    this.known = { defects, edits: defects.edits, filters, queue };
    return queue;
  }

  nChecked(): number {
    let n = this.ghosts.size;
    for (const defect of this.defects.all()) if (!isToCheck(defect)) n++;
    return n;
  }

  isInSight(defect: Defect): boolean {
    const seen = visible(this.view, this.field.shape);
    return defect.box[0] >= seen[0] && defect.box[1] >= seen[1] && defect.box[2] <= seen[2] && defect.box[3] <= seen[3];
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

