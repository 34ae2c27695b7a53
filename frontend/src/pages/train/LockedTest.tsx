import { useEffect, useState } from "preact/hooks";
import { api, messageOf, type Evaluation, type Spread } from "../../api";
import { isUnderWay } from "../../components/JobChip";
import { Progress } from "../../components/Progress";
import { attempt } from "../../components/Toast";
import { NONE, plural } from "../../format";
import { hrefOf } from "../../router";
import { took, useProject } from "../../store";
import { Tile } from "./Running";

const MOST_NAMED = 6;

/** Fewer images than these say little of others. */
const ENOUGH = 5;

/** The model in use on images that no model ever learns from. */
export function LockedTest() {
  const { jobs, fields, current_model: current } = useProject();
  const [standing, setStanding] = useState<Evaluation | null>(null);
  const [error, setError] = useState("");
  const job = jobs.findLast((one) => one.kind === "evaluate");
  const isBusy = job !== undefined && isUnderWay(job);
  const tests = fields.filter((field) => field.split === "test");
  const seen = tests.map((field) => `${field.name} ${field.mask_source} ${field.mask_version}`);
  useEffect(() => {
    api.evaluation().then(
      (answer) => {
        setStanding(answer);
        setError("");
      },
      (problem) => setError(messageOf(problem)),
    );
  }, [job?.id, job?.state, current, seen.join()]);
  const start = () =>
    attempt(async () => took({ type: "job", job: await api.startJob("evaluate") }));
  const nReady = standing ? standing.tests.length - standing.without_mask.length : 0;
  const failed = job?.state === "failed" ? job.error : "";
  return (
    <section class="panel locked-test" aria-label="Locked test">
      <div class="page-head">
        <h2>Locked test</h2>
        <span class="muted">images that no model learns from</span>
        <div class="room" />
        <button
          class={standing?.scores?.is_current ? undefined : "primary"}
          disabled={isBusy || current === null || (tests.length > 0 && nReady === 0)}
          onClick={() => void start()}
        >
          {current === null ? "Score the model" : `Score model ${current}`}
        </button>
      </div>
      {(error || failed) && (
        <p class="bad" role="alert">
          {error || failed}
        </p>
      )}
      {isBusy && <Progress done={job.done} total={job.total} label="Scoring" />}
      {standing && <Lacking standing={standing} hasModel={current !== null} />}
      {standing?.scores && <Scored scores={standing.scores} current={current} />}
    </section>
  );
}

/** What stands in the way of a score, with a way to each image. */
function Lacking({ standing, hasModel }: { standing: Evaluation; hasModel: boolean }) {
  const { tests, without_mask: names } = standing;
  if (tests.length === 0) {
    return (
      <p class="muted">
        No test images are set aside yet. The first choice or training sets some aside
        {hasModel ? "; scoring does so too" : ""}.
      </p>
    );
  }
  if (names.length === 0) {
    return (
      <p class="muted">
        {plural(tests.length, "test image")}, each with a mask that a person checked.
      </p>
    );
  }
  return (
    <p class="warn">
      ⚠ {names.length} of {plural(tests.length, "test image")} have no mask that a person checked
      and are left out of the score:{" "}
      {names.slice(0, MOST_NAMED).map((name, place) => (
        <>
          {place > 0 && ", "}
          <a key={name} href={hrefOf("correct", name)}>
            {name}
          </a>
        </>
      ))}
      {names.length > MOST_NAMED && ` and ${names.length - MOST_NAMED} more`}. Correct one and mark
      it as done.
    </p>
  );
}

type Scores = NonNullable<Evaluation["scores"]>;

/** The best of the methods that need no labels: what a model has to beat. */
function bestWithoutLabels(scores: Scores, score: "defect_f1" | "macro_f1") {
  const all = Object.entries(scores.baselines).map(([name, one]) => [name, one[score]] as const);
  return all.sort(([, a], [, b]) => (b.mean ?? 0) - (a.mean ?? 0))[0] ?? ["", undefined];
}

function Scored({ scores, current }: { scores: Scores; current: number | null }) {
  const hasClasses = Object.keys(scores.classes).length > 1;
  const score = hasClasses ? "defect_f1" : "macro_f1";
  const [name, free] = bestWithoutLabels(scores, score);
  const gain = (scores[score].mean ?? 0) - (free?.mean ?? 0);
  return (
    <>
      {!scores.is_current && (
        <p class="warn">
          ⚠ These scores are{" "}
          {scores.model === current ? "from before test masks changed" : `of model ${scores.model}`}
          : score again.
        </p>
      )}
      <dl class="tiles">
        <Tile title="F1" text={mean(scores.macro_f1)} note={spread(scores.macro_f1, scores.n)} />
        {hasClasses && (
          <Tile
            title="F1, any class"
            text={mean(scores.defect_f1)}
            note={spread(scores.defect_f1, scores.n)}
          />
        )}
        <Tile
          title="Precision"
          text={mean(scores.precision)}
          note={spread(scores.precision, scores.n)}
        />
        <Tile title="Recall" text={mean(scores.recall)} note={spread(scores.recall, scores.n)} />
        {free && (
          <Tile
            title="Without labels"
            text={mean(free)}
            note={`F1 of ${name}, the same images`}
          />
        )}
      </dl>
      <p class="muted">
        Model {scores.model} on {plural(scores.n, "test image")}. F1 is by pixels, 1 is perfect; it
        is the mean over images, and ± is the standard deviation from image to image.
        {scores.n < ENOUGH && " So few images say little of others."}
      </p>
      {free && gain <= 0 && (
        <p class="warn">
          ⚠ The model is no better than the method that needs no labels. Correct more images before
          you rely on it.
        </p>
      )}
    </>
  );
}

const mean = (score: Spread) => score.mean?.toFixed(3) ?? NONE;

/** "± 0.021, 5 images". */
export function spread(score: Spread, n: number): string {
  return score.sd === null ? plural(n, "image") : `± ${score.sd.toFixed(3)}, ${plural(n, "image")}`;
}
