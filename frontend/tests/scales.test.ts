import { describe, expect, test } from "vitest";
import { frameAround, pushedInside } from "../src/components/Crop";
import { pointsOf, rangeOfF1 } from "../src/pages/train/Running";
import { extent, hull, linear, nearestToward, nice, ticks, type Point } from "../src/scales";

test("a scale leads ends to ends and the middle to the middle", () => {
  const y = linear([0, 1], [200, 0]);
  expect([y(0), y(0.5), y(1)]).toEqual([200, 100, 0]);
});
test("a range without width leads to the middle", () => {
  expect(linear([3, 3], [0, 10])(3)).toBe(5);
});
test("the extent leaves out what is missing or not finite", () => {
  expect(extent([2, null, NaN, -1, Infinity])).toEqual([-1, 2]);
  expect(extent([])).toEqual([0, 1]);
});

describe("ticks", () => {
  test.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0.31, 0.98, [0.4, 0.6, 0.8]],
    [0, 1200, [0, 200, 400, 600, 800, 1000, 1200]],
    [-3, 3, [-2, 0, 2]],
  ])("%d to %d are round numbers without float dust", (low, high, wanted) => {
    const made = ticks(low, high);
    for (const tick of wanted) expect(made).toContain(tick);
    expect(Math.min(...made)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...made)).toBeLessThanOrEqual(high);
  });
  test("there is one where the range has no width", () => expect(ticks(2, 2)).toEqual([2]));
  test("a nice range holds the range", () => {
    const [low, high] = nice(0.31, 0.98);
    expect(low).toBeLessThanOrEqual(0.31);
    expect(high).toBeGreaterThanOrEqual(0.98);
  });
});

describe("hull", () => {
  const square: Point[] = [
    [0, 0],
    [4, 0],
    [4, 4],
    [0, 4],
  ];
  test("a square with points inside and on its edges has four corners", () => {
    const corners = hull([...square, [2, 2], [2, 0], [1, 3]]);
    expect(corners).toHaveLength(4);
    expect(corners).toEqual(expect.arrayContaining(square));
  });
  test("two points are their own hull", () => {
    expect(
      hull([
        [1, 1],
        [0, 0],
      ]),
    ).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe("arrow keys", () => {
  const points: Point[] = [
    [0, 0],
    [10, 1],
    [30, 0],
    [0, 9],
    [-5, -5],
  ];
  test("the nearest point on that side is reached", () => {
    expect(nearestToward(points, 0, [1, 0])).toBe(1);
    expect(nearestToward(points, 1, [1, 0])).toBe(2);
    expect(nearestToward(points, 0, [0, 1])).toBe(3);
  });
  test("where nothing is, the focus stays", () => expect(nearestToward(points, 2, [1, 0])).toBe(2));
});

describe("the frame around a defect", () => {
  test("the box is in the middle, with the margin on its longer side", () => {
    expect(frameAround([100, 200, 140, 220], 0.5, 1)).toEqual([80, 170, 80, 80]);
  });
  test("a wide picture of a wide box has its shape", () => {
    const [row, column, rows, columns] = frameAround([0, 0, 40, 200], 0, 3);
    expect(columns / rows).toBeCloseTo(3);
    expect([row + rows / 2, column + columns / 2]).toEqual([20, 100]);
  });
  test("a speck is not blown up beyond 24 px", () => {
    expect(frameAround([5, 5, 6, 6], 0.5, 1)[2]).toBe(24);
  });
  test("it is pushed into the image where it fits, and left where it does not", () => {
    expect(pushedInside([-10, 480, 40, 40], [512, 512])).toEqual([0, 472, 40, 40]);
    expect(pushedInside([-10, 5, 40, 40], [30, 100])).toEqual([-10, 5, 40, 40]);
  });
});

describe("curves of a training", () => {
  test("steps without a validation have no point of F1", () => {
    const curve = [
      { step: 1, loss: 0.5, validation_macro_f1: null },
      { step: 2, loss: 0.4, validation_macro_f1: 0.8 },
    ];
    expect(pointsOf(curve, "loss")).toEqual([
      [1, 0.5],
      [2, 0.4],
    ]);
    expect(pointsOf(curve, "validation_macro_f1")).toEqual([[2, 0.8]]);
  });
  test("a thousandth of F1 does not fill the chart, and 1 is never passed", () => {
    const [low, high] = rangeOfF1([
      [10, 0.993],
      [20, 0.991],
    ]);
    expect(high - low).toBeGreaterThanOrEqual(0.05);
    expect(high).toBe(1);
  });
});
