import { get, fieldUrl, messageOf } from "../api";
import { say } from "../components/Toast";
import type { ImageKind } from "./api";
import type { Editor } from "./editor";
import type { ImageTiles } from "./tiles";
import type { Shape } from "./view";

/** What the server tells of an image. */
export interface ImageInfo {
  shape: Shape;
  /** Grey values shown as black and white unless others are asked for. */
  window: readonly [low: number, high: number];
  /** A percentage of the pixels, and the grey value that so many are not above; darkest first. */
  grays: readonly (readonly [percent: number, gray: number])[];
  pages: number;
  /** The page that was imported. */
  page: number;
}

/** Percentages of the pixels below black, and below white. */
export type Percents = readonly [low: number, high: number];

/** A slider that moves asks for tiles not oftener than this. */
const REST_MS = 80;

const EVERYTHING: Percents = [0, 100];
const USUAL: Percents = [0.5, 99.5];

const imageInfo = (field: string, kind: ImageKind, page: number | null) =>
  get<ImageInfo>(fieldUrl(field, `/info?kind=${kind}${page === null ? "" : `&page=${page}`}`));

/** Where the sliders stand until they are moved: 8-bit images are shown whole. */
export function usualPercents({ window: [low, high] }: ImageInfo): Percents {
  return low === 0 && high === 255 ? EVERYTHING : USUAL;
}

/** Places of a slider: the percentages up to the middle, or from there on. */
export function stopsOf({ grays }: ImageInfo, end: "low" | "high"): number[] {
  return grays.map(([percent]) => percent).filter((percent) => (end === "low" ? percent < 50 : percent > 50));
}

/** The grey value at a percentage; one that is not listed counts as the next lower. */
export function grayAt({ grays }: ImageInfo, percent: number): number {
  return (grays.findLast(([listed]) => listed <= percent) ?? grays[0] ?? [0, 0])[1];
}

/** The part of a tile's address that tells how it is shown; empty as the server shows it by itself. */
export function lookOf(page: number | null, about: ImageInfo | null, percents: Percents | null): string {
  const parts = page === null ? [] : [`page=${page}`];
  if (about && percents) parts.push(`low=${grayAt(about, percents[0])}`, `high=${grayAt(about, percents[1])}`);
  return parts.join("&");
}

/** Page and grey window of one image on the screen. Only the look changes, never a grey value. */
export class Grays {
  private etched: ImageInfo | null = null;
  private timer = 0;

  constructor(private readonly editor: Editor) {}

  /** Learn what there is to choose. */
  async open(): Promise<void> {
    const { field, store } = this.editor;
    try {
      store.set({ about: await imageInfo(field.name, "polished", null) });
    } catch {
      // What is wrong with the image, its tiles and its draft tell; here is nothing to choose then.
    }
  }

  async choosePage(page: number): Promise<void> {
    const { field, store } = this.editor;
    try {
      const about = await imageInfo(field.name, "polished", page);
      const [rows, columns] = about.shape;
      if (rows !== field.shape[0] || columns !== field.shape[1]) {
        say(`Page ${page + 1} is ${columns} × ${rows} px: another size than the image, so the mask does not lie on it.`);
        store.set({ about: store.now.about && { ...store.now.about } }); // the list goes back to the page in sight
        return;
      }
      store.set({ about, page: page === about.page ? null : page });
      this.apply();
    } catch (error) {
      say(messageOf(error));
    }
  }

  /** Show what lies between two percentages; null as the server shows it by itself. */
  setWindow(percents: Percents | null): void {
    this.editor.store.set({ window: percents });
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.apply(), REST_MS);
  }

  /** The imported page, in its usual window. */
  reset(): void {
    const { page, about } = this.editor.state;
    this.setWindow(null);
    if (page !== null && about) void this.choosePage(about.page);
  }

  private apply(): void {
    const { polished, etched, state, store } = this.editor;
    const look = lookOf(state.page, state.about, state.window);
    polished.look = look;
    if (etched) void this.applyTo(etched);
    store.set({ look });
    this.editor.painter?.drawImage();
  }

  /** The twin has grey values of its own: the percentages are the same. */
  private async applyTo(tiles: ImageTiles): Promise<void> {
    const { field, state } = this.editor;
    if (state.window) this.etched ??= await imageInfo(field.name, tiles.kind, null).catch(() => null);
    tiles.look = lookOf(null, this.etched, this.editor.state.window);
    this.editor.painter?.drawImage();
  }

  close(): void {
    window.clearTimeout(this.timer);
  }
}
