import { ACTIONS, type Action } from "./actions";

// Which key does what. A person may change it; the changes are kept in this browser.

const KEPT_AS = "sorby.keys";

export type Bindings = ReadonlyMap<string, readonly string[]>;

/** Keys of an event, for example "Ctrl+Shift+Z"; a letter without Shift is small. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): string {
  const isLetter = /^\p{L}$/u.test(event.key);
  const key = isLetter ? (event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase()) : event.key;
  const showsShift = isLetter || event.key.length > 1; // "?" and "+" are what Shift has made already
  return [
    event.ctrlKey || event.metaKey ? "Ctrl+" : "",
    event.altKey ? "Alt+" : "",
    event.shiftKey && showsShift ? "Shift+" : "",
    key,
  ].join("");
}

/** Keys of each action: what the person chose, otherwise the usual. */
export function bindings(chosen: Record<string, readonly string[]> = kept()): Bindings {
  return new Map(ACTIONS.map((action) => [action.name, chosen[action.name] ?? action.keys]));
}

export function actionFor(chord: string, bound: Bindings): Action | undefined {
  return ACTIONS.find((action) => bound.get(action.name)?.includes(chord));
}

/** Give an action a key of its own; whoever had it loses it. */
export function rebound(bound: Bindings, name: string, chord: string): Bindings {
  const free = [...bound].map(([other, keys]): [string, readonly string[]] => [
    other,
    other === name ? [chord] : keys.filter((key) => key !== chord),
  ]);
  return new Map(free);
}

export function kept(): Record<string, string[]> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}");
    return isBinding(found) ? found : {};
  } catch {
    return {}; // someone else's text: the usual keys
  }
}

function isBinding(found: unknown): found is Record<string, string[]> {
  return (
    typeof found === "object" &&
    found !== null &&
    Object.values(found).every((keys) => Array.isArray(keys) && keys.every((key) => typeof key === "string"))
  );
}

/** Remember what differs from the usual. */
export function keep(bound: Bindings): void {
  const changed = ACTIONS.filter((action) => String(bound.get(action.name)) !== String(action.keys));
  localStorage.setItem(KEPT_AS, JSON.stringify(Object.fromEntries(changed.map((a) => [a.name, bound.get(a.name)]))));
}

export function forgetKept(): void {
  localStorage.removeItem(KEPT_AS);
}

/** A key as a person reads it. */
export function keyWords(chord: string): string {
  const held = chord.match(/^(?:(?:Ctrl|Alt|Shift)\+)*/)?.[0] ?? "";
  const key = chord.slice(held.length);
  return held + (key.length === 1 ? key.toUpperCase() : key);
}
