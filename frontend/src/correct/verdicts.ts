import { say } from "../components/Toast";
import { plural } from "../format";
import type { Defect, Point } from "./api";
import { isToCheck, neighbour } from "./defects";
import type { Editor } from "./editor";
import type { Pending } from "./mask";
import { className } from "./words";

// What a person decides about defects. Each is one gesture; the screen follows at once.

/** Go to the next (or previous) defect of the queue, and look at it. */
export function step(editor: Editor, by: 1 | -1): void {
  goTo(editor, neighbour(editor.queue(), editor.state.selected[0] ?? null, by));
}

function goTo(editor: Editor, defect: Defect | undefined): void {
  if (!defect) {
    editor.select([]);
    editor.speak(editor.state.nToCheck === 0 ? "All defects are checked." : "No defect passes the filters.");
    return;
  }
  editor.lookAt(defect.box);
  editor.select([defect.id]);
}

/** Decide about the selection, then go on to the defect that pays most of the rest. */
function judge(editor: Editor, decide: (chosen: Defect[]) => boolean): void {
  const chosen = editor.chosen();
  if (chosen.length === 0) {
    if (editor.state.selected.length > 0) editor.speak("It is deleted. R brings it back.");
    else goTo(editor, editor.queue()[0]);
    return;
  }
  const next = following(editor, chosen);
  if (!decide(chosen)) return;
  editor.nJudged += chosen.filter(isToCheck).length;
  editor.changed();
  if (chosen.length === 1) goTo(editor, next);
  else editor.select([]);
}

function following(editor: Editor, chosen: Defect[]): Defect | undefined {
  const gone = new Set(chosen.map((defect) => defect.id));
  const queue = editor.queue();
  const place = queue.findIndex((defect) => gone.has(defect.id));
  const rest = [...queue.slice(place + 1), ...queue.slice(0, Math.max(0, place))];
  const open = rest.filter((defect) => !gone.has(defect.id));
  return open.find(isToCheck) ?? (editor.state.filters.show === "to check" ? undefined : open[0]);
}

const idsOf = (defects: Defect[]) => defects.map((defect) => defect.id);

export function accept(editor: Editor): void {
  judge(editor, (chosen) => {
    if (!editor.commit("accept", { defects: idsOf(chosen) })) return false;
    for (const defect of chosen) editor.put({ ...defect, state: "accepted" });
    return true;
  });
}

export function remove(editor: Editor): void {
  judge(editor, (chosen) => erase(editor, chosen));
}

/** Delete at once what was clicked on with Ctrl held. */
export function removeAt(editor: Editor, point: Point): void {
  const id = editor.hit(point);
  const defect = id === null ? undefined : editor.defects.get(id);
  if (defect && erase(editor, [defect])) editor.changed();
}

function erase(editor: Editor, defects: Defect[]): boolean {
  const shown = defects.map((defect) => pendingRegion(editor, defect)).filter((one) => one !== null);
  const show = shown.length > 0 ? (uuid: string) => together(uuid, shown) : undefined;
  if (!editor.commit("delete", { defects: idsOf(defects) }, show)) return false;
  for (const defect of defects) editor.put({ ...defect, state: "rejected" });
  return true;
}

/** A defect's pixels taken away on the screen, until the server's answer comes. */
function pendingRegion(editor: Editor, defect: Defect): Pending | null {
  const region = editor.region(defect);
  if (!region) return null;
  const columns = region.box[3] - region.box[1];
  return {
    uuid: "",
    box: defect.box,
    value: 0,
    isUnignore: false,
    paint(level, clip, span) {
      if (level !== region.level) return;
      for (let row = Math.max(clip[0], region.box[0]); row < Math.min(clip[2], region.box[2]); row++) {
        for (let column = Math.max(clip[1], region.box[1]); column < Math.min(clip[3], region.box[3]); column++) {
          const bit = region.bits[(row - region.box[0]) * columns + column - region.box[1]];
          if (bit) span(row, column, column);
        }
      }
    },
  };
}

function together(uuid: string, parts: Pending[]): Pending {
  const boxes = parts.map((part) => part.box);
  const [first] = parts as [Pending, ...Pending[]];
  return {
    ...first,
    uuid,
    box: [
      Math.min(...boxes.map((box) => box[0])),
      Math.min(...boxes.map((box) => box[1])),
      Math.max(...boxes.map((box) => box[2])),
      Math.max(...boxes.map((box) => box[3])),
    ],
    paint: (level, clip, span) => {
      for (const part of parts) part.paint(level, clip, span);
    },
  };
}

/** Give the selection a class; without one, the class that tools paint. */
export function setClass(editor: Editor, value: number): void {
  if (value > editor.field.classes.length) return;
  editor.store.set({ value });
  const chosen = editor.chosen();
  const others = chosen.filter((defect) => defect.class !== value);
  if (others.length === 0) {
    editor.speak(`Tools paint ${className(editor.field.classes, value)}`);
    return;
  }
  if (!editor.commit("class", { defects: idsOf(others), value })) return;
  for (const defect of others) editor.put({ ...defect, class: value, state: "edited" });
  editor.changed();
}

/** Zoom to the defect, brush in hand. */
export function fix(editor: Editor): void {
  const [defect] = editor.chosen();
  if (!defect) {
    step(editor, 1);
    return;
  }
  const size = Math.max(defect.box[2] - defect.box[0], defect.box[3] - defect.box[1]);
  editor.lookAt(defect.box, true);
  const radius = Math.min(64, Math.max(1, Math.round(size / 8)));
  editor.store.set({ tool: "brush", value: defect.class, radius });
}

export function ignore(editor: Editor): void {
  judge(editor, (chosen) => {
    if (!editor.commit("ignore", { defects: idsOf(chosen) })) return false;
    for (const defect of chosen) editor.put({ ...defect, state: "ignored" });
    return true;
  });
}

export function fillSelected(editor: Editor): void {
  const chosen = editor.chosen();
  if (chosen.length > 0) editor.commit("fill_holes", { defects: idsOf(chosen) });
}

/** Bring back the selected ghost. */
export function restore(editor: Editor): void {
  const [id] = editor.state.selected;
  if (id !== undefined && editor.ghosts.get(id)) editor.commit("restore", { ghost: id });
  else editor.speak("Select a ghost (a dashed outline) to bring it back.");
}

/** Delete all that is smaller, or less certain, than a limit. */
export function removeWhere(editor: Editor, maxAreaPx: number | null, maxConfidence: number | null): void {
  const gone = where(editor, maxAreaPx, maxConfidence);
  if (gone.length === 0) return;
  const gesture = {
    ...(maxAreaPx === null ? {} : { max_area_px: maxAreaPx }),
    ...(maxConfidence === null ? {} : { max_confidence: maxConfidence }),
  };
  if (!editor.commit("delete_where", gesture)) return;
  editor.select([]);
  say(`${plural(gone.length, "defect")} deleted. Undo brings them back.`);
}

/** What `removeWhere` would delete. */
export function where(editor: Editor, maxAreaPx: number | null, maxConfidence: number | null): Defect[] {
  if (maxAreaPx === null && maxConfidence === null) return [];
  return [...editor.defects.all()].filter(
    (defect) =>
      isToCheck(defect) &&
      (maxAreaPx === null || defect.area_px <= maxAreaPx) &&
      (maxConfidence === null || (defect.confidence !== null && defect.confidence <= maxConfidence)),
  );
}

export function acceptRest(editor: Editor): void {
  if (!editor.commit("accept_rest", {})) return;
  for (const defect of [...editor.defects.all()]) {
    if (isToCheck(defect)) editor.put({ ...defect, state: "accepted" });
  }
  editor.changed();
}

