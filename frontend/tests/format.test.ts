import { describe, expect, test } from "vitest";
import {
  count,
  duration,
  interval,
  number,
  percent,
  plural,
  THIN,
  when,
  withUnit,
} from "../src/format";

const plain = (text: string) => text.replaceAll(THIN, " ");

describe("numbers", () => {
  test.each([
    [0, "0"],
    [1.2345, "1.23"],
    [0.012345, "0.0123"],
    [123.45, "123"],
    [12345.6, "12 346"],
    [-0.5, "-0.500"],
    [0.0000012, "1.20e-6"],
  ])("%d has three significant digits", (value, text) => expect(plain(number(value))).toBe(text));
  test("what is missing is a dash, with or without a unit", () => {
    expect(number(null)).toBe("–");
    expect(withUnit(undefined, "µm")).toBe("–");
    expect(percent(NaN)).toBe("–");
  });
  test("the unit stands behind a thin space", () =>
    expect(withUnit(12, "µm²")).toBe(`12.0${THIN}µm²`));
  test("a fraction is shown in percent", () => expect(plain(percent(0.01602))).toBe("1.60 %"));
  test("counts are whole", () => {
    expect(plain(count(11544))).toBe("11 544");
    expect(plural(1, "image")).toBe("1 image");
    expect(plural(2, "image")).toBe("2 images");
  });
});

describe("intervals", () => {
  test("value and ends have the same decimals, from the width", () => {
    expect(plain(interval(1.6021, 1.2345, 1.9876, "%"))).toBe("1.60 (1.23 to 1.99) %");
    expect(plain(interval(32.877, 20.1, 45.6))).toBe("33 (20 to 46)");
  });
  test("without an interval the value stands alone", () => {
    expect(plain(interval(1.5, null, null, "%"))).toBe("1.50 %");
    expect(interval(null, 1, 2)).toBe("–");
  });
});

describe("times", () => {
  test.each([
    [0, "0 s"],
    [59.4, "59 s"],
    [125, "2 min 5 s"],
    [1500, "25 min"],
    [5400, "1 h 30 min"],
    [7195, "2 h 0 min"],
  ])("%d s", (seconds, text) => expect(plain(duration(seconds))).toBe(text));
  test("a time that is not one is a dash", () => expect(when("yesterday")).toBe("–"));
});
