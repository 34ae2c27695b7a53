import { useState } from "preact/hooks";
import { api, type Job } from "../api";
import { duration } from "../format";
import { hrefOf } from "../router";
import { took } from "../store";
import { Dialog } from "./Dialog";
import { canResume, jobName, PAGE_OF } from "./JobChip";
import { attempt } from "./Toast";

const STATE_WORDS: Record<Job["state"], [words: string, kind: string]> = {
  waiting: ["waits for its turn", "muted"],
  running: ["running", ""],
  done: ["finished", "good"],
  failed: ["failed", "bad"],
  stopped: ["stopped", "warn"],
  interrupted: ["interrupted", "warn"],
};

/** What the server did, also before it was started anew; what was interrupted can go on from here. */
export function JobList({ jobs }: { jobs: Job[] }) {
  const [isOpen, setOpen] = useState(false);
  const nInterrupted = jobs.filter((job) => job.state === "interrupted").length;
  if (jobs.length === 0) return null;
  return (
    <>
      <button
        class={nInterrupted > 0 ? "quiet warn" : "quiet"}
        title="What ran beside the page, and what came of it"
        onClick={() => setOpen(true)}
      >
        {nInterrupted > 0 ? `⚠ ${nInterrupted} interrupted` : "Jobs"}
      </button>
      {isOpen && (
        <Dialog title="Jobs of this project" onClose={() => setOpen(false)}>
          <ul class="job-list">
            {jobs.toReversed().map((job) => (
              <JobLine key={job.id} job={job} onLeave={() => setOpen(false)} />
            ))}
          </ul>
        </Dialog>
      )}
    </>
  );
}

function JobLine({ job, onLeave }: { job: Job; onLeave: () => void }) {
  const [words, kind] = STATE_WORDS[job.state];
  const resume = () => attempt(async () => took({ type: "job", job: await api.resumeJob(job.id) }));
  return (
    <li>
      <div class="row">
        <a href={hrefOf(PAGE_OF[job.kind] ?? "results")} onClick={onLeave}>
          {jobName(job.kind)}
        </a>
        <span class={kind}>{words}</span>
        <span class="muted">{job.seconds > 0 ? duration(job.seconds) : ""}</span>
        <div class="room" />
        {canResume(job) && <button onClick={() => void resume()}>Resume</button>}
      </div>
      {job.error && <p class={job.state === "failed" ? "bad" : "muted"}>{job.error}</p>}
    </li>
  );
}
