// Decisions about a project that need no page.

import type { Field, Model } from "./api";

/** Field whose correction pays most now: begun, then picked, then any that a model may learn from. */
export function nextToCorrect(fields: Field[]): Field | undefined {
  const open = fields.filter((field) => field.state !== "done");
  return (
    open.find((field) => field.state === "in review") ??
    open.find((field) => field.picked_round !== null) ??
    open.find((field) => field.state !== "locked for test") ??
    fields[0]
  );
}

/** The newest model beside the one in use, where it is newer. */
export function waitingPair(
  models: Pick<Model, "number">[],
  current: number | null,
): [fresh: number, old: number] | null {
  const newest = Math.max(0, ...models.map((model) => model.number));
  return current === null || newest <= current ? null : [newest, current];
}
