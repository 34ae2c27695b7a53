import { beforeEach, describe, expect, test, vi } from "vitest";
import { grayAt, lookOf, stopsOf, usualPercents, type ImageInfo } from "../../src/correct/grays";
import { ImageTiles } from "../../src/correct/tiles";
import { fit } from "../../src/correct/view";

const about: ImageInfo = {
  shape: [512, 512],
  window: [1010, 2900],
  grays: [
    [0, 1000],
    [0.5, 1010],
    [50, 2000],
    [99.5, 2900],
    [100, 3000],
  ],
  pages: 2,
  page: 0,
};

test("sliders stop where the server knows a grey, from black to the middle and from there to white", () => {
  expect(stopsOf(about, "low")).toEqual([0, 0.5]);
  expect(stopsOf(about, "high")).toEqual([99.5, 100]);
  expect(grayAt(about, 99.5)).toBe(2900);
});

test("an 8-bit image is shown whole until a slider moves, any other between its usual percentages", () => {
  expect(usualPercents(about)).toEqual([0.5, 99.5]);
  expect(usualPercents({ ...about, window: [0, 255] })).toEqual([0, 100]);
});

test("an address names page and grey window only where a person has chosen them", () => {
  expect(lookOf(null, about, null)).toBe("");
  expect(lookOf(1, about, null)).toBe("page=1");
  expect(lookOf(1, about, [0.5, 100])).toBe("page=1&low=1010&high=3000");
});

describe("tiles", () => {
  const asked: string[] = [];
  const drawn: string[] = [];
  const context = {
    drawImage: (bitmap: { url: string }) => drawn.push(bitmap.url),
  } as unknown as CanvasRenderingContext2D;
  const view = fit(about.shape, 600, 600);
  const rest = () => new Promise((go) => setTimeout(go, 5));
  const tile = (look: string) => `/api/fields/f/tile/0/0/0?kind=polished${look}`;

  beforeEach(() => {
    asked.length = drawn.length = 0;
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return { ok: true, blob: async () => url };
    });
    vi.stubGlobal("createImageBitmap", async (url: string) => ({ url, width: 512, height: 512, close() {} }));
  });

  test("another window asks for other tiles; the earlier ones stay in sight until those are there", async () => {
    const tiles = new ImageTiles("f", "polished", about.shape, () => {});
    expect(tiles.draw(context, view)).toBe("nothing");
    await rest();
    expect(tiles.draw(context, view)).toBe("all");
    tiles.look = "low=1&high=2";
    expect(tiles.draw(context, view)).toBe("part");
    expect(drawn.at(-1)).toBe(tile(""));
    await rest();
    expect(tiles.draw(context, view)).toBe("all");
    expect(drawn.at(-1)).toBe(tile("&low=1&high=2"));
    tiles.look = "";
    expect(tiles.draw(context, view)).toBe("all");
    expect(drawn.at(-1)).toBe(tile(""));
    expect(asked).toEqual([tile(""), tile("&low=1&high=2")]);
  });

  test("a window that was left before its turn came is not loaded", async () => {
    const wide = [512, 512 * 8] as const;
    const tiles = new ImageTiles("g", "polished", wide, () => {});
    const all = { scale: 1, top: 0, left: 0, width: wide[1], height: wide[0] };
    tiles.draw(context, all);
    tiles.look = "low=5&high=6";
    await rest();
    expect(asked).toHaveLength(3); // those that were under way
  });
});
