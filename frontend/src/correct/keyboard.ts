import { actionFor, bindings, chordOf, type Bindings } from "./keys";
import { run } from "./actions";
import type { Editor } from "./editor";
import type { Point } from "./api";
import type { At } from "./tools/tool";
import { toScreen, visible } from "./view";

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

const STEP_PX = 8; // on the screen
const FAST = 8;
const EDGE_PX = 40;

/** The editor by keyboard alone: actions by their keys, and a pointer that arrows move. */
export class Keyboard {
  bound: Bindings = bindings();
  private isDown = false;

  constructor(
    private readonly editor: Editor,
    private readonly stage: HTMLElement,
  ) {}

  listen(): () => void {
    const down = (event: KeyboardEvent) => this.onDown(event);
    const up = (event: KeyboardEvent) => this.onUp(event);
    const blur = () => this.editor.store.set({ isHidden: false });
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    addEventListener("blur", blur);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", blur);
    };
  }

  private onDown(event: KeyboardEvent): void {
    if (event.defaultPrevented || this.editor.state.dialog || isTyping(event)) return;
    if (this.isForPage(event)) return;
    if (this.special(event)) {
      event.preventDefault();
      return;
    }
    const action = actionFor(chordOf(event), this.bound);
    if (!action) return;
    event.preventDefault();
    run(this.editor, action);
  }

  /** Keys that move the focus or press a button stay the browser's, outside of the image. */
  private isForPage(event: KeyboardEvent): boolean {
    const target = event.target as HTMLElement;
    const isOnStage = target === this.stage || target === document.body;
    if (event.key === "Tab") return !isOnStage;
    const isControl = target.closest("button, a, [role=option], [role=tab], summary") !== null;
    return isControl && ["Enter", " ", ...Object.keys(ARROWS)].includes(event.key);
  }

  private special(event: KeyboardEvent): boolean {
    const { editor } = this;
    const arrow = ARROWS[event.key];
    if (arrow && !event.ctrlKey && !event.metaKey) {
      this.move(arrow, event);
      return true;
    }
    switch (event.key) {
      case " ":
        editor.store.set({ isHidden: true });
        return true;
      case "Alt":
        return true; // would open the browser's menu
      case ".":
        this.press(event);
        return true;
      case "Escape":
        this.escape();
        return true;
      default:
        return false;
    }
  }

  private onUp(event: KeyboardEvent): void {
    if (event.key === " ") this.editor.store.set({ isHidden: false });
    if (event.key === "Alt" && !isTyping(event)) event.preventDefault();
  }

  private move([down, right]: readonly [number, number], event: KeyboardEvent): void {
    const { editor } = this;
    editor.effort.note(performance.now());
    const size = (STEP_PX * (event.shiftKey ? FAST : 1)) / editor.view.scale;
    const step = Math.max(1, Math.round(size));
    const [rows, columns] = editor.field.shape;
    const [row, column] = this.cursor();
    const next: Point = [
      Math.min(rows - 1, Math.max(0, row + down * step)),
      Math.min(columns - 1, Math.max(0, column + right * step)),
    ];
    editor.store.set({ cursor: next });
    this.follow(next);
    const at = this.at(event);
    const tool = editor.tools[editor.state.tool];
    if (this.isDown) tool.move(at);
    else tool.hover?.(at);
    editor.drawTop();
  }

  /** Where the keyboard points: where it was, the selection, or the middle of what is seen. */
  private cursor(): Point {
    const { editor } = this;
    const { cursor } = editor.state;
    const seen = visible(editor.view, editor.field.shape);
    if (cursor && cursor[0] >= seen[0] && cursor[0] < seen[2] && cursor[1] >= seen[1] && cursor[1] < seen[3]) return cursor;
    const [defect] = editor.chosen();
    if (defect && editor.isInSight(defect)) return defect.point;
    return [Math.round((seen[0] + seen[2]) / 2), Math.round((seen[1] + seen[3]) / 2)];
  }

  private follow(point: Point): void {
    const { view } = this.editor;
    const [x, y] = toScreen(view, ...point);
    const dx = Math.max(0, EDGE_PX - x) - Math.max(0, x - (view.width - EDGE_PX));
    const dy = Math.max(0, EDGE_PX - y) - Math.max(0, y - (view.height - EDGE_PX));
    if (dx !== 0 || dy !== 0) this.editor.panBy(dx, dy);
  }

  /** `.` is the pointer's press: strokes begin and end with it, clicks are one. */
  private press(event: KeyboardEvent): void {
    const { editor } = this;
    editor.effort.act(performance.now());
    editor.store.set({ cursor: this.cursor() });
    const at = this.at(event);
    const tool = editor.tools[editor.state.tool];
    const isStroke = ["brush", "eraser", "pan"].includes(editor.state.tool);
    if (event.repeat) return;
    if (this.isDown) {
      tool.up(at);
      this.isDown = false;
      editor.speak("Stroke ended.");
    } else if (isStroke) {
      tool.down(at);
      this.isDown = true;
      editor.speak("Stroke begun. Arrows draw, full stop ends it.");
    } else {
      tool.down(at);
      tool.up(at);
    }
    editor.drawTop();
  }

  private at(event: KeyboardEvent): At {
    const point = this.editor.state.cursor ?? this.cursor();
    const [x, y] = toScreen(this.editor.view, ...point);
    return { point, x, y, alt: event.altKey, shift: false, ctrl: false };
  }

  /** First the gesture under way, then the selection, then the image as a whole. */
  private escape(): void {
    const { editor } = this;
    editor.tools[editor.state.tool].cancel();
    this.isDown = false;
    if (editor.state.selected.length > 0) editor.select([]);
    else if (editor.state.cursor) editor.store.set({ cursor: null });
    else document.querySelector<HTMLElement>(".correct-tools [aria-pressed=true]")?.focus();
    editor.drawTop();
  }
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type) || isSlider(target, event);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function isSlider(target: HTMLInputElement, event: KeyboardEvent): boolean {
  return target.type === "range" ? event.key in ARROWS || event.key === "Tab" : [" ", "Tab"].includes(event.key);
}
