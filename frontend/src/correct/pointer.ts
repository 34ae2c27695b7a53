import type { Point } from "./api";
import type { Editor } from "./editor";
import { removeAt } from "./verdicts";
import type { At, Tool } from "./tools/tool";
import { toImage } from "./view";

const WHEEL = 0.0016;
const KEPT_MEASURES = 4000;

/** Mouse, pen and touch on the stage: one pointer draws, two fingers pan and zoom. */
export class Pointers {
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private active: { id: number; tool: Tool } | null = null;
  private panning: { id: number; x: number; y: number } | null = null;
  private nMeasures = 0;
  private frame = new DOMRect();

  constructor(
    private readonly editor: Editor,
    private readonly stage: HTMLElement,
    private readonly ring: HTMLElement,
  ) {}

  listen(): () => void {
    const stop = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(name: K, act: (event: HTMLElementEventMap[K]) => void) =>
      this.stage.addEventListener(name, act, { signal: stop.signal, passive: false });
    on("pointerenter", () => this.findStage());
    on("pointerdown", (event) => this.onDown(event));
    on("pointermove", (event) => this.onMove(event));
    on("pointerup", (event) => this.onUp(event));
    on("pointercancel", (event) => this.onUp(event, true));
    on("pointerleave", () => {
      this.ring.classList.remove("shown");
      this.editor.hover(null);
    });
    on("dblclick", (event) => this.tool.doubleClick?.(this.at(event)));
    on("wheel", (event) => this.onWheel(event));
    addEventListener("resize", () => this.findStage(), { signal: stop.signal });
    on("contextmenu", (event) => event.preventDefault());
    return () => stop.abort();
  }

  private get tool(): Tool {
    return this.editor.tools[this.editor.state.tool];
  }

  /** Alt held is the eraser, but for regions, which it cuts. */
  private toolFor(at: At): Tool {
    const { tool } = this.editor.state;
    const cutsItself = tool === "lasso" || tool === "ignore" || tool === "pan";
    return at.alt && !cutsItself ? this.editor.tools.eraser : this.tool;
  }

  private at(event: MouseEvent): At {
    const x = event.clientX - this.frame.left;
    const y = event.clientY - this.frame.top;
    return {
      point: this.inReach(toImage(this.editor.view, x, y)),
      x,
      y,
      alt: event.altKey,
      shift: event.shiftKey,
      ctrl: event.ctrlKey || event.metaKey,
    };
  }

  /** A pointer may leave the image, by no more than the server takes. */
  private inReach([row, column]: Point): Point {
    const [rows, columns] = this.editor.field.shape;
    return [
      Math.min(2 * rows - 1, Math.max(-rows, row)),
      Math.min(2 * columns - 1, Math.max(-columns, column)),
    ];
  }

  /** Where the stage is in the window. Asked for seldom: a layout for each move would cost a frame. */
  private findStage(): void {
    this.frame = this.stage.getBoundingClientRect();
  }

  private onDown(event: PointerEvent): void {
    this.findStage();
    this.stage.focus({ preventScroll: true });
    event.preventDefault();
    const at = this.at(event);
    this.editor.effort.act(performance.now());
    if (this.editor.state.cursor) this.editor.store.set({ cursor: null });
    this.stage.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch" && this.addFinger(event.pointerId, at)) return;
    if (event.button !== 0) {
      this.panning = { id: event.pointerId, x: at.x, y: at.y };
      return;
    }
    if (this.active) return;
    if (at.ctrl) {
      removeAt(this.editor, at.point);
      return;
    }
    const tool = this.toolFor(at);
    this.active = { id: event.pointerId, tool };
    tool.down(at);
    this.measure("sorby:press", event.timeStamp);
  }

  /** Whether the fingers pan and zoom now. A stroke that the first one began is given up. */
  private addFinger(id: number, { x, y }: At): boolean {
    this.fingers.set(id, { x, y });
    if (this.fingers.size < 2) return false;
    this.active?.tool.cancel();
    this.active = null;
    return true;
  }

  private onMove(event: PointerEvent): void {
    const at = this.at(event);
    this.editor.effort.note(performance.now());
    this.moveRing(at);
    if (this.fingers.has(event.pointerId) && this.fingers.size >= 2) {
      this.pinch(event.pointerId, at);
      return;
    }
    if (this.panning?.id === event.pointerId) {
      this.editor.panBy(at.x - this.panning.x, at.y - this.panning.y);
      this.panning = { id: event.pointerId, x: at.x, y: at.y };
      return;
    }
    if (!this.active) {
      this.tool.hover?.(at);
      this.measure("sorby:hover", event.timeStamp);
      return;
    }
    if (this.active.id !== event.pointerId) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const each of moves.length > 0 ? moves : [event]) this.active.tool.move(this.at(each));
    this.measure("sorby:stroke", event.timeStamp);
  }

  private pinch(id: number, at: At): void {
    const before = this.fingers.get(id);
    const other = [...this.fingers].find(([each]) => each !== id)?.[1];
    this.fingers.set(id, { x: at.x, y: at.y });
    if (!before || !other) return;
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    this.editor.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    if (was > 10 && is > 10) this.editor.zoomBy(is / was, (at.x + other.x) / 2, (at.y + other.y) / 2);
  }

  private onUp(event: PointerEvent, isCancelled = false): void {
    this.fingers.delete(event.pointerId);
    if (this.panning?.id === event.pointerId) this.panning = null;
    if (this.active?.id !== event.pointerId) return;
    const { tool } = this.active;
    this.active = null;
    if (isCancelled) tool.cancel();
    else tool.up(this.at(event));
    this.measure("sorby:release", event.timeStamp);
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    this.editor.effort.note(performance.now());
    const at = this.at(event);
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) this.editor.panBy(-(event.deltaY || event.deltaX) * unit, 0);
    else {
      const speed = event.ctrlKey ? 4 : 1; // a pinch on a touch pad comes as a wheel with Ctrl
      this.editor.zoomBy(Math.exp(-event.deltaY * unit * WHEEL * speed), at.x, at.y);
    }
    this.moveRing(at);
  }

  /** The ring of the brush's true size, where the tool under the pointer has one. */
  private moveRing(at: At): void {
    const isShown = this.toolFor(at).hasRing === true || (at.shift && this.editor.state.tool === "verify");
    this.ring.classList.toggle("shown", isShown);
    this.stage.classList.toggle("ringed", isShown);
    if (!isShown) return;
    const size = Math.max(2, 2 * this.editor.state.radius * this.editor.view.scale);
    const style = this.ring.style;
    style.width = style.height = `${size}px`;
    style.transform = `translate(${at.x - size / 2}px, ${at.y - size / 2}px)`;
  }

  /** From the pointer's event to the painted pixel, for whoever measures. */
  private measure(name: string, start: number): void {
    performance.measure(name, { start, end: performance.now() });
    if (++this.nMeasures % KEPT_MEASURES === 0) performance.clearMeasures(name);
  }
}
