// Decisions about a project that need no page.

import type { EmbeddingPoint, Field, Model } from "./api";

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

/** Fields that may still be picked: neither locked for tests nor corrected by a person. */
export function poolLeft(fields: Field[]): Field[] {
  return fields.filter(
    (field) =>
      field.split !== "test" && field.state !== "locked for test" && field.mask_source !== "person",
  );
}

/** Picks as the fields know them; what shows them where no map was made. */
export function picksOf(fields: Field[]): EmbeddingPoint[] {
  return poolLeft(fields)
    .filter((field) => field.picked_round !== null)
    .map((field) => ({
      ...{ name: field.name, x: 0, y: 0, cluster: 0, role: "pick" as const },
      ...{ reason: null, score: null, round: field.picked_round },
    }));
}

/** The newest model beside the one in use, where it is newer. */
export function waitingPair(
  models: Pick<Model, "number">[],
  current: number | null,
): [fresh: number, old: number] | null {
  const newest = Math.max(0, ...models.map((model) => model.number));
  return current === null || newest <= current ? null : [newest, current];
}
