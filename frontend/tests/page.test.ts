import { describe, expect, test, vi } from "vitest";
import lock from "../package-lock.json?raw";
import type { Field, Job, Project } from "../src/api";
import { waitBefore } from "../src/events";
import { doubts } from "../src/pages/results/doubts";
import { stepsMissing } from "../src/pages/results/Update";
import { canResume, jobWords } from "../src/components/JobChip";
import { complain, say, shownMessages } from "../src/components/Toast";
import { jobOf } from "../src/pages/train/Compare";
import { spread } from "../src/pages/train/LockedTest";
import { bestOf } from "../src/pages/train/Running";
import { nextToCorrect, picksOf, poolLeft, waitingPair } from "../src/project";
import { after, changesStatus } from "../src/store";

const field = (name: string, rest: Partial<Field> = {}) =>
  ({ name, state: "predicted", picked_round: null, ...rest }) as Field;
const job = (id: number, state: Job["state"]) => ({ id, state, kind: "train" }) as Job;
const project = { fields: [field("A"), field("B")], jobs: [job(1, "running")] } as Project;

test("the lock file names no host; npm writes sponsors' addresses into it, which have to be taken out", () => {
  expect(lock).not.toMatch(/https?:/);
});

test("an event changes what it is about and nothing else", () => {
  const changed = after(project, { type: "field", field: field("B", { um_per_px: 0.5 }) });
  expect(changed.fields.map((one) => one.um_per_px)).toEqual([undefined, 0.5]);
  expect(changed.fields[0]).toBe(project.fields[0]);
  expect(after(project, { type: "job", job: job(1, "done") }).jobs).toEqual([job(1, "done")]);
  expect(after(project, { type: "job", job: job(2, "running") }).jobs).toHaveLength(2);
});

test("waiting for the server grows, up to eight seconds", () => {
  expect([0, 1, 2, 9].map(waitBefore)).toEqual([500, 1000, 2000, 8000]);
});

test("a begun image comes first, then a pick, then any that is not locked", () => {
  const locked = field("T", { state: "locked for test" });
  const done = field("D", { state: "done", picked_round: 1 });
  const picked = field("P", { picked_round: 2 });
  const begun = field("R", { state: "in review" });
  expect(nextToCorrect([locked, done, field("A"), picked, begun])?.name).toBe("R");
  expect(nextToCorrect([locked, done, field("A"), picked])?.name).toBe("P");
  expect(nextToCorrect([locked, done, field("A")])?.name).toBe("A");
  expect(nextToCorrect([])).toBeUndefined();
});

test("a model newer than the one in use waits for a decision", () => {
  const models = [1, 2, 3].map((number) => ({ number }));
  expect(waitingPair(models, 2)).toEqual([3, 2]);
  expect(waitingPair(models, 3)).toBeNull();
  expect(waitingPair(models, null)).toBeNull();
});

test("an update runs what is missing, in order", () => {
  const later = ["map", "report"];
  const none = { measured: "no", classified: "no" } as const;
  expect(stepsMissing(none, true)).toEqual(["measure", "classify", ...later]);
  expect(stepsMissing(none, false)).toEqual(["predict", "measure", "classify", ...later]);
  expect(stepsMissing({ measured: "yes", classified: "out of date" }, true)).toEqual([
    "classify",
    ...later,
  ]);
  expect(stepsMissing({ measured: "yes", classified: "yes" }, true)).toEqual(later);
});

test("what is corrected or locked for tests is never picked", () => {
  const fields = [
    field("pick", { picked_round: 2, split: "pool" }),
    field("corrected", { picked_round: 1, split: "pool", mask_source: "person" }),
    field("locked", { picked_round: null, split: "test", state: "locked for test" }),
    field("left", { split: "pool" }),
  ];
  expect(poolLeft(fields).map((one) => one.name)).toEqual(["pick", "left"]);
  expect(picksOf(fields).map((one) => [one.name, one.round])).toEqual([["pick", 2]]);
});

test("the project is asked for anew where its counts change, and not for each stroke", () => {
  const stroke = field("B", { n_to_check: 3 });
  expect(changesStatus(project, { type: "field", field: stroke })).toBe(false);
  expect(changesStatus(project, { type: "field", field: { ...stroke, state: "done" } })).toBe(true);
  expect(changesStatus(project, { type: "field", field: field("new") })).toBe(true);
  expect(changesStatus(project, { type: "job", job: job(1, "running") })).toBe(false);
  expect(changesStatus(project, { type: "job", job: job(1, "failed") })).toBe(true);
});

describe("the best score of a training", () => {
  const curve = [
    { step: 5, loss: 1, validation_macro_f1: null },
    { step: 10, loss: 1, validation_macro_f1: 0.96 },
    { step: 20, loss: 1, validation_macro_f1: 0.94 },
  ];
  test("while it runs, the best of the curve", () => {
    expect(bestOf({ curve, answer: null } as unknown as Job)).toEqual({ f1: 0.96, step: 10 });
    expect(bestOf({ curve: [], answer: null } as unknown as Job)).toBeNull();
  });
  test("at its end, that of the weights it kept: no step may have been better than the start", () => {
    const answer = { best_step: 0, validation_macro_f1: 0.97 };
    expect(bestOf({ curve, answer } as unknown as Job)).toEqual({ f1: 0.97, step: 0 });
  });
});

test("types seen in polished images and images without a scale are said beside the numbers", () => {
  const seen = { type_seen_in: "polished", type_source: "model" };
  const told = doubts({ defects: [seen, seen] }, [{ um_per_px: null }, { um_per_px: 0.5 }]);
  expect(told).toHaveLength(2);
  expect(told[0]).toContain("The types of 2 defects were judged in polished images");
  expect(told[1]).toContain("1 of 2 images");
  const sure = [
    { ...seen, type_seen_in: "etched" },
    { ...seen, type_source: "person" },
  ];
  expect(doubts({ defects: sure }, [{ um_per_px: 0.5 }])).toEqual([]);
});

test("errors stay until they are closed, and what goes by itself makes room for them first", () => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
  for (const number of [1, 2, 3]) complain(new Error(`error ${number}`));
  say("a word");
  complain(new Error("error 4"));
  vi.advanceTimersByTime(3_600_000);
  expect(shownMessages().map((message) => message.text)).toEqual(
    [1, 2, 3, 4].map((number) => `error ${number}`),
  );
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a comparison is the job of exactly these two models, the latest one", () => {
  const compare = (id: number, fresh: number, old: number) =>
    ({ id, kind: "compare", state: "done", options: { new: fresh, old } }) as unknown as Job;
  const jobs = [compare(1, 2, 1), compare(2, 2, 1), compare(3, 3, 1), job(4, "done")];
  expect(jobOf(jobs, 2, 1)?.id).toBe(2);
  expect(jobOf(jobs, 1, 2)).toBeUndefined();
});

test("an interrupted job says so and can go on", () => {
  const interrupted = { ...job(1, "interrupted"), curve: [] };
  expect(jobWords(interrupted)).toBe("Training was interrupted");
  expect(canResume(interrupted)).toBe(true);
  expect(canResume(job(1, "done"))).toBe(false);
});

test("a score tells its spread and the number of its images; one image has no spread", () => {
  expect(spread({ mean: 0.9, sd: 0.0212 }, 5)).toBe("± 0.021, 5 images");
  expect(spread({ mean: 0.9, sd: null }, 1)).toBe("1 image");
});
