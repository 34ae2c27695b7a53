import type { Effort, Row } from "../../api";
import { Empty } from "../../components/Empty";
import { LineChart, type Line } from "../../components/LineChart";
import { Table, type Column } from "../../components/Table";
import { count, duration, percent, plural, words } from "../../format";
import { go, hrefOf } from "../../router";
import { nice, type Point } from "../../scales";
import { nameColumn, num, numberColumn, text } from "./columns";

const SHARED: Column<Row>[] = [
  numberColumn("n_defects", "Defects", { width: 80 }),
  numberColumn("n_in_bulk", "In bulk", {
    hint: "Accepted with all the rest, without a look at each",
    width: 76,
  }),
  numberColumn("n_corrected", "Corrected", { width: 88, hint: "Defects that a person changed" }),
  numberColumn("n_actions", "Actions", { hint: "Clicks, keys and strokes", width: 80 }),
  {
    key: "seconds",
    title: "Active time",
    width: 100,
    hint: "Pauses are cut",
    value: (row) => num(row, "seconds"),
    show: (row) => duration(num(row, "seconds")),
  },
  numberColumn("actions_per_defect", "Actions", { unit: "a defect", width: 88 }),
  numberColumn("actions_per_corrected", "Actions", { unit: "a corrected one", width: 110 }),
  numberColumn("seconds_per_defect", "Seconds", { unit: "a defect", width: 88 }),
];

const ROUNDS: Column<Row>[] = [
  {
    key: "round",
    title: "Round",
    width: 76,
    isName: true,
    value: (row) => num(row, "round"),
    show: (row) => text(row, "round") || <span title="Images that were never picked">none</span>,
  },
  numberColumn("n_images", "Images", { width: 76 }),
  ...SHARED,
  savedColumn("saved_actions", "Actions saved"),
  savedColumn("saved_seconds", "Time saved"),
];

const IMAGES: Column<Row>[] = [
  nameColumn("name", "Image", 220),
  numberColumn("round", "Round", { width: 70 }),
  {
    key: "mode",
    title: "Mode",
    width: 104,
    value: (row) => (text(row, "mode") === "correct" ? "correcting" : words(text(row, "mode"))),
  },
  ...SHARED,
];

function savedColumn(key: string, title: string): Column<Row> {
  return {
    key,
    title,
    unit: "of drawing",
    width: 104,
    hint: "Share saved against the images that were drawn from nothing",
    value: (row) => num(row, key),
    show: (row) => percent(num(row, key), 2),
  };
}

/** What correcting cost, by round and by image. */
export function EffortTables({ effort }: { effort: Effort }) {
  const { rounds, images } = effort;
  if (images.length === 0) {
    return (
      <Empty title="Nothing is recorded yet">
        <p>
          While you correct, Sorby notes active seconds and actions; pauses are cut. They show here
          by round, so that you can check what the model saves you.
        </p>
        <a class="button primary" href={hrefOf("correct")}>
          Correct an image
        </a>
      </Empty>
    );
  }
  const nDrawn = num(rounds[0] ?? {}, "nothing_n_images") ?? 0;
  return (
    <div class="effort">
      <h2>By round</h2>
      <p class="muted">
        {nDrawn > 0
          ? `What is saved is told against ${plural(nDrawn, "image")} drawn from nothing.`
          : "To see what the model saves you, draw one image with “From nothing” in the editor: it is the manual side of the comparison."}
      </p>
      <InBulk rounds={rounds} />
      <Table
        label="Effort by round"
        columns={ROUNDS}
        rows={rounds}
        nameOf={(row) => text(row, "round") || "none"}
      />
      <EffortChart rounds={rounds} />
      <h2>By image</h2>
      <Table
        label="Effort by image"
        columns={IMAGES}
        rows={images}
        nameOf={(row) => `${text(row, "name")} ${text(row, "mode")}`}
        onOpen={(row) => go(hrefOf("correct", text(row, "name")))}
      />
    </div>
  );
}

/** Defects that nobody looked at one by one make every ratio better: they are told apart. */
export function bulkWords(rounds: Row[]): string {
  const sum = (key: string) => rounds.reduce((all, row) => all + (num(row, key) ?? 0), 0);
  const n = sum("n_in_bulk");
  if (n === 0) return "";
  return (
    `${count(n)} of ${plural(sum("n_defects"), "defect")}, in ` +
    `${plural(sum("n_images_in_bulk"), "image")}, were accepted in bulk: one action, no look at ` +
    "each. They count in every ratio below and make it look better."
  );
}

function InBulk({ rounds }: { rounds: Row[] }) {
  const said = bulkWords(rounds);
  return said ? <p class="warn">⚠ {said}</p> : null;
}

/** Actions a defect over the rounds, beside drawing from nothing. */
function EffortChart({ rounds }: { rounds: Row[] }) {
  const line = (name: string, key: string, color: string): Line => ({
    name,
    color,
    hasDots: true,
    points: rounds.flatMap((row): Point[] => {
      const [x, y] = [num(row, "round"), num(row, key)];
      return x === null || y === null ? [] : [[x, y]];
    }),
  });
  const ours = line("correcting", "actions_per_defect", "var(--class-2)");
  const drawn = line("drawing from nothing", "nothing_actions_per_defect", "var(--class-1)");
  if (ours.points.length < 2) return null;
  const lines = drawn.points.length ? [ours, { ...drawn, dash: "6 4" }] : [ours];
  const most = Math.max(...lines.flatMap((one) => one.points.map((point) => point[1])));
  return (
    <div class="panel effort-chart">
      <LineChart
        label="Actions a defect"
        xTitle="round"
        lines={lines}
        yRange={nice(0, most)}
        height={160}
      />
    </div>
  );
}
