import { api, type CurvePoint, type Job } from "../../api";
import { canResume, isUnderWay } from "../../components/JobChip";
import { LineChart } from "../../components/LineChart";
import { Progress } from "../../components/Progress";
import { attempt } from "../../components/Toast";
import { duration, number } from "../../format";
import { extent, nice, type Point } from "../../scales";

type Quantity = "loss" | "validation_macro_f1";

export function pointsOf(curve: CurvePoint[], quantity: Quantity): Point[] {
  return curve.flatMap((point) => {
    const value = point[quantity];
    return value == null ? [] : [[point.step, value] as const];
  });
}

/** Best score of a training so far; where it has ended, that of the weights it kept. */
export function bestOf({ curve, answer }: Job): { f1: number; step: number } | null {
  const { best_step: step, validation_macro_f1: f1 } = answer ?? {};
  if (typeof step === "number" && typeof f1 === "number") return { f1, step };
  return pointsOf(curve, "validation_macro_f1").reduce<{ f1: number; step: number } | null>(
    (top, [at, score]) => (!top || score > top.f1 ? { f1: score, step: at } : top),
    null,
  );
}

/** The training that runs, or the last one: curves, time, and how it ended. */
export function Running({ job, onResume }: { job: Job; onResume: () => void }) {
  const loss = pointsOf(job.curve, "loss");
  const f1 = pointsOf(job.curve, "validation_macro_f1");
  const best = bestOf(job);
  const notes = Array.isArray(job.answer?.notes) ? job.answer.notes : [];
  const isRunning = isUnderWay(job);
  if (job.state === "done" && job.curve.length === 0) return <Unchanged job={job} />;
  return (
    <section class="panel training" aria-label="Training">
      <div class="page-head">
        <h2>{TITLES[job.state]}</h2>
        <span class="muted">{isRunning ? (job.step ?? "") : ""}</span>
        <div class="room" />
        {isRunning && (
          <>
            <span class="muted">Editing goes on meanwhile.</span>
            <button onClick={() => void attempt(() => api.stopJob(job.id))}>
              Stop, keep the best
            </button>
          </>
        )}
        {canResume(job) && <button onClick={onResume}>Resume</button>}
      </div>
      {job.error && (
        <p class="bad" role="alert">
          {job.error}
        </p>
      )}
      {isRunning && <Progress done={job.done} total={job.total} label="Training" />}
      <dl class="tiles">
        {isRunning && <Tile title="Time left" text={duration(job.seconds_left)} />}
        <Tile title={isRunning ? "Time so far" : "Time"} text={duration(job.seconds)} />
        <Tile
          title="Steps"
          text={job.total ? `${job.done} of ${job.total}` : String(job.done)}
          note={
            job.state === "done" && job.done < (job.total ?? 0) ? "enough: F1 rose no more" : ""
          }
        />
        <Tile title={isRunning ? "Loss now" : "Loss at the end"} text={number(loss.at(-1)?.[1])} />
        <Tile
          title="Best F1"
          text={best ? best.f1.toFixed(3) : "–"}
          note={best ? (best.step === 0 ? "at the start" : `at step ${best.step}`) : ""}
        />
      </dl>
      {notes.map((note) => (
        <p key={String(note)}>{String(note)}</p>
      ))}
      {job.curve.length > 1 ? (
        <div class="curves">
          <LineChart
            label="Loss"
            xTitle="step"
            yRange={nice(0, extent(loss.map((point) => point[1]))[1])}
            lines={[{ name: "loss", color: "var(--class-1)", points: loss }]}
          />
          <LineChart
            label="F1 of validation"
            xTitle="step"
            yRange={rangeOfF1(f1)}
            lines={[
              { name: "validation macro-F1", color: "var(--class-2)", points: f1, hasDots: true },
            ]}
          />
        </div>
      ) : (
        isRunning && <p class="muted">The curves appear with the first steps.</p>
      )}
    </section>
  );
}

const LEAST_RANGE = 0.05;

/** At least five hundredths high, so that noise does not look like a fall. */
export function rangeOfF1(points: Point[]): [number, number] {
  const [low, high] = extent(points.map((point) => point[1]));
  const [from, to] = nice(Math.min(low, high - LEAST_RANGE), high);
  return [Math.max(0, from), Math.min(1, to)];
}

/** A training that found nothing to do. */
function Unchanged({ job }: { job: Job }) {
  if (job.answer?.["is_new"] !== false) return null;
  return (
    <p role="status">
      Model {String(job.answer["model"])} was made from exactly these images and masks, so there is
      nothing new to learn. Correct another image first.
    </p>
  );
}

const TITLES: Record<Job["state"], string> = {
  waiting: "The training waits for its turn",
  running: "Training",
  done: "The last training",
  failed: "The training failed",
  stopped: "The training was stopped; its best model is kept",
  interrupted: "The training was interrupted",
};

export function Tile({ title, text, note = "" }: { title: string; text: string; note?: string }) {
  return (
    <div class="tile">
      <dt>{title}</dt>
      <dd>
        {text} {note && <small>{note}</small>}
      </dd>
    </div>
  );
}
