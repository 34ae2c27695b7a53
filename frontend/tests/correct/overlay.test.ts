import { beforeAll, expect, test } from "vitest";
import type { ByteTiles } from "../../src/correct/bytes";
import { IGNORE } from "../../src/correct/mask";
import { CUT_COLOUR, Overlay, word, type Look, type Rect } from "../../src/correct/overlay";
import type { View } from "../../src/correct/view";

beforeAll(() => {
  // Node has no canvas; the overlay needs only its memory.
  globalThis.ImageData = class {
    data: Uint8ClampedArray;
    constructor(width: number, height: number) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
  } as unknown as typeof ImageData;
});

const values = new Uint8Array(512 * 512);
for (let row = 4; row < 12; row++) values.fill(1, row * 512 + 4, row * 512 + 12);
values[20 * 512 + 20] = IGNORE;
const mask = { shape: [32, 32], peek: () => ({ values, isStale: false }) } as unknown as ByteTiles;
const view: View = { scale: 2, top: 0, left: 0, width: 64, height: 64 };
const look: Look = { colours: new Map([[1, [10, 20, 30]]]), opacity: 0.5, outline: 2 };
const all: Rect = { x0: -4, y0: -4, x1: 68, y1: 68 };

function pixel(overlay: Overlay, x: number, y: number): number {
  return new Uint32Array(overlay.pixels.data.buffer)[y * 64 + x] as number;
}

test("a defect has an outline of constant width, inside a fill, and nothing around it", () => {
  const overlay = new Overlay(64, 64);
  overlay.update(all, view, mask, 0, look, null);
  const row = [7, 8, 9, 10, 11].map((x) => pixel(overlay, x, 16));
  const [edge, fill] = [word([10, 20, 30], 1), word([10, 20, 30], 0.5)];
  expect(row).toEqual([0, edge, edge, fill, fill]);
});

test("the outline is as wide when zoomed in", () => {
  const overlay = new Overlay(64, 64);
  overlay.update(all, { ...view, scale: 4 }, mask, 0, look, null);
  const row = [15, 16, 17, 18].map((x) => pixel(overlay, x, 32));
  expect(row).toEqual([0, word([10, 20, 30], 1), word([10, 20, 30], 1), word([10, 20, 30], 0.5)]);
});

test("a rectangle made anew is what all made anew is", () => {
  const whole = new Overlay(64, 64);
  const part = new Overlay(64, 64);
  part.update(all, view, mask, 0, look, null);
  values.fill(0, 6 * 512 + 6, 6 * 512 + 9);
  whole.update(all, view, mask, 0, look, null);
  const touched = part.update({ x0: 12, y0: 12, x1: 18, y1: 14 }, view, mask, 0, look, null);
  expect(touched).toEqual({ x0: 8, y0: 8, x1: 22, y1: 18 });
  expect(part.pixels.data).toEqual(whole.pixels.data);
});

test("what lies outside of the image stays clear", () => {
  const overlay = new Overlay(64, 64);
  overlay.update(all, { ...view, top: -16, left: -16 }, mask, 0, look, null);
  expect(pixel(overlay, 3, 3)).toBe(0);
  expect(pixel(overlay, 40, 40)).not.toBe(0);
});

test("a cut is outlined where the probability reaches it, but not in what is decided", () => {
  const likely = new Uint8Array(512 * 512);
  for (let row = 14; row < 24; row++) likely.fill(200, row * 512 + 14, row * 512 + 24);
  likely.fill(255, 18 * 512 + 18, 18 * 512 + 20); // no sample: never an outline
  const tiles = { shape: [32, 32], peek: () => ({ values: likely, isStale: false }) } as unknown as ByteTiles;
  const outlined = (least: number, kept: [number, number, number, number][] = []) => {
    const overlay = new Overlay(64, 64);
    overlay.update(all, view, mask, 0, look, { tiles, inks: new Uint32Array(256), cut: { least, kept } });
    return [27, 28, 29, 30, 36].map((x) => pixel(overlay, x, 37) === word(CUT_COLOUR, 1));
  };
  expect(outlined(200)).toEqual([false, true, true, false, false]);
  expect(outlined(201)).toEqual([false, false, false, false, false]);
  expect(outlined(200, [[10, 10, 30, 30]])).toEqual([false, false, false, false, false]);
});
