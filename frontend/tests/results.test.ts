import { expect, test } from "vitest";
import { porosityWords } from "../src/correct/bottombar";
import { bulkWords } from "../src/pages/results/Effort";

test("defects accepted in bulk are told with their images, and not where there are none", () => {
  const row = { round: 1, n_defects: 40, n_in_bulk: 30, n_images_in_bulk: 1 };
  const other = { round: 2, n_defects: 10, n_in_bulk: 0, n_images_in_bulk: 0 };
  expect(bulkWords([row, other])).toMatch(/^30 of 50 defects, in 1 image, were accepted in bulk/);
  expect(bulkWords([other])).toBe("");
});

test("the interval of the porosity says that it is of what is unchecked, without what was missed", () => {
  const porosity = { fraction: 0.0132, low: 0.011, high: 0.0132 };
  expect(porosityWords(porosity, 3)).toBe(
    "(1.10 to 1.32\u202f% by what is unchecked; missed defects not counted)",
  );
  expect(porosityWords(porosity, 0)).toBe("missed defects not counted");
});
