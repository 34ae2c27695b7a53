import { useState } from "preact/hooks";
import { api, type Box, type Field } from "../../api";
import { Crop } from "../../components/Crop";
import { LongName } from "../../components/LongName";
import { attempt } from "../../components/Toast";
import { number, THIN } from "../../format";
import { took } from "../../store";

/** Scale bars that were read and that nobody has looked at: the reading beside the picture, one click each. */
export function ScaleBars({ fields }: { fields: Field[] }) {
  const [isAll, setIsAll] = useState(false);
  const waiting = fields.filter((field) => field.scale_bar && !field.scale_bar.confirmed);
  if (waiting.length === 0) return null;
  const shown = isAll ? waiting : waiting.slice(0, 4);
  const confirm = (list: Field[]) =>
    attempt(async () => {
      for (const field of list) took({ type: "field", field: await api.confirmScale(field.name) });
    });
  return (
    <section class="panel scale-bars" aria-label="Scale bars to confirm">
      <div class="page-head">
        <h2>
          {waiting.length === 1 ? "A scale bar waits" : `${waiting.length} scale bars wait`} for your look
        </h2>
        <span class="muted">Every area depends on them. What is under a bar is left out of the mask.</span>
        <div class="room" />
        {waiting.length > shown.length && (
          <button class="quiet" onClick={() => setIsAll(true)}>
            Show all {waiting.length}
          </button>
        )}
        {waiting.length > 1 && shown.length === waiting.length && (
          <button onClick={() => void confirm(waiting)}>Confirm all {waiting.length}</button>
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
            <div class="stack">
              <b>
                <LongName text={field.name} />
              </b>
              <span>{reading(field)}</span>
            </div>
            <button class="primary" aria-label={`Confirm the scale of ${field.name}`} onClick={() => void confirm([field])}>
              Confirm
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function reading(field: Field): string {
  const bar = field.scale_bar;
  if (!bar?.um_per_px) return "length not read: type µm/px in the table";
  const length = bar.um === null ? "" : `${number(bar.um)}${THIN}µm, `;
  return `${length}${number(bar.um_per_px)}${THIN}µm/px`;
}
