import { say } from "../components/Toast";
import type { Box } from "../api";
import type { Defect, Gestures, Kind, Operation, Point } from "./api";
import { sendGesture } from "./api";
import { Defects, isToCheck } from "./defects";
import { Desk } from "./desk";
import { Effort } from "./effort";
import { grown } from "./geometry";
import { Grays } from "./grays";
import { Heats } from "./heat";
import { Journal } from "./journal";
import { Mask, type Pending } from "./mask";
import type { Heat } from "./overlay";
import type { Painter } from "./painter";
import { isIn, regionAt, type Region } from "./region";
import { shelf } from "./shelf";
import { Store, type Edited, type State } from "./store";
import { uuid as freshName } from "./tab";
import { ImageTiles } from "./tiles";
import { makeTools } from "./tools";
import { fit, levelFor, lookAt, panBy, visible, zoomAt, type View } from "./view";
import { describe } from "./words";

/** Of a defect that is smaller on the screen, a click on its box will do. */
const HARD_TO_HIT_PX = 14;

/** One image on the screen: its mask, its defects, its gestures. Components show its state. */
export class Editor {
  readonly store: Store;
  readonly effort = new Effort();
  readonly polished: ImageTiles;
  readonly etched: ImageTiles | null;
  readonly heats: Heats;
  readonly grays = new Grays(this);
  readonly tools = makeTools(this);
  readonly journal: Journal;
  readonly desk = new Desk(this);
  mask: Mask;
  defects = new Defects();
  ghosts = new Defects();
  view: View;
  painter: Painter | null = null;
  /** Version of the mask that is corrected. */
  base = 0;
  /** Defect under the pointer. */
  hovered: number | null = null;
  /** Defects that a person has judged here, for the pace. */
  nJudged = 0;
  /** When the gestures that are on their way were finished, for whoever measures. */
  readonly committed = new Map<string, number>();
  private readonly regions = new Map<number, Region | null>();
  private readonly tileWatchers = new Set<() => void>();

  constructor(
    readonly field: Edited,
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
    this.heats = this.newHeats();
    this.mask = this.newMask();
    const { desk } = this;
    this.journal = new Journal(`${field.project}/${field.name}`, shelf, {
      send: (operation) => sendGesture(field.name, operation),
      onAnswer: (operation, answer) => desk.onAnswer(operation, answer),
      onRefused: (operation, error) => desk.onRefused(operation, error),
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

  /** Forget the mask's pixels and load them anew. */
  renewMask(): void {
    this.mask = this.newMask();
    this.regions.clear();
    this.painter?.all();
  }

  private newMask(): Mask {
    return new Mask(this.field.name, this.store.now.mode, this.field.shape, (box) => {
      this.regions.clear();
      this.painter?.touch(box);
      this.painter?.drawTop();
    });
  }

  private newHeats(): Heats {
    const { name, shape } = this.field;
    return new Heats(name, shape, () => this.painter?.drawOverlay(), (layer, error) => {
      if (this.state.layer !== layer && layer !== "probability") return;
      this.store.set({ layer: "none" });
      say(error.message);
    });
  }

  close(): void {
    if (this.effort.waitingSeconds >= 1 && !this.state.isReadOnly && this.state.phase === "ready") {
      this.commit("look", {});
    }
    this.desk.close();
    this.grays.close();
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
    const undone = kind === "undo" ? this.journal.lastLive() : null;
    const box = undone && this.mask.undo(undone);
    if (box) this.touched(box);
    this.committed.set(uuid, performance.now());
    this.journal.push(operation);
    return true;
  }

  private mayEdit(kind: Kind): boolean {
    if (this.state.phase !== "ready") return false;
    if (this.state.isReadOnly) {
      if (kind !== "look") say("Another tab edits this image. Take over first: the button is above the image.");
      return false;
    }
    if (this.state.fieldState === "done" && !["reopen", "look"].includes(kind)) {
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

  /** A gesture under way was given up. */
  takeBack(box: Box): void {
    this.mask.takeBack();
    this.mask.reload(box); // in case an answer came meanwhile
    this.touched(box);
    this.painter?.refresh();
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

  /** The mask's pixels have changed in a box. */
  touched(box: Box): void {
    this.regions.clear();
    this.painter?.touch(box);
    this.painter?.drawTop();
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
    const [smallest] = found as [Defect, ...Defect[]];
    const [r0, c0, r1, c1] = smallest.box;
    const isHardToHit = Math.max(r1 - r0, c1 - c0) * this.view.scale < HARD_TO_HIT_PX;
    return isHardToHit || this.mask.known(r, c, this.level) === null ? smallest.id : null;
  }

  /** Show what a click would take. */
  hover(point: Point | null): void {
    const id = point && this.hit(point);
    if (id === this.hovered) return;
    this.hovered = id;
    this.painter?.drawTop();
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
    return (filters.show === "deleted" ? this.ghosts : this.defects).queue(filters);
  }

  /** What lies over the mask: the outlines that are being chosen, or the layer in sight. */
  heat(): Heat | null {
    const { cut, layer } = this.state;
    if (cut === null) return this.heats.get(layer);
    const seen = visible(this.view, this.field.shape);
    const decided = this.defects.near(seen).filter((defect) => !isToCheck(defect));
    return this.heats.cut(cut, [...decided, ...this.ghosts.near(seen)].map(({ box }) => grown(box, 1)));
  }

  isInSight(defect: Defect): boolean {
    const seen = visible(this.view, this.field.shape);
    return defect.box[0] >= seen[0] && defect.box[1] >= seen[1] && defect.box[2] <= seen[2] && defect.box[3] <= seen[3];
  }
}
