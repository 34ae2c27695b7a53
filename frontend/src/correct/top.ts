import type { Defect } from "./api";
import type { Editor } from "./editor";
import { edgesOf, type Edge, type Region } from "./region";
import { boxOnScreen, toScreen, visible, type View } from "./view";

const MOST_OUTLINED = 400;

/** What lies over the mask: ghosts, the selection, the tool's preview, the keyboard's pointer. */
export class Top {
  private readonly edges = new WeakMap<Region, Edge[]>();

  constructor(private readonly editor: Editor) {}

  draw(context: CanvasRenderingContext2D, view: View): void {
    const { editor } = this;
    const { isHidden, tool, cursor, selected } = editor.state;
    if (!isHidden) {
      this.ghosts(context, view);
      this.hovered(context, view);
      for (const id of selected.slice(0, MOST_OUTLINED)) {
        const defect = editor.defects.get(id) ?? editor.ghosts.get(id);
        if (defect) this.selected(context, view, defect, selected.length === 1);
      }
    }
    editor.tools[tool].draw?.(context, view);
    if (cursor) crosshair(context, ...toScreen(view, ...cursor));
  }

  private ghosts(context: CanvasRenderingContext2D, view: View): void {
    const path = new Path2D();
    for (const ghost of this.editor.ghosts.near(visible(view, this.editor.field.shape))) {
      if (ghost.state === "ignored") continue; // its pixels show what it is
      const [x0, y0, x1, y1] = boxOnScreen(view, ghost.box);
      const radius = Math.max(2, Math.min(x1 - x0, y1 - y0) / 3);
      path.roundRect(x0 - 1, y0 - 1, x1 - x0 + 2, y1 - y0 + 2, radius);
    }
    context.lineWidth = 1;
    context.strokeStyle = "rgb(0 0 0 / 55%)";
    context.stroke(path);
    context.setLineDash([3, 3]);
    context.strokeStyle = "rgb(255 255 255 / 75%)";
    context.stroke(path);
    context.setLineDash([]);
  }

  private hovered(context: CanvasRenderingContext2D, view: View): void {
    const { hovered, defects } = this.editor;
    const defect = hovered === null ? undefined : defects.get(hovered);
    const region = defect && this.editor.region(defect);
    if (!region) return;
    context.lineCap = "square";
    context.lineWidth = 1.5;
    context.strokeStyle = "rgb(255 255 255 / 85%)";
    context.stroke(this.outline(region, view));
  }

  private selected(context: CanvasRenderingContext2D, view: View, defect: Defect, isAlone: boolean): void {
    const isGhost = this.editor.ghosts.get(defect.id) !== undefined;
    const region = isGhost ? null : this.editor.region(defect);
    const path = region ? this.outline(region, view) : new Path2D();
    if (!region) addBox(path, view, defect);
    context.lineCap = "square";
    context.lineJoin = "miter";
    context.lineWidth = 4;
    context.strokeStyle = "rgb(0 0 0 / 70%)";
    context.stroke(path);
    context.lineWidth = 2;
    context.strokeStyle = "#ffffff";
    context.stroke(path);
    if (!isAlone) return;
    const corners = new Path2D();
    addCorners(corners, view, defect);
    context.lineWidth = 3;
    context.strokeStyle = "rgb(0 0 0 / 70%)";
    context.stroke(corners);
    context.lineWidth = 1.5;
    context.strokeStyle = "#ffd54a";
    context.stroke(corners);
  }

  private outline(region: Region, view: View): Path2D {
    let edges = this.edges.get(region);
    if (!edges) this.edges.set(region, (edges = edgesOf(region)));
    const path = new Path2D();
    for (const [row0, column0, row1, column1] of edges) {
      path.moveTo((column0 - view.left) * view.scale, (row0 - view.top) * view.scale);
      path.lineTo((column1 - view.left) * view.scale, (row1 - view.top) * view.scale);
    }
    return path;
  }
}

function addBox(path: Path2D, view: View, defect: Defect): void {
  const [x0, y0, x1, y1] = boxOnScreen(view, defect.box);
  path.rect(x0 - 1, y0 - 1, x1 - x0 + 2, y1 - y0 + 2);
}

/** Corners around a defect, so that even a speck is found at once. */
function addCorners(path: Path2D, view: View, defect: Defect): void {
  const [x0, y0, x1, y1] = boxOnScreen(view, defect.box);
  const gap = 7;
  const arm = Math.min(8, (Math.min(x1 - x0, y1 - y0) + 2 * gap) / 3);
  for (const [x, side] of [
    [x0 - gap, 1],
    [x1 + gap, -1],
  ] as const) {
    for (const [y, way] of [
      [y0 - gap, 1],
      [y1 + gap, -1],
    ] as const) {
      path.moveTo(x + side * arm, y);
      path.lineTo(x, y);
      path.lineTo(x, y + way * arm);
    }
  }
}

function crosshair(context: CanvasRenderingContext2D, x: number, y: number): void {
  const path = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    path.moveTo(x + 3 * dx, y + 3 * dy);
    path.lineTo(x + 12 * dx, y + 12 * dy);
  }
  context.lineWidth = 4;
  context.strokeStyle = "rgb(0 0 0 / 75%)";
  context.stroke(path);
  context.lineWidth = 2;
  context.strokeStyle = "#ffd54a";
  context.stroke(path);
}
