import { say } from "../components/Toast";
import type { Editor } from "./editor";
import { LAYERS } from "./heat";
import type { ToolName } from "./tools";
import { fit, oneToOne } from "./view";
import * as verdicts from "./verdicts";

export type Group = "Judge" | "Tools" | "Look" | "Image" | "Keyboard pointer";

/** Something a person can do, by key or button: both call `run`. */
export interface Action {
  name: string;
  title: string;
  group: Group;
  /** Default keys, as `chordOf` writes them. */
  keys: readonly string[];
  run: (editor: Editor) => void;
  /** Does not count as an action that a correction took. */
  isFree?: boolean;
}

const BRUSH_STEPS = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512];

function resize(editor: Editor, by: 1 | -1): void {
  const { radius } = editor.state;
  const next = by === 1 ? BRUSH_STEPS.find((r) => r > radius) : BRUSH_STEPS.findLast((r) => r < radius);
  if (next !== undefined) editor.store.set({ radius: next });
}

const tool = (name: ToolName, title: string, key: string): Action => ({
  name: `tool.${name}`,
  title,
  group: "Tools",
  keys: [key],
  run: (editor) => pick(editor, name),
});

/** Take a tool; what the one before has begun is given up. */
export function pick(editor: Editor, name: ToolName): void {
  editor.tools[editor.state.tool].cancel();
  editor.hover(null);
  const [first, second, ...more] = editor.state.selected;
  if (name === "merge" && first !== undefined && second !== undefined) {
    if (more.length === 0) editor.commit("merge", { defects: [first, second] });
    editor.select([]);
  }
  editor.store.set({ tool: name });
  editor.drawTop();
}

function cycleLayer(editor: Editor): void {
  const place = LAYERS.indexOf(editor.state.layer);
  editor.store.set({ layer: LAYERS[(place + 1) % LAYERS.length] ?? "none" });
}

/** Each person's way of undoing: one gesture, and neither tool nor class changes. */
function turn(editor: Editor, kind: "undo" | "redo"): void {
  const { canUndo, canRedo, journal } = editor.state;
  if (kind === "undo" ? canUndo || journal.waiting > 0 : canRedo || journal.waiting > 0) editor.commit(kind, {});
  else editor.speak(`Nothing to ${kind}.`);
}

function finish(editor: Editor): void {
  if (editor.state.fieldState === "done") say("This image is done already.");
  else editor.store.set({ dialog: "done" });
}

export const classAction = (value: number): Action => ({
  name: `class.${value}`,
  title: `Class ${value}: of the selection, and of what tools paint`,
  group: "Judge",
  keys: [String(value)],
  run: (editor) => verdicts.setClass(editor, value),
});

export const ACTIONS: readonly Action[] = [
  { name: "accept", title: "Accept and go to the next", group: "Judge", keys: ["a"], run: verdicts.accept },
  { name: "delete", title: "Delete (it becomes a ghost)", group: "Judge", keys: ["x", "Delete"], run: verdicts.remove },
  { name: "fix", title: "Fix: zoom to the defect, brush ready", group: "Judge", keys: ["f"], run: verdicts.fix },
  { name: "next", title: "Next uncertain defect", group: "Judge", keys: ["Tab", "n"], run: (e) => verdicts.step(e, 1) },
  {
    name: "previous",
    title: "Previous uncertain defect",
    group: "Judge",
    keys: ["q", "Shift+Tab"],
    run: (e) => verdicts.step(e, -1),
  },
  classAction(1),
  classAction(2),
  classAction(3),
  classAction(4),
  classAction(5),
  classAction(6),
  { name: "ignore", title: "Ignore the selection: it is not sample", group: "Judge", keys: ["u"], run: verdicts.ignore },
  { name: "restore", title: "Bring back the selected ghost", group: "Judge", keys: ["r"], run: verdicts.restore },
  { name: "fill", title: "Fill the holes of the selection", group: "Judge", keys: ["Shift+G"], run: verdicts.fillSelected },
  {
    name: "delete_where",
    title: "Delete many, by size and confidence",
    group: "Judge",
    keys: ["Shift+X"],
    run: (e) => e.store.set({ dialog: "delete_where" }),
  },
  {
    name: "recut",
    title: "Outline all unchecked defects at another probability",
    group: "Judge",
    keys: [],
    run: (e) => e.store.set({ panel: "recut" }),
  },
  tool("verify", "Verify: click selects, drag selects many", "v"),
  tool("brush", "Brush", "b"),
  tool("eraser", "Eraser (Alt held in any tool)", "e"),
  tool("wand", "Wand: all of this grey that hangs together", "w"),
  tool("click", "Click to segment: the blob near the pointer", "s"),
  tool("lasso", "Lasso: draw a region to add (Alt cuts)", "l"),
  tool("split", "Split a defect along a line", "k"),
  tool("merge", "Merge two defects", "m"),
  tool("fill", "Fill holes of a defect", "g"),
  tool("ignore", "Ignore a region: scale bar, mount, scratch", "i"),
  tool("pan", "Pan (right or middle button in any tool)", "p"),
  { name: "smaller", title: "Smaller brush", group: "Tools", keys: ["["], run: (e) => resize(e, -1), isFree: true },
  { name: "larger", title: "Larger brush", group: "Tools", keys: ["]"], run: (e) => resize(e, 1), isFree: true },
  { name: "layer", title: "Next overlay: none, confidence, difference, uncertainty", group: "Look", keys: ["h"], run: cycleLayer },
  {
    name: "difference",
    title: "Difference to the previous model",
    group: "Look",
    keys: ["d"],
    run: (e) => e.store.set({ layer: e.state.layer === "difference" ? "none" : "difference" }),
  },
  {
    name: "flip",
    title: "Flip between polished and etched",
    group: "Look",
    keys: ["t"],
    run: (e) => e.etched && e.store.set({ flip: e.state.flip < 0.5 ? 1 : 0 }),
  },
  { name: "zoom_in", title: "Zoom in", group: "Look", keys: ["+", "="], run: (e) => e.zoomBy(1.5), isFree: true },
  { name: "zoom_out", title: "Zoom out", group: "Look", keys: ["-"], run: (e) => e.zoomBy(1 / 1.5), isFree: true },
  {
    name: "fit",
    title: "Whole image",
    group: "Look",
    keys: ["0"],
    run: (e) => e.setView(fit(e.field.shape, e.view.width, e.view.height)),
    isFree: true,
  },
  {
    name: "one_to_one",
    title: "One image pixel is one screen pixel",
    group: "Look",
    keys: ["9"],
    run: (e) => e.setView(oneToOne(e.view, e.field.shape)),
    isFree: true,
  },
  { name: "undo", title: "Undo", group: "Image", keys: ["Ctrl+z"], run: (e) => turn(e, "undo") },
  { name: "redo", title: "Redo", group: "Image", keys: ["Ctrl+y", "Ctrl+Shift+Z"], run: (e) => turn(e, "redo") },
  { name: "done", title: "Image done", group: "Image", keys: ["Enter"], run: finish },
  { name: "help", title: "These keys", group: "Image", keys: ["?"], run: (e) => e.store.set({ dialog: "help" }), isFree: true },
];

const BY_NAME = new Map(ACTIONS.map((action) => [action.name, action]));

export function actionOf(name: string): Action {
  const action = BY_NAME.get(name);
  if (!action) throw new Error(`there is no action ${name}`);
  return action;
}

/** Do an action for a person who pressed a button or a key. */
export function run(editor: Editor, action: Action): void {
  if (action.isFree) editor.effort.note(performance.now());
  else editor.effort.act(performance.now());
  const begun = performance.now();
  action.run(editor);
  performance.measure(`sorby:${action.name}`, { start: begun, end: performance.now() });
}
