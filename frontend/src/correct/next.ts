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

/** What is said of an image that is done: the last of a round is the time to train. */
export function doneWords(field: Field, next: Field | undefined): string {
  const isRoundOver = field.picked_round !== null && (next?.picked_round ?? null) === null;
  if (isRoundOver) return `${field.name} is done, and every picked image with it: time to train a model.`;
  return next ? `${field.name} is done. This is the next image.` : `${field.name} is done. It was the last one.`;
}
