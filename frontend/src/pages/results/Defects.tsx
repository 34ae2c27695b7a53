import { useMemo, useState } from "preact/hooks";
import type { Box, Row } from "../../api";
import { Crop } from "../../components/Crop";
import { Empty } from "../../components/Empty";
import { Table, type Column } from "../../components/Table";
import { count, number, percent, words } from "../../format";
import { go, hrefOf, hrefOfDefect } from "../../router";
import { useProject } from "../../store";
import { lengthOrPixels, nameColumn, num, numberColumn, text, typeWords } from "./columns";

const nameOf = (row: Row) => `${text(row, "image")}#${text(row, "defect")}`;

export function boxOfRow(row: Row): Box {
  const side = (key: string) => num(row, key) ?? 0;
  return [side("row_min"), side("column_min"), side("row_max"), side("column_max")];
}

/** Micrometres where every image has a scale, pixels where one has none. */
function columnsFor(rows: Row[]): Column<Row>[] {
  const hasScale = rows.every((row) => num(row, "area_um2") !== null);
  const [length, area] = hasScale ? (["um", "µm²"] as const) : (["px", "px²"] as const);
  return [
    nameColumn("image", "Image", 210),
    numberColumn("defect", "No.", { width: 60 }),
    { key: "type", title: "Type", width: 112, value: typeWords },
    numberColumn(`area_${length}2`, "Area", { unit: area, width: 84 }),
    numberColumn(`equivalent_diameter_${length}`, "Diameter", {
      unit: length === "um" ? "µm" : "px",
      width: 84,
      hint: "Diameter of the disc of the same area",
    }),
    numberColumn("circularity", "Circularity", { width: 88, hint: "4πA/P² of the outline" }),
    numberColumn("aspect_ratio", "Aspect", {
      width: 76,
      hint: "Largest over smallest Feret diameter",
    }),
  ];
}

/** Every defect, and the one that is selected beside it in its surroundings. */
export function Defects({ rows, image }: { rows: Row[]; image: string }) {
  const [type, setType] = useState("");
  const [selected, setSelected] = useState<string>();
  const types = useMemo(
    () => [...new Set(rows.map((row) => text(row, "defect_type")))].filter(Boolean).sort(),
    [rows],
  );
  const images = useMemo(() => [...new Set(rows.map((row) => text(row, "image")))], [rows]);
  const shown = useMemo(
    () =>
      rows.filter(
        (row) =>
          (image === "" || row["image"] === image) && (type === "" || row["defect_type"] === type),
      ),
    [rows, image, type],
  );
  const columns = useMemo(() => columnsFor(rows), [rows]);
  const row = shown.find((one) => nameOf(one) === selected) ?? shown[0];
  return (
    <div class="defects">
      <div class="stack defects-list">
        <div class="row">
          <select
            aria-label="Image"
            value={image}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              go(hrefOf("results", "defects", chosen ? { image: chosen } : {}));
            }}
          >
            <option value="">every image</option>
            {image && !images.includes(image) && <option value={image}>{image}</option>}
            {images.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <select
            aria-label="Type"
            value={type}
            onChange={(event) => setType(event.currentTarget.value)}
          >
            <option value="">every type</option>
            {types.map((name) => (
              <option key={name} value={name}>
                {words(name)}
              </option>
            ))}
          </select>
          <span class="muted">{count(shown.length)} shown</span>
        </div>
        <Table
          label="Defects"
          columns={columns}
          rows={shown}
          nameOf={nameOf}
          selected={row && nameOf(row)}
          onSelect={(one) => setSelected(nameOf(one))}
          onOpen={(one) => go(hrefOfDefect(text(one, "image"), boxOfRow(one)))}
          empty={
            <Empty title="No defect is like that">
              <p>
                {image
                  ? `${image} has no measured defect of this kind.`
                  : "No defect was found on any image."}
              </p>
              {(image || type) && (
                <button
                  onClick={() => {
                    setType("");
                    go(hrefOf("results", "defects"));
                  }}
                >
                  Show every defect
                </button>
              )}
            </Empty>
          }
        />
      </div>
      {row && <Detail row={row} />}
    </div>
  );
}

function Detail({ row }: { row: Row }) {
  const { fields } = useProject();
  const [kind, setKind] = useState<"polished" | "etched">("polished");
  const image = text(row, "image");
  const hasTwin = fields.find((field) => field.name === image)?.has_etched ?? false;
  const box = boxOfRow(row);
  const facts: [string, string][] = [
    ["Type", typeText(row)],
    [
      "Area",
      num(row, "area_um2") === null
        ? `${number(num(row, "area_px2"))} px²`
        : `${number(num(row, "area_um2"))} µm²`,
    ],
    ["Equivalent diameter", lengthOrPixels(row, "equivalent_diameter")],
    ["Feret, largest", lengthOrPixels(row, "feret_max")],
    ["Feret, smallest", lengthOrPixels(row, "feret_min")],
    ["Circularity", number(num(row, "circularity"))],
    ["Solidity", number(num(row, "solidity"))],
    [
      "To build direction",
      num(row, "orientation_deg") === null ? "–" : `${number(num(row, "orientation_deg"))}°`,
    ],
    [
      "Centre (x, y)",
      `${Math.round(num(row, "x_px") ?? 0)}, ${Math.round(num(row, "y_px") ?? 0)} px`,
    ],
    ["At the border", row["touches_border"] === true ? "yes" : "no"],
  ];
  return (
    <aside class="panel detail" aria-label="Selected defect">
      <div class="page-head">
        <h2>Defect {text(row, "defect")}</h2>
        <div class="room" />
        {hasTwin && (
          <button onClick={() => setKind(kind === "polished" ? "etched" : "polished")}>
            {kind === "polished" ? "Show etched" : "Show polished"}
          </button>
        )}
      </div>
      <Crop
        image={image}
        box={box}
        kind={kind}
        width={286}
        margin={0.8}
        marked
        alt={`Defect ${text(row, "defect")} of ${image}`}
      />
      <p class="muted">{image}</p>
      <dl class="facts-list">
        {facts.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <a class="button primary" href={hrefOfDefect(image, box)}>
        Open in the editor
      </a>
    </aside>
  );
}

function typeText(row: Row): string {
  const probability = num(row, "type_probability");
  return probability === null ? typeWords(row) : `${typeWords(row)}, ${percent(probability, 2)}`;
}
