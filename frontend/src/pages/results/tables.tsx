import type { Row } from "../../api";
import { Table, type Column } from "../../components/Table";
import { count, words } from "../../format";
import { go, hrefOf } from "../../router";
import {
  intervalColumn,
  nameColumn,
  num,
  numberColumn,
  percentColumn,
  text,
  typesOf,
} from "./columns";

const PROCESS: Column<Row>[] = [
  numberColumn("laser_power_w", "Power", { unit: "W", width: 66 }),
  numberColumn("scan_speed_mm_s", "Speed", { unit: "mm/s", width: 72 }),
];

const LETTER_PX = 7.5;

/** Room for the name of a type in the head of its column. */
function typeWidth(type: string): number {
  return Math.max(76, 24 + LETTER_PX * type.length);
}

/** One row an image. Enter or a double click shows its defects. */
export function FieldsTable({ rows }: { rows: Row[] }) {
  const columns = [
    nameColumn("image", "Image", 196),
    nameColumn("specimen", "Specimen", 124),
    ...PROCESS,
    percentColumn("area_fraction", "Area fraction", {
      hint: "Defect area over valid area",
      width: 108,
    }),
    numberColumn("n_defects", "Defects", { width: 80 }),
    numberColumn("count_per_mm2", "Density", {
      unit: "1/mm²",
      hint: "Defects of the unbiased frame an area",
      width: 78,
    }),
    ...typesOf(rows, "n_")
      .filter((type) => !["defects", "counted"].includes(type))
      .map((type) => numberColumn(`n_${type}`, words(type), { width: typeWidth(type) })),
    numberColumn("valid_area_mm2", "Valid area", {
      unit: "mm²",
      hint: "Area without ignored regions",
      width: 88,
    }),
    {
      key: "open",
      title: "Show",
      isAction: true,
      width: 130,
      value: () => null,
      show: (row: Row) => (
        <>
          <a href={hrefOf("results", "defects", { image: text(row, "image") })}>defects</a>
          {" · "}
          <a href={hrefOf("correct", text(row, "image"))}>editor</a>
        </>
      ),
    },
  ];
  return (
    <Table
      label="Images"
      columns={columns}
      rows={rows}
      nameOf={(row) => text(row, "image")}
      onOpen={(row) => go(hrefOf("results", "defects", { image: text(row, "image") }))}
    />
  );
}

/** One row a set of process settings, with 95 % intervals. */
export function ConditionsTable({ rows }: { rows: Row[] }) {
  const hasFew = rows.some((row) => row["few_fields"] === true);
  const columns = [
    {
      key: "condition",
      title: "Condition",
      width: 260,
      value: (row: Row) => text(row, "condition"),
      show: (row: Row) => <span title={text(row, "condition")}>{text(row, "condition")}</span>,
    },
    ...PROCESS,
    {
      ...numberColumn("n_images", "Fields", { width: 74 }),
      show: (row: Row) => (
        <span class={row["few_fields"] === true ? "warn" : undefined}>
          {row["few_fields"] === true && "⚠ "}
          {count(num(row, "n_images"))}
        </span>
      ),
    },
    intervalColumn("area_fraction", "Area fraction", "%, 95 % interval", 100, { width: 200 }),
    intervalColumn("count_per_mm2", "Density", "1/mm², 95 % interval", 1, { width: 190 }),
    ...typesOf(rows, "fraction_").map((type) =>
      intervalColumn(`fraction_${type}`, words(type), "% of typed, 95 % interval", 100, {
        width: 190,
      }),
    ),
    numberColumn("optical_density_percent", "Density (optical)", { unit: "%", width: 110 }),
    numberColumn("n_images_for_20_percent", "For ±20 %", {
      unit: "fields",
      hint: "Fields that would bring half the interval to 20 % of the area fraction",
    }),
  ];
  return (
    <>
      {hasFew && (
        <p class="muted">
          <span class="warn">⚠</span> Fewer than ten fields: the interval is wide, and a few more
          fields pay.
        </p>
      )}
      <p class="muted">
        The 95 % interval covers how much the images of a condition differ from one another, no
        more. It is missing for a single image. Defects that the masks miss, and false ones in them,
        are not covered: what share is missed, the locked test on the{" "}
        <a href={hrefOf("train")}>Train</a> page tells (recall).
      </p>
      <Table
        label="Conditions"
        columns={columns}
        rows={rows}
        nameOf={(row) => text(row, "condition")}
        rowHeight={30}
      />
    </>
  );
}
