import { useEffect, useMemo, useState } from "preact/hooks";
import { api, messageOf, type Embedding, type EmbeddingPoint, type Job } from "../../api";
import { Empty, Loading } from "../../components/Empty";
import { Progress } from "../../components/Progress";
import { attempt, say } from "../../components/Toast";
import { plural } from "../../format";
import { hrefOf } from "../../router";
import { picksOf, poolLeft } from "../../project";
import { took, useProject } from "../../store";
import { Picks } from "./Picks";
import { Scatter } from "./Scatter";
import { Suggest } from "./Suggest";
import "./choose.css";

export function Choose() {
  const { fields, jobs, status } = useProject();
  const [embedding, setEmbedding] = useState<Embedding | null>(null);
  const [error, setError] = useState("");
  const [pointed, setPointed] = useState<string | null>(null);
  const job = jobs.findLast((one) => one.kind === "embed" || one.kind === "select");
  const isBusy = job?.state === "running" || job?.state === "waiting";

  const load = async () => {
    try {
      setEmbedding(await api.embedding());
      setError("");
    } catch (problem) {
      setError(messageOf(problem));
    }
  };
  // Labels, picks and images change on other pages and in jobs.
  useEffect(
    () => void (fields.length && !isBusy && load()),
    [isBusy, fields.length, status.n_masks_by_person],
  );

  const start = (kind: string, options: Record<string, unknown> = {}) =>
    attempt(async () => took({ type: "job", job: await api.startJob(kind, options) }));
  // Without a map the picks have no place and no reason: it is made as well.
  const suggest = async (strategy: string, n: number) => {
    await start("select", { strategy, n_select: n });
    if (embedding?.points.length === 0) await start("embed");
  };
  const picks = useMemo(
    () =>
      embedding?.points.length
        ? embedding.points.filter((point) => point.role === "pick")
        : picksOf(fields),
    [embedding, fields],
  );
  const overrule = async (point: EmbeddingPoint) => {
    if (point.role !== "pick" && point.role !== "pool") {
      say(
        point.role === "test"
          ? `${point.name} is locked for tests. What a model is tested on, it must not learn from.`
          : `${point.name} is labelled already.`,
      );
      return;
    }
    const names = picks.map((pick) => pick.name);
    const next =
      point.role === "pick" ? names.filter((name) => name !== point.name) : [...names, point.name];
    await attempt(() => api.pick(next));
    await load();
  };

  if (fields.length === 0) {
    return (
      <Empty isPage title="There is nothing to choose from yet">
        <p>Sorby picks images that stand for all of them. Add images first.</p>
        <a class="button primary" href={hrefOf("images")}>
          Add images
        </a>
      </Empty>
    );
  }
  return (
    <div class="page choose-page">
      <div class="page-head">
        <h1>Choose</h1>
        <span class="muted">
          Which images are worth correcting: near points look alike, so a few far apart stand for
          all.
        </span>
      </div>
      <p class={status.labelling.round_due.answer ? "warn" : "muted"}>{status.labelling.line}</p>
      {status.labelling.audit.length > 0 && (
        <p class="muted">
          Drawn at random to be corrected whatever the model says:{" "}
          {status.labelling.audit.slice(0, 5).join(", ")}
          {status.labelling.audit.length > 5 && ` and ${status.labelling.audit.length - 5} more`}.
        </p>
      )}
      {error && (
        <div class="row">
          <p class="bad" role="alert">
            {error}
          </p>
          <button onClick={() => void load()}>Try again</button>
        </div>
      )}
      <div class="choose-columns">
        <section class="panel map-panel" aria-label="Map of the images">
          {embedding && embedding.points.length > 0 ? (
            <>
              <Scatter
                points={embedding.points}
                pointed={pointed}
                onPoint={setPointed}
                onToggle={(point) => void overrule(point)}
              />
              {embedding.stale && (
                <p class="map-note warn row">
                  Images were added since this map was made.
                  <button onClick={() => void start("embed")} disabled={isBusy}>
                    Make it again
                  </button>
                </p>
              )}
            </>
          ) : embedding ? (
            <NoMap
              nImages={fields.length}
              job={job?.kind === "embed" ? job : undefined}
              onStart={() => void start("embed")}
            />
          ) : (
            !error && <Loading what="the map" />
          )}
        </section>
        <aside class="side stack">
          <Suggest
            strategies={embedding?.strategies ?? []}
            nLeft={poolLeft(fields).length}
            job={job}
            onStart={(strategy, n) => void suggest(strategy, n)}
          />
          <Picks
            picks={picks}
            pointed={pointed}
            onPoint={setPointed}
            onRemove={(point) => void overrule(point)}
          />
        </aside>
      </div>
    </div>
  );
}

interface NoMapProps {
  nImages: number;
  job: Job | undefined;
  onStart: () => void;
}

function NoMap({ nImages, job, onStart }: NoMapProps) {
  return (
    <Empty title="The map is not made yet">
      <p>
        Sorby looks at {plural(nImages, "image")} once and lays them out by how alike they are. It
        takes about a second an image.
      </p>
      {job?.state === "running" || job?.state === "waiting" ? (
        <Progress done={job.done} total={job.total} label="Looking at images" />
      ) : (
        <>
          {job?.error && (
            <p class="bad" role="alert">
              {job.error}
            </p>
          )}
          <button class="primary" onClick={onStart}>
            {job?.error ? "Try again" : "Make the map"}
          </button>
        </>
      )}
    </Empty>
  );
}
