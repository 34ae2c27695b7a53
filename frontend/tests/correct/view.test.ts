import { describe, expect, test } from "vitest";
import { boxOnScreen, fit, levelFor, levelsOf, lookAt, panBy, resized, toImage, toScreen, visible, zoomAt } from "../../src/correct/view";

const SHAPE = [3000, 4000] as const;
const view = fit(SHAPE, 1000, 800);

test("the whole image is seen, in the middle", () => {
  const [x0, y0, x1, y1] = boxOnScreen(view, [0, 0, 3000, 4000]);
  expect(x0).toBeCloseTo(24);
  expect(x1).toBeCloseTo(976);
  expect(y0).toBeCloseTo(800 - y1);
});

test("screen and image lead into one another", () => {
  const [x, y] = toScreen(view, 100, 250);
  const [row, column] = toImage(view, x, y);
  expect([row, column]).toEqual([expect.closeTo(100), expect.closeTo(250)]);
});

test("a pixel's corner is half a pixel before its centre", () => {
  const close = { scale: 10, top: 5, left: 7, width: 100, height: 100 };
  expect(toImage(close, 0, 0)).toEqual([4.5, 6.5]);
  expect(toScreen(close, 5, 7)).toEqual([5, 5]);
  expect(boxOnScreen(close, [5, 7, 6, 8])).toEqual([0, 0, 10, 10]);
});

test("zooming keeps the place under the pointer", () => {
  const before = toImage(view, 300, 500);
  const after = toImage(zoomAt(view, 3, 300, 500, SHAPE), 300, 500);
  expect(after[0]).toBeCloseTo(before[0]);
  expect(after[1]).toBeCloseTo(before[1]);
});

test("the image cannot be lost", () => {
  const far = panBy(view, 1e6, -1e6, SHAPE);
  const [row, column] = toImage(far, 500, 400);
  expect(row).toBeCloseTo(2999.5);
  expect(column).toBeCloseTo(-0.5);
});

describe("looking at a defect", () => {
  test("a speck is brought near", () => {
    const near = lookAt(view, [100, 100, 104, 104], SHAPE);
    expect(near.scale).toBeGreaterThanOrEqual(6);
    expect(visible(near, SHAPE)[0]).toBeLessThan(100);
  });
  test("one that is large enough is moved to the middle at the same zoom", () => {
    const closer = zoomAt(view, 1.5, 500, 400, SHAPE);
    const near = lookAt(closer, [1000, 1000, 1400, 1400], SHAPE);
    expect(near.scale).toBe(closer.scale);
    expect(toScreen(near, 1199.5, 1199.5)).toEqual([expect.closeTo(500), expect.closeTo(400)]);
  });
  test("nothing moves where the whole image is seen and the defect is large enough", () => {
    expect(lookAt(view, [100, 100, 500, 500], SHAPE)).toBe(view);
  });
});

test("a view that shows all still does when the window changes", () => {
  expect(resized(view, 500, 500, SHAPE)).toEqual(fit(SHAPE, 500, 500));
});

test("the level's pixels are about the screen's", () => {
  expect([2, 1, 0.6, 0.24, 0.01].map((scale) => levelFor(scale, 4))).toEqual([0, 0, 1, 2, 3]);
  expect([levelsOf([512, 300], 512), levelsOf([513, 300], 512), levelsOf([4096, 4096], 512)]).toEqual([1, 2, 4]);
});
