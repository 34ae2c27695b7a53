import type { Box } from "../api";
import type { ByteTiles } from "./bytes";
import { meets } from "./geometry";
import { Overlay, rectOf, wantVisible, type Heat, type Look, type Rect } from "./overlay";
import type { Drawn, ImageTiles } from "./tiles";
import { levelFor, visible, type View } from "./view";

/** What the painter needs to know of the editor. */
export interface Scene {
  view: View;
  polished: ImageTiles;
  etched: ImageTiles | null;
  mask: ByteTiles;
  look: Look;
  heat: Heat | null;
  /** Share of the etched twin. */
  flip: number;
  /** Selection, ghosts, and the tool's preview. */
  drawTop: (context: CanvasRenderingContext2D, view: View) => void;
}

const LARGEST_RATIO = 2;

/** Three canvases over one another: micrograph, mask, and what the pointer does. */
export class Painter {
  private readonly image: CanvasRenderingContext2D;
  private readonly over: CanvasRenderingContext2D;
  private readonly top: CanvasRenderingContext2D;
  private overlay = new Overlay(1, 1);
  private ratio = 1;
  private frame = 0;
  private needs = { image: false, overlay: false, top: false };
  private boxes: Box[] = [];
  private readonly begun = performance.now();
  private readonly reached = new Set<string>();

  constructor(
    private readonly canvases: { image: HTMLCanvasElement; overlay: HTMLCanvasElement; top: HTMLCanvasElement },
    private readonly scene: () => Scene | null,
  ) {
    this.image = contextOf(canvases.image);
    this.over = contextOf(canvases.overlay);
    this.top = contextOf(canvases.top);
  }

  resize(width: number, height: number): void {
    this.ratio = Math.min(LARGEST_RATIO, devicePixelRatio || 1);
    const columns = Math.max(1, Math.round(width * this.ratio));
    const rows = Math.max(1, Math.round(height * this.ratio));
    for (const canvas of Object.values(this.canvases)) {
      canvas.width = columns;
      canvas.height = rows;
    }
    this.overlay = new Overlay(columns, rows);
    this.all();
  }

  /** Everything anew, with the next frame. */
  all(): void {
    this.needs = { image: true, overlay: true, top: true };
    this.schedule();
  }

  drawImage(): void {
    this.needs.image = true;
    this.schedule();
  }

  drawOverlay(): void {
    this.needs.overlay = true;
    this.schedule();
  }

  drawTop(): void {
    this.needs.top = true;
    this.schedule();
  }

  /** A box of the mask has changed. */
  touch(box: Box): void {
    this.boxes.push(box);
    this.schedule();
  }

  /** A box of the mask has changed under the pointer: paint it at once, not with the next frame. */
  paintNow(box: Box): void {
    const scene = this.scene();
    if (!scene || this.needs.overlay) return;
    this.updateBox(scene, this.deviceView(scene.view), box);
  }

  /** Load stale tiles in sight again. */
  refresh(): void {
    const scene = this.scene();
    if (!scene) return;
    const view = this.deviceView(scene.view);
    wantVisible(view, scene.mask, levelOf(scene, view));
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = -1;
  }

  private schedule(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const scene = this.scene();
    if (!scene) return;
    const view = this.deviceView(scene.view);
    if (this.needs.image) this.paintImage(scene, view);
    if (this.needs.overlay) this.paintOverlay(scene, view);
    else this.paintBoxes(scene, view);
    if (this.needs.top) this.paintTop(scene);
    this.needs = { image: false, overlay: false, top: false };
    this.boxes = [];
  }

  private paintImage(scene: Scene, view: View): void {
    const { image } = this;
    image.clearRect(0, 0, view.width, view.height);
    if (scene.flip < 1 || !scene.etched) this.tell(scene.polished.draw(image, view), scene, view);
    if (scene.etched && scene.flip > 0) {
      image.globalAlpha = scene.flip;
      scene.etched.draw(image, view);
      image.globalAlpha = 1;
    }
  }

  private tell(drawn: Drawn, scene: Scene, view: View): void {
    if (drawn !== "nothing") this.reach("sorby:open:first-paint");
    if (drawn !== "all") return;
    this.reach("sorby:open:sharp");
    scene.polished.prefetchAround(view);
  }

  /** For whoever measures: when a stage of opening was reached first. */
  private reach(name: string): void {
    if (this.reached.has(name)) return;
    this.reached.add(name);
    performance.measure(name, { start: this.begun, end: performance.now() });
  }

  private paintOverlay(scene: Scene, view: View): void {
    const level = levelOf(scene, view);
    wantVisible(view, scene.mask, level);
    if (scene.heat) wantVisible(view, scene.heat.tiles, level);
    const full: Rect = { x0: 0, y0: 0, x1: this.overlay.width, y1: this.overlay.height };
    const rect = { x0: full.x0 - 4, y0: full.y0 - 4, x1: full.x1 + 4, y1: full.y1 + 4 };
    this.overlay.update(rect, view, scene.mask, level, this.lookOn(scene, view), scene.heat);
    this.over.putImageData(this.overlay.pixels, 0, 0);
  }

  private paintBoxes(scene: Scene, view: View): void {
    if (this.boxes.length === 0) return;
    const seen = visible(view, scene.mask.shape);
    for (const box of this.boxes) if (meets(box, seen)) this.updateBox(scene, view, box);
  }

  private updateBox(scene: Scene, view: View, box: Box): void {
    const level = levelOf(scene, view);
    const rect = rectOf(view, box);
    const size = Math.ceil(2 ** level * view.scale);
    const around = { x0: rect.x0 - size, y0: rect.y0 - size, x1: rect.x1 + size, y1: rect.y1 + size };
    const touched = this.overlay.update(around, view, scene.mask, level, this.lookOn(scene, view), scene.heat);
    const width = touched.x1 - touched.x0;
    const height = touched.y1 - touched.y0;
    if (width <= 0 || height <= 0) return;
    this.over.putImageData(this.overlay.pixels, 0, 0, touched.x0, touched.y0, width, height);
  }

  private paintTop(scene: Scene): void {
    const { top } = this;
    top.setTransform(1, 0, 0, 1, 0, 0);
    top.clearRect(0, 0, this.overlay.width, this.overlay.height);
    top.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    scene.drawTop(top, scene.view);
  }

  private deviceView(view: View): View {
    return {
      ...view,
      scale: view.scale * this.ratio,
      width: this.overlay.width,
      height: this.overlay.height,
    };
  }

  /** Outlines are finer where the image is smaller than life, so that specks are not covered. */
  private lookOn(scene: Scene, deviceView: View): Look {
    const wide = deviceView.scale < this.ratio ? 1 : scene.look.outline;
    return { ...scene.look, outline: Math.max(1, Math.round(wide * this.ratio)) };
  }
}

function levelOf(scene: Scene, deviceView: View): number {
  return levelFor(deviceView.scale, scene.polished.levels);
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no canvas to draw on. Use a current Chromium, Firefox or Safari.");
  return context;
}
