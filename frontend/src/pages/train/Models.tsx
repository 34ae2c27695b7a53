import { useState } from "preact/hooks";
import { api, type Model } from "../../api";
import { Dialog } from "../../components/Dialog";
import { Table, type Column } from "../../components/Table";
import { attempt, say } from "../../components/Toast";
import { duration, NONE, plural, when } from "../../format";
import { refresh, took } from "../../store";

interface Props {
  models: Model[];
  current: number | null;
  onCompare: (fresh: number, old: number) => void;
}

/** Put a model in use, and let it predict what no person has corrected. */
export async function putInUse(number: number): Promise<void> {
  await api.useModel(number);
  say(`Model ${number} is in use. Masks that nobody corrected are predicted again.`);
  took({ type: "job", job: await api.startJob("predict") });
  await refresh();
}

/** Every model of the project; none is ever overwritten, so each can be put back in use. */
export function Models({ models, current, onCompare }: Props) {
  const [asked, setAsked] = useState<Model | null>(null);
  if (models.length === 0) {
    return (
      <p class="muted">
        No model is trained yet. Until then masks come from the threshold that needs no labels.
      </p>
    );
  }
  const columns: Column<Model>[] = [
    {
      key: "number",
      isName: true,
      title: "Model",
      width: 110,
      value: (model) => model.number,
      show: (model) => (
        <>
          <b>{model.number}</b>{" "}
          {model.number === current && <span class="badge in-use">in use</span>}
        </>
      ),
    },
    {
      key: "time",
      title: "Trained",
      width: 120,
      value: (model) => model.time,
      show: (model) => when(model.time),
    },
    {
      key: "learnt",
      title: "Learnt from",
      unit: "images",
      width: 96,
      value: (model) => model.n_trained_on,
    },
    {
      key: "validated",
      title: "Validated on",
      unit: "images",
      width: 100,
      value: (model) => model.n_validated_on,
    },
    {
      key: "f1",
      title: "Validation F1",
      width: 104,
      hint: "Macro-F1 on the validation images of that training. Different trainings validate on different images: compare models by the button.",
      value: (model) => model.validation_macro_f1,
      show: (model) => model.validation_macro_f1?.toFixed(3) ?? NONE,
    },
    {
      key: "from",
      title: "Started from",
      unit: "model",
      width: 100,
      value: (model) => model.started_from,
    },
    { key: "preset", title: "Preset", width: 80, value: (model) => model.preset },
    {
      key: "seconds",
      title: "Took",
      width: 80,
      value: (model) => model.seconds,
      show: (model) => duration(model.seconds),
    },
    {
      key: "actions",
      title: "Change",
      isAction: true,
      width: 190,
      value: () => null,
      show: (model) =>
        !model.is_whole ? (
          <span class="warn">⚠ its file is gone or changed</span>
        ) : model.number === current ? null : (
          <span class="row model-actions">
            {current !== null && (
              <button
                onClick={() =>
                  onCompare(Math.max(model.number, current), Math.min(model.number, current))
                }
              >
                Compare
              </button>
            )}
            <button onClick={() => setAsked(model)}>
              {current !== null && model.number < current ? "Roll back" : "Use"}
            </button>
          </span>
        ),
    },
  ];
  const use = (model: Model) =>
    attempt(async () => {
      await putInUse(model.number);
      setAsked(null);
    });
  return (
    <section class="stack models" aria-label="Models">
      <h2>Models</h2>
      <Table
        label="Models"
        columns={columns}
        rows={models}
        nameOf={(model) => String(model.number)}
        rowHeight={36}
        sort={["number", "descending"]}
      />
      {asked && (
        <Dialog title={`Use model ${asked.number}?`} onClose={() => setAsked(null)}>
          <p>
            Predictions from now on come from model {asked.number}, trained {when(asked.time)} on{" "}
            {plural(asked.n_trained_on, "image")}. Masks that people corrected stay as they are
            {current === null ? "." : `, and model ${current} stays in the list.`}
          </p>
          <div class="row dialog-end">
            <button onClick={() => setAsked(null)}>Cancel</button>
            <button class="primary" onClick={() => void use(asked)}>
              Use model {asked.number}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
