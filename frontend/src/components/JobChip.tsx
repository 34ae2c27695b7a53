import { api, type Job } from "../api";
import { duration } from "../format";
import { hrefOf, type PageName } from "../router";
import { Progress } from "./Progress";
import { attempt } from "./Toast";

const NAMES: Record<string, string> = {
  train: "Training",
  predict: "Predicting masks",
  select: "Choosing images",
  embed: "Looking at images",
  measure: "Measuring",
  classify: "Typing defects",
  map: "Process map",
  report: "Report",
  sample: "Making the sample",
};

const PAGE_OF: Record<string, PageName> = {
  train: "train",
  select: "choose",
  embed: "choose",
  sample: "images",
};

export function jobName(kind: string): string {
  return NAMES[kind] ?? kind;
}

/** One line on a job: what, how far, how long still. */
export function jobWords(job: Job): string {
  const name = jobName(job.kind);
  if (job.state === "failed") return `${name} failed`;
  if (job.state === "stopped") return `${name} stopped`;
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
  const isRunning = job.state === "running" || job.state === "waiting";
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
