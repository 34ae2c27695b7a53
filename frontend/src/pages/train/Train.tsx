import { useState } from "preact/hooks";
import { api, type Job, type Model } from "../../api";
import { Empty } from "../../components/Empty";
import { attempt } from "../../components/Toast";
import { plural } from "../../format";
import { hrefOf } from "../../router";
import { waitingPair } from "../../project";
import { took, useProject } from "../../store";
import { Compare } from "./Compare";
import { keptKey } from "./kept";
import { LockedTest } from "./LockedTest";
import { Models } from "./Models";
import { Running } from "./Running";
import "./train.css";

export function Train() {
  const { fields, jobs, models, status, current_model: current } = useProject();
  const [asked, setAsked] = useState<[fresh: number, old: number] | null>(null);
  const job = jobs.findLast((one) => one.kind === "train");
  const isBusy = job?.state === "running" || job?.state === "waiting";
  const nLabelled = fields.filter(
    (field) => field.mask_source === "person" && field.split !== "test",
  ).length;
  const pair = asked ?? undecided(models, current);

  if (models.length === 0 && nLabelled === 0 && !job) {
    return (
      <Empty isPage title="There is nothing to learn from yet">
        <p>
          A model learns from images whose masks a person has checked. Correct one image and mark it
          as done; a first model is trained in under a minute.
        </p>
        <a class="button primary" href={hrefOf("correct")}>
          Correct an image
        </a>
      </Empty>
    );
  }
  return (
    <div class="page">
      <div class="page-head">
        <h1>Train</h1>
        <span class="muted">
          {plural(nLabelled, "corrected image")}
          {current !== null &&
            ` · model ${current} in use, which has learnt ${learntWords(status.not_learnt.length)}`}
        </span>
        <div class="room" />
        <button
          class={isBusy ? undefined : "primary"}
          disabled={isBusy || nLabelled === 0}
          onClick={() => void start()}
        >
          {current === null ? "Train a model" : "Train the next model"}
        </button>
      </div>
      {nLabelled === 0 && (
        <p class="warn">No image is corrected and done yet; a training needs one at least.</p>
      )}
      {pair && !isBusy && (
        <Compare
          key={pair.join()}
          fresh={pair[0]}
          old={pair[1]}
          current={current}
          onClose={() => setAsked(null)}
        />
      )}
      {job && <Running job={job} onResume={() => void resume(job)} />}
      <LockedTest />
      <Models
        models={models}
        current={current}
        onCompare={(fresh, old) => setAsked([fresh, old])}
      />
    </div>
  );
}

function learntWords(nNotLearnt: number): string {
  return nNotLearnt === 0 ? "all of them" : `all but ${nNotLearnt}`;
}

/** The pair that waits for a decision, unless the person decided to keep the old one. */
function undecided(models: Model[], current: number | null): [fresh: number, old: number] | null {
  const pair = waitingPair(models, current);
  return pair && localStorage.getItem(keptKey(pair[0])) === String(pair[1]) ? null : pair;
}

async function start(): Promise<void> {
  await attempt(async () => took({ type: "job", job: await api.startJob("train") }));
}

async function resume(job: Job): Promise<void> {
  await attempt(async () => took({ type: "job", job: await api.resumeJob(job.id) }));
}
