import { describe, expect, test } from "vitest";
import type { Defect } from "../../src/correct/api";
import { ALL, Defects, neighbour, queueOf, secondsLeft } from "../../src/correct/defects";
import { edgesOf, isIn, regionAt } from "../../src/correct/region";

function defect(id: number, change: Partial<Defect> = {}): Defect {
  return {
    id,
    box: [id * 10, 0, id * 10 + 5, 5],
    point: [id * 10, 0],
    area_px: 25,
    area_um2: null,
    eq_diameter_um: null,
    circularity: 1,
    confidence: 0.5,
    class: 1,
    state: "predicted",
    gain: id,
    author: null,
    time: null,
    model: null,
    ...change,
  };
}

describe("the queue", () => {
  const all = [defect(1), defect(2, { state: "accepted" }), defect(3), defect(4, { class: 2, confidence: null })];
  test("shows what is to check, the most paying first", () => {
    expect(queueOf(all, ALL).map((one) => one.id)).toEqual([4, 3, 1]);
  });
  test("puts what is judged last", () => {
    expect(queueOf(all, { ...ALL, show: "all" }).map((one) => one.id)).toEqual([4, 3, 1, 2]);
  });
  test("filters by class and confidence; without confidence none is low", () => {
    expect(queueOf(all, { ...ALL, class: 2 }).map((one) => one.id)).toEqual([4]);
    expect(queueOf(all, { ...ALL, maxConfidence: 0.6 }).map((one) => one.id)).toEqual([3, 1]);
  });
  test("goes round", () => {
    const queue = queueOf(all, ALL);
    expect(neighbour(queue, 1, 1)?.id).toBe(4);
    expect(neighbour(queue, 4, -1)?.id).toBe(1);
    expect(neighbour(queue, null, 1)?.id).toBe(4);
    expect(neighbour([], 1, 1)).toBeUndefined();
  });
});

test("a defect is found by its box, in every cell that it reaches, the smallest first", () => {
  const defects = new Defects([defect(1, { box: [500, 500, 530, 530] }), defect(2, { box: [510, 510, 520, 520] })]);
  expect(defects.at(515, 515).map((one) => one.id)).toEqual([2, 1]);
  expect(defects.at(529, 529).map((one) => one.id)).toEqual([1]);
  defects.put(defect(1, { box: [0, 0, 3, 3] }));
  expect(defects.at(529, 529)).toEqual([]);
  expect(defects.inside([0, 0, 600, 600]).map((one) => one.id).sort()).toEqual([1, 2]);
  defects.remove(1);
  expect([defects.size, defects.at(1, 1)]).toEqual([1, []]);
});

describe("a region", () => {
  const picture = ["11..", "1..2", "..1.", "...1"];
  const at = (row: number, column: number) => Number(picture[row]?.[column]) || 0;
  test("holds what hangs together at sides and corners, of one class", () => {
    const region = regionAt(at, [2, 2], [0, 0, 4, 4], 0, [4, 4]);
    expect(region && [...region.bits]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(region && isIn(region, 3, 3)).toBe(true);
    expect(region && isIn(region, 1, 3)).toBe(false);
  });
  test("is nothing where the background is", () => {
    expect(regionAt(at, [3, 0], [0, 0, 4, 4], 0, [4, 4])).toBeNull();
  });
  test("has straight edges around it", () => {
    const edges = edgesOf({ level: 1, box: [2, 3, 3, 5], bits: Uint8Array.from([1, 1]) });
    expect(edges).toEqual([
      [4, 6, 4, 10],
      [6, 6, 6, 10],
      [4, 6, 6, 6],
      [4, 10, 6, 10],
    ]);
  });
});

test("the time left follows the person's own pace once it is known", () => {
  expect(secondsLeft(100, 0, 0)).toBe(300);
  expect(secondsLeft(100, 30, 30)).toBe(100);
});
