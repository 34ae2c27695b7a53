import { useEffect, useState } from "preact/hooks";
import { api, messageOf, type Change, type Comparison, type Job, type Scores } from "../../api";
import { Crop } from "../../components/Crop";
import { isUnderWay } from "../../components/JobChip";
import { LongName } from "../../components/LongName";
import { Progress } from "../../components/Progress";
import { Table, type Column } from "../../components/Table";
import { attempt, say } from "../../components/Toast";
import { count, NONE, withUnit } from "../../format";
import { go, hrefOfDefect } from "../../router";
import { refresh, took, useProject } from "../../store";
import { Tile } from "./Running";
import { putInUse } from "./Models";
import { keptKey } from "./kept";

interface Props {
  fresh: number;
  old: number;
  current: number | null;
  onClose: () => void;
}

type Image = Comparison["images"][number];

const CHANGES: Record<Change, [words: string, isBetter: boolean]> = {
  gained: ["now found", true],
  lost: ["now missed", false],
  false_gone: ["false one gone", true],
  false_new: ["new false one", false],
};

const f1 = (scores: Scores) => (scores.f1 === null ? NONE : scores.f1.toFixed(3));

const startComparison = (fresh: number, old: number) =>
  api.startJob("compare", { new: fresh, old });

/** The latest job that compares these two. */
export function jobOf(jobs: Job[], fresh: number, old: number): Job | undefined {
  return jobs.findLast(
    ({ kind, options }) => kind === "compare" && options["new"] === fresh && options["old"] === old,
  );
}

/** New model beside the old on what people verified, and the decision. */
export function Compare({ fresh, old, current, onClose }: Props) {
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [error, setError] = useState("");
  const job = jobOf(useProject().jobs, fresh, old);
  const isBusy = job !== undefined && isUnderWay(job);
  const said = error || job?.error;
  const begin = async () => took({ type: "job", job: await startComparison(fresh, old) });
  const load = async () => {
    setError("");
    const { comparison: kept } = await api.compare(fresh, old);
    setComparison(kept);
    // Not computed for the masks as they are now: ask for it, unless it was just tried in vain.
    if (!kept && !isBusy && (job === undefined || job.state === "done")) await begin();
  };
  const reload = () => void load().catch((problem: unknown) => setError(messageOf(problem)));
  useEffect(reload, [fresh, old, job?.id, job?.state]);
  const promote = () =>
    attempt(async () => {
      await putInUse(fresh);
      onClose();
    });
  const keep = () => {
    localStorage.setItem(keptKey(fresh), String(old));
    say(`Model ${old} stays in use. Model ${fresh} is kept in the list.`);
    onClose();
    void refresh();
  };
  return (
    <section class="panel compare" aria-label={`Model ${fresh} against model ${old}`}>
      <div class="page-head">
        <h2>
          Model {fresh} against model {old}, on images that people verified
        </h2>
        <div class="room" />
        {current === old ? (
          <>
            <button onClick={keep}>Keep model {old}</button>
            <button class="primary" onClick={() => void promote()}>
              Promote model {fresh}
            </button>
          </>
        ) : (
          <button onClick={onClose}>Close</button>
        )}
      </div>
      {said && (
        <p class="bad" role="alert">
          {said}
        </p>
      )}
      {!comparison && !isBusy && (said || job) && (
        <div class="row">
          <button onClick={() => void attempt(begin)}>Compare again</button>
        </div>
      )}
      {!comparison && isBusy && (
        <div class="stack" role="status">
          <span class="muted">
            Both models look at every verified image
            {job.total ? `: ${job.done} of ${job.total}` : " …"}
          </span>
          <Progress done={job.done} total={job.total} label="Comparing" />
        </div>
      )}
      {comparison && <Outcome comparison={comparison} fresh={fresh} old={old} />}
    </section>
  );
}

function Outcome({
  comparison,
  fresh,
  old,
}: {
  comparison: Comparison;
  fresh: number;
  old: number;
}) {
  const { images, gained, lost, macro_f1: macro } = comparison;
  if (images.length === 0) {
    return (
      <p class="muted">
        No image is verified that both models can be compared on. Correct one and mark it as done.
      </p>
    );
  }
  const nLearnt = images.filter((image) => image.was_learnt).length;
  const change = (macro.new ?? 0) - (macro.old ?? 0);
  return (
    <>
      <dl class="tiles">
        <Tile title="Defects gained" text={`+${gained}`} note="now found" />
        <Tile title="Defects lost" text={`−${lost}`} note="now missed" />
        <Tile
          title="F1, verified images"
          text={macro.new?.toFixed(3) ?? NONE}
          note={`from ${macro.old?.toFixed(3) ?? NONE}`}
        />
        <Tile title="Images" text={count(images.length)} note={`${better(images)} better`} />
      </dl>
      <p class={lost > gained || change < 0 ? "warn" : "good"}>
        {lost > gained || change < 0
          ? `⚠ Model ${fresh} is worse than model ${old} on what you verified. Keep model ${old} unless you see why.`
          : `✓ Model ${fresh} is not worse than model ${old} on what you verified.`}
      </p>
      {nLearnt > 0 && (
        <p class="muted">
          {nLearnt === images.length
            ? "All of these images"
            : `${nLearnt} of these images (marked “learnt”)`}{" "}
          were learnt from by one of the models, which flatters it. Test images are never learnt
          from: the locked test below asks them.
        </p>
      )}
      <div class="compare-columns">
        <Table
          label="Images"
          columns={imageColumns(old, fresh)}
          rows={images}
          nameOf={(image) => image.name}
          sort={["change", "ascending"]}
        />
        <Changed changed={comparison.changed} total={comparison.n_changed} />
      </div>
    </>
  );
}

function better(images: Image[]): number {
  return images.filter((image) => (image.new.f1 ?? 0) > (image.old.f1 ?? 0)).length;
}

function imageColumns(old: number, fresh: number): Column<Image>[] {
  const gain = (image: Image) =>
    image.new.f1 === null || image.old.f1 === null ? null : image.new.f1 - image.old.f1;
  return [
    {
      key: "name",
      title: "Image",
      width: 150,
      value: (image) => image.name,
      show: (image) => <LongName text={image.name} />,
    },
    {
      key: "seen",
      title: "Learnt",
      width: 70,
      hint: "Whether one of the models learnt from it, which flatters that model",
      value: (image) => (image.was_learnt ? "learnt" : ""),
      show: (image) => <span class="muted">{image.was_learnt ? "learnt" : ""}</span>,
    },
    { key: "n", title: "Defects", width: 74, value: (image) => image.n_defects },
    {
      key: "old",
      title: "F1",
      unit: `model ${old}`,
      width: 76,
      value: (image) => image.old.f1,
      show: (image) => f1(image.old),
    },
    {
      key: "new",
      title: "F1",
      unit: `model ${fresh}`,
      width: 76,
      value: (image) => image.new.f1,
      show: (image) => f1(image.new),
    },
    {
      key: "change",
      title: "Change",
      width: 84,
      value: gain,
      show: (image) => {
        const value = gain(image);
        if (value === null) return NONE;
        return (
          <span
            class={value < 0 ? "warn" : value > 0 ? "good" : "muted"}
          >{`${value < 0 ? "−" : value > 0 ? "+" : ""}${Math.abs(value).toFixed(3)}`}</span>
        );
      },
    },
  ];
}

function Changed({ changed, total }: { changed: Comparison["changed"]; total: number }) {
  const [shown, setShown] = useState<Change | "">("");
  const list = shown === "" ? changed : changed.filter((one) => one.change === shown);
  return (
    <section class="changed" aria-label="Changed defects">
      <div class="segmented" role="group" aria-label="Kind of change">
        <button aria-pressed={shown === ""} onClick={() => setShown("")}>
          All {total}
        </button>
        {(Object.keys(CHANGES) as Change[]).map((change) => (
          <button key={change} aria-pressed={shown === change} onClick={() => setShown(change)}>
            {CHANGES[change][0]} {changed.filter((one) => one.change === change).length}
          </button>
        ))}
      </div>
      {list.length === 0 && <p class="muted">No defect changed like that.</p>}
      <ul>
        {list.map((one) => {
          const [words, isBetter] = CHANGES[one.change];
          return (
            <li key={`${one.image}:${one.box.join()}:${one.change}`}>
              <button
                class="quiet"
                title={`${one.image}: open in the editor`}
                onClick={() => go(hrefOfDefect(one.image, one.box))}
              >
                <Crop
                  image={one.image}
                  box={one.box}
                  width={92}
                  margin={0.9}
                  marked
                  alt={`Defect of ${one.image}, ${words}`}
                />
                <span class={isBetter ? "good" : "warn"}>
                  {isBetter ? "+" : "−"} {words}
                </span>
                <span class="muted">
                  {one.area_um2 === null
                    ? withUnit(one.area_px, "px")
                    : withUnit(one.area_um2, "µm²")}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
