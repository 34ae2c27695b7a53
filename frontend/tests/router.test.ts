import { describe, expect, test } from "vitest";
import { boxOf, hrefOf, hrefOfDefect, parseHash } from "../src/router";

describe("routes", () => {
  test("no hash, or one of no page, is the images", () => {
    expect(parseHash("").page).toBe("images");
    expect(parseHash("#/nothing").page).toBe("images");
  });
  test.each(["A1", "50 % dense", "a/b", "Würfel 3?x=1#2", "100%"])(
    "the name %s comes back whole",
    (name) => {
      const route = parseHash(hrefOf("correct", name));
      expect(route.page).toBe("correct");
      expect(route.item).toBe(name);
    },
  );
  test("a defect's box comes back", () => {
    const route = parseHash(hrefOfDefect("A1", [10, 20, 30, 40]));
    expect(route.item).toBe("A1");
    expect(boxOf(route.query)).toEqual([10, 20, 30, 40]);
  });
  test.each(["#/correct/A1", "#/correct/A1?box=1,2", "#/correct/A1?box=a,b,c,d"])(
    "%s has no box",
    (hash) => {
      expect(boxOf(parseHash(hash).query)).toBeUndefined();
    },
  );
  test("a hash typed by hand that cannot be decoded is taken as it is", () => {
    expect(parseHash("#/correct/100%").item).toBe("100%");
  });
});
