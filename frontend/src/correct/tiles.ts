import type { Box } from "../api";
import { request } from "../api";
import { imageTileUrl, type ImageKind } from "./api";
import { clipped, grown } from "./geometry";
import { loader, Recent } from "./loader";
import { boxOnScreen, fit, levelFor, levelsOf, visible, type Shape, type View } from "./view";

export const TILE = 512;
const KEPT_TILES = 160; // about 170 MB of bitmaps

/** Shared by all images, so that the one that was prefetched is painted at once. */
const bitmaps = new Recent<ImageBitmap>(KEPT_TILES, (bitmap) => bitmap.close());
const failed = new Map<string, number>();
const RETRY_MS = 3000;

/** How much of a view was painted: coarser tiles count as a part. */
export type Drawn = "nothing" | "part" | "all";

/** The micrograph's pyramid. Draws what is there, coarser tiles where the fine ones are to come. */
export class ImageTiles {
  readonly levels: number;
  /** Page and grey window, as they stand in the address; empty as the server shows it by itself. */
  look = "";
  /** The look that was painted whole last: it stays in sight until the next one is there. */
  private before = "";

  constructor(
    readonly field: string,
    readonly kind: ImageKind,
    readonly shape: Shape,
    private readonly onLoad: () => void,
  ) {
    this.levels = levelsOf(shape, TILE);
  }

  /** Paint what the view sees. Tiles that are to come call `onLoad`. */
  draw(context: CanvasRenderingContext2D, view: View): Drawn {
    const drawn = this.paint(context, view);
    if (drawn === "all") this.before = this.look;
    return drawn;
  }

  private paint(context: CanvasRenderingContext2D, view: View): Drawn {
    const level = levelFor(view.scale, this.levels);
    context.imageSmoothingEnabled = view.scale < 2;
    context.imageSmoothingQuality = "low";
    const missing = tilesIn(visible(view, this.shape), level).filter((tile) => !this.get(level, tile));
    let isAny = missing.length > 0 && this.drawCoarser(context, view, level);
    if (this.before !== this.look) {
      for (const tile of missing) isAny = this.drawTile(context, view, level, tile, this.before) || isAny;
    }
    for (const tile of tilesIn(visible(view, this.shape), level)) {
      isAny = this.drawTile(context, view, level, tile) || isAny;
    }
    for (const tile of missing) this.want(level, tile);
    return missing.length === 0 ? "all" : isAny ? "part" : "nothing";
  }

  /** Load what lies around the view, when nothing else is to be done. */
  prefetchAround(view: View): void {
    const level = levelFor(view.scale, this.levels);
    const seen = visible(view, this.shape);
    const margin = (TILE * 2 ** level) / 2;
    const around = clipped(grown(seen, margin), this.shape);
    for (const tile of tilesIn(around, level)) this.want(level, tile, false);
  }

  private drawCoarser(context: CanvasRenderingContext2D, view: View, level: number): boolean {
    let isAny = false;
    for (let coarse = this.levels - 1; coarse > level; coarse--) {
      for (const tile of tilesIn(visible(view, this.shape), coarse)) {
        isAny = this.drawTile(context, view, coarse, tile) || isAny;
      }
    }
    return isAny;
  }

  private drawTile(
    context: CanvasRenderingContext2D,
    view: View,
    level: number,
    tile: Tile,
    look = this.look,
  ): boolean {
    const bitmap = this.get(level, tile, look);
    if (!bitmap) return false;
    const size = 2 ** level;
    const row = tile[0] * TILE * size;
    const column = tile[1] * TILE * size;
    const [x0, y0, x1, y1] = boxOnScreen(view, [
      row,
      column,
      row + bitmap.height * size,
      column + bitmap.width * size,
    ]);
    context.drawImage(bitmap, x0, y0, x1 - x0, y1 - y0);
    return true;
  }

  /** Draw a box of the image onto a small canvas; false while its tiles are to come. */
  crop(context: CanvasRenderingContext2D, box: Box, size: number): boolean {
    const span = Math.max(box[2] - box[0], box[3] - box[1]);
    const view: View = { scale: size / span, top: box[0], left: box[1], width: size, height: size };
    return this.paint(context, view) === "all";
  }

  /** Load what the first look at this image needs. */
  prefetch(width: number, height: number): void {
    const view = fit(this.shape, width, height);
    const level = levelFor(view.scale, this.levels);
    for (const tile of tilesIn(visible(view, this.shape), level)) this.want(level, tile);
  }

  private get(level: number, tile: Tile, look = this.look): ImageBitmap | undefined {
    return bitmaps.get(this.key(level, tile, look));
  }

  private key(level: number, tile: Tile, look: string): string {
    return `image/${this.kind}/${level}/${tile[0]}/${tile[1]}/${look}/${this.field}`;
  }

  private want(level: number, tile: Tile, isUrgent = true): void {
    const { look } = this;
    const key = this.key(level, tile, look);
    if (bitmaps.get(key) || (failed.get(key) ?? -Infinity) > performance.now() - RETRY_MS) return;
    const load = async () => {
      if (bitmaps.get(key) || this.look !== look) return; // a slider has moved on meanwhile
      try {
        const response = await request(imageTileUrl(this.field, this.kind, level, tile, look));
        bitmaps.set(key, await createImageBitmap(await response.blob()));
        failed.delete(key);
      } catch {
        failed.set(key, performance.now()); // asked for again with the next drawing
        window.setTimeout(this.onLoad, RETRY_MS + 50);
        return;
      }
      this.onLoad();
    };
    if (isUrgent) loader.want(key, load);
    else loader.wantLater(key, load);
  }
}

export type Tile = readonly [row: number, column: number];

/** Tiles of a level that a box of the image meets. */
export function tilesIn(box: Box, level: number): Tile[] {
  const size = TILE * 2 ** level;
  const found: Tile[] = [];
  for (let row = Math.floor(box[0] / size); row * size < box[2]; row++) {
    for (let column = Math.floor(box[1] / size); column * size < box[3]; column++) found.push([row, column]);
  }
  return found;
}
