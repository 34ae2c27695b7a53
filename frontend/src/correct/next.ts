import type { Field } from "../api";

/** The image to correct after this one: of the same round, then any that a person may learn from. */
export function nextImage(fields: readonly Field[], name: string): Field | undefined {
  const place = fields.findIndex((field) => field.name === name);
  const others = [...fields.slice(place + 1), ...fields.slice(0, Math.max(0, place))];
  const open = others.filter((field) => field.state !== "done" && field.shape !== null);
  const round = fields[place]?.picked_round ?? null;
  return (
    open.find((field) => round !== null && field.picked_round === round) ??
    open.find((field) => field.picked_round !== null) ??
    open.find((field) => field.state !== "locked for test")
  );
}
