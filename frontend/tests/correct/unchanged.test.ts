import { expect, test } from "vitest";
import { unchangedWords } from "../../src/correct/words";

test("a gesture that changes nothing says why", () => {
  expect(unchangedWords("wand", 1, 1, ["lack_of_fusion"])).toMatch(/is lack of fusion already/);
  expect(unchangedWords("wand", 255, 1, ["pore"])).toMatch(/ignored/);
  expect(unchangedWords("wand", 0, 0, ["pore"])).toMatch(/Nothing to erase/);
  expect(unchangedWords("fill_holes", null, 0, ["pore"])).toBe("It has no holes.");
  expect(unchangedWords("accept", null, 0, ["pore"])).toBe("");
});
