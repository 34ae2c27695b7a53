import { expect, test, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
const { ACTIONS } = await import("../../src/correct/actions");
const { actionFor, bindings, chordOf, keyWords, rebound } = await import("../../src/correct/keys");

const press = (key: string, held: Partial<KeyboardEvent> = {}) =>
  chordOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });

test("keys are named with what is held", () => {
  expect(press("a")).toBe("a");
  expect(press("A")).toBe("a"); // caps lock
  expect(press("A", { shiftKey: true })).toBe("Shift+A");
  expect(press("z", { ctrlKey: true })).toBe("Ctrl+z");
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("Tab", { shiftKey: true })).toBe("Shift+Tab");
});

test("no two actions share a key, and no action two names", () => {
  const keys = ACTIONS.flatMap((action) => action.keys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(ACTIONS.map((action) => action.name)).size).toBe(ACTIONS.length);
});

test("every default key leads to its action", () => {
  const bound = bindings({});
  for (const action of ACTIONS) for (const key of action.keys) expect(actionFor(key, bound)).toBe(action);
});

test("a key that is given to an action is taken from whoever had it", () => {
  const bound = rebound(bindings({}), "accept", "x");
  expect(actionFor("x", bound)?.name).toBe("accept");
  expect(bound.get("delete")).toEqual(["Delete"]);
  expect(actionFor("a", bound)).toBeUndefined();
});

test("keys are shown as people read them", () => {
  expect([keyWords("a"), keyWords("Ctrl+z"), keyWords("+"), keyWords("Shift+Tab")]).toEqual(["A", "Ctrl+Z", "+", "Shift+Tab"]);
});
