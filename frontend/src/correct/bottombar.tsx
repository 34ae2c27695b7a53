import { useEffect, useState } from "preact/hooks";
import type { Field } from "../api";
import { count, duration, interval, number, percent, THIN } from "../format";
import { isToCheck, secondsLeft } from "./defects";
import type { Defect, Porosity } from "./api";
import type { Editor } from "./editor";
import { usePart } from "./store";

interface Props {
  editor: Editor;
  field: Field;
  fields: Field[];
}

/** How far this image and this round are, and what the numbers say now. */
export function BottomBar({ editor, field, fields }: Props) {
  usePart(editor.store, (state) => state.revision);
  const porosity = usePart(editor.store, (state) => state.porosity);
  const nToCheck = usePart(editor.store, (state) => state.nToCheck);
  const total = editor.defects.size + editor.ghosts.size;
  const checked = Math.max(0, total - nToCheck);
  const round = fields.filter((one) => one.picked_round !== null && one.picked_round === field.picked_round);
  const left = secondsLeft(nToCheck, editor.nJudged, editor.effort.activeSeconds);
  return (
    <div class="correct-bottom">
      <span class="correct-progress">
        <progress class="progress" max={Math.max(1, total)} value={checked} aria-label="Defects checked" />
        <span>
          <b>{count(checked)}</b>/{count(total)} defects checked
        </span>
      </span>
      {round.length > 0 && (
        <span>
          <b>{round.filter((one) => one.state === "done").length}</b>/{round.length} images of this round
        </span>
      )}
      {nToCheck > 0 && <span title="From your own pace on this image">about {pace(left)} left</span>}
      <Doubt editor={editor} />
      <span class="room" />
      <Clock editor={editor} />
      <Zoom editor={editor} />
      {porosity && porosity.fraction !== null && (
        <span title="Share of defect pixels in the sample, and what it becomes if unchecked defects are as doubtful as their confidence says.">
          porosity <b>{percent(porosity.fraction)}</b>{" "}
          <span class="muted">{porosityWords(porosity, nToCheck)}</span>
        </span>
      )}
    </div>
  );
}

/** What may still change by checking, and what no interval here covers. */
export function porosityWords({ fraction, low, high }: Porosity, nToCheck: number): string {
  const missed = "missed defects not counted";
  if (nToCheck === 0 || fraction === null || low === null || high === null) return missed;
  const unit = `${THIN}%`;
  const range = interval(100 * fraction, 100 * low, 100 * high).replace(/^.*\((.*)\)$/, "$1");
  return `(${range}${unit} by what is unchecked; ${missed})`;
}

/** Nobody needs the seconds of an estimate. */
function pace(seconds: number): string {
  if (seconds < 55) return duration(Math.max(10, Math.ceil(seconds / 10) * 10));
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes}${THIN}min` : duration(minutes * 60);
}

/** Share of all doubt (1 - confidence, by area) that the unchecked defects still hold. */
function Doubt({ editor }: { editor: Editor }) {
  usePart(editor.store, (state) => state.revision);
  const doubt = ({ confidence, area_px }: Defect) => (confidence === null ? 0 : (1 - confidence) * area_px);
  let all = 0;
  let open = 0;
  for (const group of [editor.defects, editor.ghosts]) {
    for (const defect of group.all()) {
      all += doubt(defect);
      if (isToCheck(defect)) open += doubt(defect);
    }
  }
  if (all <= 0 || open <= 0) return null;
  return (
    <span title="Share of the model's doubt (1 - confidence, by area) in the defects that nobody has checked. Near 0, going on gains little.">
      {percent(open / all, 2)} of the gain left
    </span>
  );
}

function Zoom({ editor }: { editor: Editor }) {
  const scale = usePart(editor.store, (state) => state.scale);
  return (
    <span class="muted" title="Zoom">
      {percent(scale, 3)}
    </span>
  );
}

/** Active time of the 'from nothing' mode. */
function Clock({ editor }: { editor: Editor }) {
  const mode = usePart(editor.store, (state) => state.mode);
  const [, tick] = useState(0);
  useEffect(() => {
    if (mode !== "from_nothing") return;
    const timer = window.setInterval(() => tick((n) => n + 1), 1000);
    return () => window.clearInterval(timer);
  }, [mode]);
  if (mode !== "from_nothing") return null;
  return (
    <span class="warn" title="Active time; pauses longer than 20 s are cut">
      from nothing: {number(Math.floor(editor.effort.activeSeconds / 60), 3)} min{" "}
      {Math.floor(editor.effort.activeSeconds % 60)} s
    </span>
  );
}
