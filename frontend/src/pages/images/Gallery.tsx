import { thumbUrl, type Field } from "../../api";
import { LongName } from "../../components/LongName";
import { StateDot } from "../../components/StateDot";
import { number, plural, THIN } from "../../format";
import { hrefOf } from "../../router";
import { AddTwin } from "./AddImages";

interface Props {
  fields: Field[];
  kind: "polished" | "etched";
}

export function Gallery({ fields, kind }: Props) {
  return (
    <ul class="gallery">
      {fields.map((field) => (
        <Card key={field.name} field={field} kind={kind} />
      ))}
    </ul>
  );
}

function Card({ field, kind }: { field: Field; kind: "polished" | "etched" }) {
  const isMissing = kind === "etched" && !field.has_etched;
  return (
    <li class="card">
      <a href={hrefOf("correct", field.name)} title={`Correct ${field.name}`}>
        <div class="thumb">
          {isMissing ? (
            <span class="muted">no etched twin</span>
          ) : (
            <img src={thumbUrl(field.name, kind)} alt="" loading="lazy" decoding="async" />
          )}
          {field.has_etched && (
            <span class="twin" title="Polished and etched">
              P·E
            </span>
          )}
          {field.picked_round !== null && field.state !== "done" && (
            <span class="picked" title={`Picked in round ${field.picked_round}`}>
              ◆ round {field.picked_round}
            </span>
          )}
        </div>
        <LongName text={field.name} />
      </a>
      <div class="facts">
        <StateDot state={field.state} />
        <span class="muted">{defects(field)}</span>
      </div>
      <div class="facts">
        {field.um_per_px === null ? (
          <span class="warn">⚠ no scale</span>
        ) : (
          <span class="muted">
            {number(field.um_per_px)}
            {THIN}µm/px
          </span>
        )}
        {isMissing ? (
          <AddTwin field={field.name} />
        ) : (
          <a
            class="to-results"
            href={hrefOf("results", "defects", { image: field.name })}
            aria-label={`Measured defects of ${field.name}`}
          >
            defects
          </a>
        )}
      </div>
    </li>
  );
}

function defects(field: Field): string {
  if (field.n_to_check) return `${field.n_to_check} to check`;
  return field.n_defects === null ? "" : plural(field.n_defects, "defect");
}
