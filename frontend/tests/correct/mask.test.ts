import { expect, test } from "vitest";
import { padded } from "../../src/correct/bytes";
import { atLevel, boxAround, clipped, meets } from "../../src/correct/geometry";
import { IGNORE, pendingLasso, pendingStroke, pooled } from "../../src/correct/mask";
import { tilesIn } from "../../src/correct/tiles";

test("a block is its highest class, and ignored only where all of it is", () => {
  const values = Uint8Array.from([0, IGNORE, 1, 2, IGNORE, IGNORE, IGNORE, IGNORE]);
  expect(pooled(values, 0, 4, 2)).toBe(0);
  expect(pooled(values, 2, 4, 2)).toBe(2);
  expect(pooled(new Uint8Array(4).fill(IGNORE), 0, 2, 2)).toBe(IGNORE);
});

test("a tile that the border cuts is laid out in rows of 512", () => {
  const values = Uint8Array.from([1, 2, 3, 4, 5, 6]);
  const full = padded(values, [1, 0], 0, [514, 3]);
  expect([...full.subarray(0, 4), ...full.subarray(512, 516)]).toEqual([1, 2, 3, 0, 4, 5, 6, 0]);
  expect(() => padded(values, [0, 0], 0, [514, 3])).toThrow(/are needed/);
});

test("tiles of a box", () => {
  expect(tilesIn([0, 500, 10, 513], 0)).toEqual([
    [0, 0],
    [0, 1],
  ]);
  expect(tilesIn([0, 500, 10, 513], 1)).toEqual([[0, 0]]);
});

test("boxes", () => {
  expect(boxAround([[1, 2]], 1.5)).toEqual([-1, 0, 4, 5]);
  expect(clipped([-5, 2, 9, 30], [8, 20])).toEqual([0, 2, 8, 20]);
  expect(meets([0, 0, 2, 2], [2, 0, 3, 3])).toBe(false);
  expect(atLevel([3, 4, 9, 9], 2)).toEqual([0, 1, 3, 3]);
});

test("a gesture's preview at a coarser level lies where the gesture lies", () => {
  const rows: number[] = [];
  pendingStroke("u", [[41.5, 41.5]], 8, 1).paint(2, [0, 0, 512, 512], (row) => rows.push(row));
  expect([Math.min(...rows), Math.max(...rows)]).toEqual([8, 12]); // rows 33 to 50 of the image
  const found: number[][] = [];
  const square = pendingLasso("u", [[0, 0], [0, 7], [7, 7], [7, 0]], 1, false); // prettier-ignore
  square.paint(1, [0, 0, 512, 512], (row, first, last) => found.push([row, first, last]));
  expect(found).toEqual([
    [0, 0, 3],
    [1, 0, 3],
    [2, 0, 3],
    [3, 0, 3],
  ]);
});
