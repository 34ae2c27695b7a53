import { api, type Job } from "../api";
import { duration } from "../format";
import { hrefOf, type PageName } from "../router";
import { Progress } from "./Progress";
import { attempt } from "./Toast";

const NAMES: Record<string, string> = {
  train: "Training",
  compare: "Comparing models",
  evaluate: "Scoring the model",
  predict: "Predicting masks",
  select: "Choosing images",
  embed: "Looking at images",
  measure: "Measuring",
  classify: "Typing defects",
  map: "Process map",
  report: "Report",
  sample: "Making the sample",
};

export const PAGE_OF: Record<string, PageName> = {
  train: "train",
  compare: "train",
  evaluate: "train",
  select: "choose",
  embed: "choose",
  sample: "images",
  predict: "correct",
};

export function jobName(kind: string): string {
  return NAMES[kind] ?? kind;
}

/** Whether it has not ended yet. */
export function isUnderWay(job: Job): boolean {
  return job.state === "running" || job.state === "waiting";
}

/** Whether the server would go on with it. */
export function canResume(job: Job): boolean {
  return ["stopped", "failed", "interrupted"].includes(job.state);
}

/** One line on a job: what, how far, how long still. */
export function jobWords(job: Job): string {
  const name = jobName(job.kind);
  if (job.state === "failed") return `${name} failed`;
  if (job.state === "stopped") return `${name} stopped`;
  if (job.state === "interrupted") return `${name} was interrupted`;
  if (job.state === "done") return `${name} finished`;
  if (job.state === "waiting") return `${name} waits`;
  const scored = job.curve.findLast((point) => point.validation_macro_f1 != null);
  return [
    name,
    scored && `F1 ${scored.validation_macro_f1?.toFixed(3)}`,
    job.seconds_left !== null && `${duration(job.seconds_left)} left`,
  ]
    .filter(Boolean)
    .join(" · ");
}

export function JobChip({ job }: { job: Job }) {
  const isRunning = isUnderWay(job);
  return (
    <>
      <a
        class="stack chip-words"
        href={hrefOf(PAGE_OF[job.kind] ?? "results")}
        title={job.error ?? job.step ?? ""}
      >
        <span class={job.state === "failed" ? "words bad" : "words"}>{jobWords(job)}</span>
        {isRunning && <Progress done={job.done} total={job.total} label={jobName(job.kind)} />}
      </a>
      {isRunning && (
        <button
          title={job.kind === "train" ? "Stop and keep the best model so far" : "Stop"}
          onClick={() => void attempt(() => api.stopJob(job.id))}
        >
          Stop
        </button>
      )}
    </>
  );
}
