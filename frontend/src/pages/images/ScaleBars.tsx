import { useState } from "preact/hooks";
import { api, type Box, type Field } from "../../api";
import { Crop } from "../../components/Crop";
import { LongName } from "../../components/LongName";
import { attempt } from "../../components/Toast";
import { withUnit } from "../../format";
import { took } from "../../store";
import { parseLength } from "../../table";

/** Scale bars that were read and that nobody has looked at: the reading beside the picture, one click each. */
export function ScaleBars({ fields }: { fields: Field[] }) {
  const [isAll, setIsAll] = useState(false);
  const waiting = fields.filter((field) => field.scale_bar && !field.scale_bar.confirmed);
  if (waiting.length === 0) return null;
  const shown = isAll ? waiting : waiting.slice(0, 4);
  const readable = waiting.filter((field) => field.scale_bar?.um_per_px);
  return (
    <section class="panel scale-bars" aria-label="Scale bars to confirm">
      <div class="page-head">
        <h2>
          {waiting.length === 1 ? "A scale bar waits" : `${waiting.length} scale bars wait`} for
          your look
        </h2>
        <span class="muted">
          Every area depends on them. What is under a bar is left out of the mask.
        </span>
        <div class="room" />
        {waiting.length > shown.length && (
          <button class="quiet" onClick={() => setIsAll(true)}>
            Show all {waiting.length}
          </button>
        )}
        {readable.length > 1 && shown.length === waiting.length && (
          <button onClick={() => void confirm(readable)}>Confirm all {readable.length}</button>
        )}
      </div>
      <ul>
        {shown.map((field) => (
          <li key={field.name}>
            <Crop
              image={field.name}
              box={field.scale_bar?.box as Box}
              width={190}
              height={60}
              margin={0.06}
              alt={`Scale bar of ${field.name}`}
            />
            <Reading field={field} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function confirm(fields: Field[], um?: number): Promise<boolean> {
  return attempt(async () => {
    for (const field of fields)
      took({ type: "field", field: await api.confirmScale(field.name, um) });
  });
}

/** What was read, to be confirmed; where the length was not read, it is asked for. */
function Reading({ field }: { field: Field }) {
  const [length, setLength] = useState("");
  const { um = null, um_per_px: scale = null } = field.scale_bar ?? {};
  const asked = scale === null;
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(async () =>
          confirm([field], asked ? parseLength(length) : undefined),
        );
      }}
    >
      <div class="stack">
        <b>
          <LongName text={field.name} />
        </b>
        {asked ? (
          <label class="row">
            length
            <input
              size={5}
              required
              inputMode="decimal"
              value={length}
              onInput={(event) => setLength(event.currentTarget.value)}
            />
            µm
          </label>
        ) : (
          <span>
            {um !== null && `${withUnit(um, "µm")}, `}
            {withUnit(scale, "µm/px")}
          </span>
        )}
      </div>
      <button class="primary" aria-label={`Confirm the scale of ${field.name}`}>
        Confirm
      </button>
    </form>
  );
}
