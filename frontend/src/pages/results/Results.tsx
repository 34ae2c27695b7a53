import { useEffect, useState } from "preact/hooks";
import { api, messageOf, type Effort, type Results as Answer } from "../../api";
import { Empty, Loading } from "../../components/Empty";
import { plural } from "../../format";
import { go, hrefOf } from "../../router";
import { useProject } from "../../store";
import { Defects } from "./Defects";
import { doubts } from "./doubts";
import { EffortTables } from "./Effort";
import { ProcessMap } from "./ProcessMap";
import { ConditionsTable, FieldsTable } from "./tables";
import { Update } from "./Update";
import "./results.css";

const PARTS = [
  ["defects", "Defects"],
  ["images", "Images"],
  ["conditions", "Conditions"],
  ["map", "Process map"],
  ["effort", "Effort"],
] as const;

interface Props {
  part?: string | undefined;
  query: URLSearchParams;
}

export function Results({ part = "defects", query }: Props) {
  const { fields, jobs, status } = useProject();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [effort, setEffort] = useState<Effort | null>(null);
  const [error, setError] = useState("");
  const nEnded = jobs.filter((job) => job.state === "done").length;
  const load = () => {
    setError("");
    api.results().then(setAnswer, (problem) => setError(messageOf(problem)));
    api.effort().then(setEffort, (problem) => setError(messageOf(problem)));
  };
  useEffect(load, [nEnded, status.measured, status.classified]);

  if (fields.length === 0) {
    return (
      <Empty isPage title="There is nothing to measure yet">
        <p>Add micrographs. Their masks and numbers need no training.</p>
        <a class="button primary" href={hrefOf("images")}>
          Add images
        </a>
      </Empty>
    );
  }
  return (
    <div class="page results-page">
      <div class="page-head">
        <h1>Results</h1>
        {answer && <span class="muted">{summary(answer)}</span>}
        <div class="room" />
        {answer && <Update results={answer} />}
      </div>
      {error && (
        <div class="row">
          <p class="bad" role="alert">
            {error}
          </p>
          <button onClick={load}>Try again</button>
        </div>
      )}
      <div class="tabs" role="tablist" aria-label="Parts of the results" onKeyDown={onTabKey}>
        {PARTS.map(([key, title]) => (
          <button
            key={key}
            role="tab"
            id={`tab-${key}`}
            aria-selected={key === part}
            aria-controls="results-part"
            tabIndex={key === part ? 0 : -1}
            onClick={() => go(hrefOf("results", key))}
          >
            {title}
          </button>
        ))}
      </div>
      <div id="results-part" class="part" role="tabpanel" aria-labelledby={`tab-${part}`}>
        {answer && answer.fields.length > 0 && (
          <Doubts said={doubts(answer, fields)} isShown={part !== "effort"} />
        )}
        {answer ? (
          <Part part={part} answer={answer} effort={effort} query={query} />
        ) : (
          !error && <Loading what="the results" />
        )}
      </div>
    </div>
  );

  function onTabKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const at = PARTS.findIndex(([key]) => key === part);
    const next = PARTS[(at + step + PARTS.length) % PARTS.length]?.[0] ?? "defects";
    go(hrefOf("results", next));
    document.getElementById(`tab-${next}`)?.focus();
  }
}

function Doubts({ said, isShown }: { said: string[]; isShown: boolean }) {
  return isShown ? (
    <>
      {said.map((sentence) => (
        <p key={sentence} class="warn">
          ⚠ {sentence}
        </p>
      ))}
    </>
  ) : null;
}

interface PartProps {
  part: string;
  answer: Answer;
  effort: Effort | null;
  query: URLSearchParams;
}

function Part({ part, answer, effort, query }: PartProps) {
  if (part === "effort")
    return effort ? <EffortTables effort={effort} /> : <Loading what="the effort" />;
  if (answer.measured === "no") {
    return (
      <Empty title="Nothing is measured yet">
        <p>
          Press <b>Measure</b> at the top right: sizes, shapes and types of every defect, intervals
          by condition and the process map, from the masks as they are now.
        </p>
      </Empty>
    );
  }
  if (answer.measured === "out of date" && answer.fields.length === 0) {
    return (
      <Empty title="The numbers are out of date">
        <p>
          Masks or images changed since they were measured. Press <b>Update</b> at the top right:
          everything is measured again from the masks as they are now.
        </p>
      </Empty>
    );
  }
  switch (part) {
    case "images":
      return <FieldsTable rows={answer.fields} />;
    case "conditions":
      return <ConditionsTable rows={answer.conditions} />;
    case "map":
      return <ProcessMap svg={answer.process_map_svg} />;
    default:
      return <Defects rows={answer.defects} image={query.get("image") ?? ""} />;
  }
}

function summary({ defects, fields, conditions }: Answer): string {
  if (fields.length === 0) return "";
  return [
    plural(defects.length, "defect"),
    plural(fields.length, "image"),
    plural(conditions.length, "condition"),
  ].join(" · ");
}
