import { expect, test } from "vitest";
import known from "../../../tests/annotate/strokes.json";
import type { Box } from "../../src/api";
import type { Point } from "../../src/correct/api";
import { polygon, quarter, stroke, type PaintSpan } from "../../src/correct/raster";

function painted(shape: readonly number[], paint: (clip: Box, span: PaintSpan) => void): Uint8Array {
  const [rows = 0, columns = 0] = shape;
  const pixels = new Uint8Array(rows * columns);
  paint([0, 0, rows, columns], (row, first, last) => pixels.fill(1, row * columns + first, row * columns + last + 1));
  return pixels;
}

test.each(known.strokes.map((one, index) => [index, one] as const))(
  "stroke %i covers the pixels that the server covers",
  (_, { points, radius_px, runs }) => {
    const expected = painted(known.shape, (_clip, span) => {
      for (const [row = 0, first = 0, length = 0] of runs) span(row, first, first + length - 1);
    });
    const found = painted(known.shape, (clip, span) => stroke(points as Point[], radius_px, clip, span));
    expect(found).toEqual(expected);
  },
);

test("a disc of radius 1 is a cross", () => {
  const found = painted([3, 3], (clip, span) => stroke([[1, 1]], 1, clip, span));
  expect([...found]).toEqual([0, 1, 0, 1, 1, 1, 0, 1, 0]);
});

test("a disc of radius 10 has the area of a circle within 1 %", () => {
  const found = painted([40, 40], (clip, span) => stroke([[20.25, 19.75]], 10, clip, span));
  expect(Math.abs(found.reduce((sum, one) => sum + one, 0) / (Math.PI * 100) - 1)).toBeLessThan(0.01);
});

test("a triangle's inside is filled by the even-odd rule", () => {
  const corners: Point[] = [
    [0.5, 0.5],
    [0.5, 5.5],
    [5.5, 0.5],
  ];
  const found = painted([6, 6], (clip, span) => polygon(corners, clip, span));
  expect([...found.subarray(6, 12)]).toEqual([0, 1, 1, 1, 1, 1]);
  expect([...found.subarray(30, 36)]).toEqual([0, 1, 0, 0, 0, 0]);
});

test("points are rounded to quarter pixels", () => {
  expect([quarter(1.13), quarter(-0.1), quarter(2.375)]).toEqual([1.25, -0, 2.5]);
});
