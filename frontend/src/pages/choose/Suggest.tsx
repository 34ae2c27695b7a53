import { useState } from "preact/hooks";
import type { Embedding, Job } from "../../api";
import { Progress } from "../../components/Progress";
import { plural } from "../../format";

interface Props {
  strategies: Embedding["strategies"];
  nLeft: number;
  job: Job | undefined;
  onStart: (strategy: string, n: number) => void;
}

const USUAL = 4;

/** Strategy and number; the suggestion is a job, since a strategy may look at every image. */
export function Suggest({ strategies, nLeft, job, onStart }: Props) {
  const [chosen, setChosen] = useState("smile");
  const [wanted, setWanted] = useState(USUAL);
  const offered = strategies.filter(({ name }) => name !== "manual"); // that one is done by clicking
  const strategy = offered.find(({ name }) => name === chosen) ?? offered[0];
  const n = Math.max(1, Math.min(wanted, nLeft));
  const isBusy = job?.state === "running" || job?.state === "waiting";
  const notes = job?.kind === "select" && job.state === "done" ? job.answer?.["notes"] : null;
  return (
    <form
      class="panel suggest"
      aria-label="Suggestion"
      onSubmit={(event) => {
        event.preventDefault();
        if (strategy) onStart(strategy.name, n);
      }}
    >
      <fieldset class="strategies">
        <legend>Strategy</legend>
        {offered.map(({ name, summary }) => (
          <label key={name}>
            <input
              type="radio"
              name="strategy"
              value={name}
              aria-label={name}
              aria-describedby={`strategy-${name}`}
              checked={name === strategy?.name}
              onChange={() => setChosen(name)}
            />
            <span>
              <b>{name}</b>{" "}
              <span id={`strategy-${name}`} class="muted">
                {summary}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="row fields">
        <label class="stack">
          Images
          <input
            type="number"
            min={1}
            max={Math.max(1, nLeft)}
            value={wanted}
            onInput={(event) => setWanted(Number(event.currentTarget.value) || 1)}
          />
        </label>
        <button class="primary" disabled={isBusy || nLeft === 0 || !strategy}>
          Suggest
        </button>
      </div>
      {nLeft === 0 && <p class="muted">Every image of the pool is labelled.</p>}
      {isBusy && (
        <div class="stack" role="status">
          <span>{job.step || "Choosing …"}</span>
          <Progress done={job.done} total={job.total} label="Choosing" />
        </div>
      )}
      {job?.state === "failed" && (
        <p class="bad" role="alert">
          {job.error}
        </p>
      )}
      {Array.isArray(notes) && notes.length > 0 && (
        <details>
          <summary>{plural(notes.length, "note")} on this choice</summary>
          {notes.map((note) => (
            <p key={String(note)}>{String(note)}</p>
          ))}
        </details>
      )}
      <p class="muted">
        {plural(nLeft, "image")} left in the pool. Click a point to overrule a pick.
      </p>
    </form>
  );
}
