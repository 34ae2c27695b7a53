import { useState } from "preact/hooks";
import { api, type Freshness, type Job, type Results } from "../../api";
import { jobName } from "../../components/JobChip";
import { Progress } from "../../components/Progress";
import { complain } from "../../components/Toast";
import { took, useProject } from "../../store";

const WORDS: Record<Freshness, string> = {
  yes: "up to date",
  no: "not measured",
  "out of date": "out of date: masks or images changed",
};

/** Steps that are missing, in their order. */
export function stepsMissing(
  results: Pick<Results, "measured" | "classified">,
  isMasked: boolean,
): string[] {
  const later = ["map", "report"];
  if (!isMasked) return ["predict", "measure", "classify", ...later];
  if (results.measured !== "yes") return ["measure", "classify", ...later];
  return results.classified !== "yes" ? ["classify", ...later] : later;
}

/** Whether the numbers are those of the masks, the button that makes them so, and the report. */
export function Update({ results }: { results: Results }) {
  const { jobs, status } = useProject();
  const [isChained, setIsChained] = useState(false);
  const steps = stepsMissing(results, status.n_masks >= status.n_fields);
  const running = jobs.find(
    (job) => steps.includes(job.kind) && (job.state === "running" || job.state === "waiting"),
  );
  const isFresh = results.measured === "yes" && results.classified === "yes";

  const update = async () => {
    setIsChained(true);
    try {
      for (const kind of steps) await finished(await api.startJob(kind));
    } catch (error) {
      complain(error);
    }
    setIsChained(false);
  };

  if (isChained || running) {
    return (
      <div class="stack updating" role="status">
        <span>{running ? `${jobName(running.kind)} …` : "Updating …"}</span>
        <Progress
          done={running?.done ?? 0}
          total={running?.total ?? null}
          label="Updating the results"
        />
      </div>
    );
  }
  return (
    <>
      <span class={isFresh ? "good" : "warn"}>
        {isFresh ? "✓" : "⚠"}{" "}
        {
          WORDS[
            isFresh ? "yes" : results.measured === "yes" ? results.classified : results.measured
          ]
        }
      </span>
      {!isFresh && (
        <button class="primary" onClick={() => void update()}>
          {results.measured === "no" ? "Measure" : "Update"}
        </button>
      )}
      {isFresh && !results.can_report && (
        <button class="primary" onClick={() => void update()}>
          Make the report
        </button>
      )}
      {results.can_report && results.measured !== "no" && (
        <a class="button" href="/api/report.html" download>
          Download the report
        </a>
      )}
    </>
  );
}

const ASK_AGAIN_MS = 700;

/** Wait for a job's end. Asking is enough here: the page is told of the steps by events besides. */
async function finished(job: Job): Promise<void> {
  let now: Job | undefined = job;
  while (now && (now.state === "running" || now.state === "waiting")) {
    took({ type: "job", job: now });
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    now = (await api.jobs()).find((one) => one.id === job.id);
  }
  if (now) took({ type: "job", job: now });
  if (now?.state === "failed") throw new Error(now.error ?? `${jobName(job.kind)} failed.`);
  if (now?.state === "stopped")
    throw new Error(`${jobName(job.kind)} was stopped; the numbers are as they were.`);
}
