import { expect, test, vi } from "vitest";
import type { Field } from "../../src/api";
import type { Defect } from "../../src/correct/api";
import { squareAround } from "../../src/correct/crop";
import { doneWords, nextImage } from "../../src/correct/next";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));
const { savedWords } = await import("../../src/correct/topbar");
const { areaUnit, areaWords, circularityWords } = await import("../../src/correct/words");
const { roundLength } = await import("../../src/correct/stage");

function field(name: string, change: Partial<Field> = {}): Field {
  return { name, shape: [10, 10], state: "predicted", picked_round: null, ...change } as Field;
}

test("the next image is one of the same round, then a picked one, then any that is not locked", () => {
  const done = field("d", { state: "done", picked_round: 1 });
  const locked = field("t", { state: "locked for test" });
  const fields = [field("a", { picked_round: 1 }), locked, field("b"), done, field("c", { picked_round: 1 })];
  expect(nextImage(fields, "a")?.name).toBe("c");
  expect(nextImage(fields, "c")?.name).toBe("a");
  expect(nextImage([fields[0] as Field, locked, field("b")], "a")?.name).toBe("b");
  expect(nextImage([field("a"), done], "a")).toBeUndefined();
});

test("what is said of the journal", () => {
  const calm = { waiting: 0, trouble: null, savedAt: null };
  expect(savedWords(calm, 0)).toBe("journal ok");
  expect(savedWords({ ...calm, savedAt: 1000 }, 8000)).toBe("saved 7\u202fs ago · journal ok");
  expect(savedWords({ ...calm, waiting: 2 }, 0)).toBe("saving 2 gestures");
  expect(savedWords({ ...calm, waiting: 1, trouble: "away" }, 0)).toBe("not sent: 1 gesture, kept in this browser");
});

test("a scale bar has a round length", () => {
  expect([0.7, 1, 4.9, 73, 199].map(roundLength)).toEqual([0.5, 1, 2, 50, 100]);
});

test("a crop is a square with some of what is around", () => {
  expect(squareAround([100, 100, 140, 120])).toEqual([90, 80, 150, 140]);
  expect(squareAround([50, 50, 52, 52])).toEqual([37, 37, 65, 65]);
});

test("areas are shown and asked for in one unit, pixels as whole numbers", () => {
  const bare = { area_px: 46, area_um2: null } as Defect;
  const scaled = { area_px: 50, area_um2: 12.5 } as Defect;
  expect(areaWords(bare)).toBe("46\u202fpx²");
  expect(areaWords(scaled)).toBe("12.5\u202fµm²");
  expect(areaUnit([bare])).toEqual(["px²", 1]);
  expect(areaUnit([scaled])).toEqual(["µm²", 0.25]);
  expect(areaUnit([])).toEqual(["px²", 1]);
});

test("the last image of a round says that it is time to train", () => {
  const picked = field("a", { picked_round: 1 });
  expect(doneWords(picked, field("c", { picked_round: 1 }))).toContain("This is the next image");
  expect(doneWords(picked, field("b"))).toContain("time to train");
  expect(doneWords(picked, undefined)).toContain("time to train");
  expect(doneWords(field("b"), undefined)).toContain("the last one");
});

test("a defect of a few pixels has no circularity", () => {
  expect(circularityWords({ area_px: 4, circularity: 1.2 } as Defect)).toBe("–");
  expect(circularityWords({ area_px: 79, circularity: 0.8 } as Defect)).toBe("0.80");
});
