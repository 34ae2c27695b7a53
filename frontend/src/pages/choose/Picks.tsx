import { thumbUrl, type EmbeddingPoint } from "../../api";
import { LongName } from "../../components/LongName";
import { hrefOf } from "../../router";

interface Props {
  picks: EmbeddingPoint[];
  pointed: string | null;
  onPoint: (name: string | null) => void;
  onRemove: (point: EmbeddingPoint) => void;
}

/** What is picked, each with its reason. */
export function Picks({ picks, pointed, onPoint, onRemove }: Props) {
  const first = picks[0];
  return (
    <section class="panel picks" aria-label="Picks">
      <div class="page-head">
        <h2>{picks.length === 1 ? "1 pick" : `${picks.length} picks`}</h2>
        <div class="room" />
        {first && (
          <a class="button primary" href={hrefOf("correct", first.name)}>
            Correct them
          </a>
        )}
      </div>
      {picks.length === 0 && (
        <p class="muted">Nothing is picked. Press Suggest, or click points of the map.</p>
      )}
      <ul>
        {picks.map((pick) => (
          <li
            key={pick.name}
            class={pick.name === pointed ? "pointed" : undefined}
            onPointerEnter={() => onPoint(pick.name)}
            onPointerLeave={() => onPoint(null)}
          >
            <a href={hrefOf("correct", pick.name)} onFocus={() => onPoint(pick.name)}>
              <img src={thumbUrl(pick.name)} alt="" />
              <div>
                <LongName text={pick.name} />
                <p class="muted">
                  {pick.round != null && `Round ${pick.round}. `}
                  {pick.reason}
                </p>
              </div>
            </a>
            <button
              class="quiet icon"
              aria-label={`Do not pick ${pick.name}`}
              title="Do not pick this one"
              onClick={() => onRemove(pick)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
