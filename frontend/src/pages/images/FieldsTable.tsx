import { api, thumbUrl, type Conditions, type Field } from "../../api";
import { LongName } from "../../components/LongName";
import { Table, type Column } from "../../components/Table";
import { StateDot } from "../../components/StateDot";
import { complain, say } from "../../components/Toast";
import { NONE, plural } from "../../format";
import { go, hrefOf } from "../../router";
import { took } from "../../store";
import { parseNumber, type Edit } from "../../table";

type Key = keyof Conditions;

/** A pasted table that is wrong in each row is not worth a hundred messages. */
const MOST_FAILURES = 3;

const TEXTS: readonly Key[] = ["specimen", "alloy", "section_plane"];

interface Known {
  key: Key;
  title: string;
  width: number;
  unit?: string;
  hint?: string;
}

const KNOWN: readonly Known[] = [
  { key: "specimen", title: "Specimen", width: 120 },
  { key: "um_per_px", title: "Scale", unit: "µm/px", width: 96, hint: "Edge length of a pixel" },
  { key: "laser_power_w", title: "Power", unit: "W", width: 84, hint: "Laser power" },
  { key: "scan_speed_mm_s", title: "Speed", unit: "mm/s", width: 96, hint: "Scan speed" },
  {
    key: "hatch_um",
    title: "Hatch",
    unit: "µm",
    width: 84,
    hint: "Distance between neighbouring tracks",
  },
  { key: "layer_um", title: "Layer", unit: "µm", width: 80, hint: "Layer thickness" },
  { key: "beam_um", title: "Beam", unit: "µm", width: 80, hint: "Diameter of the beam, D4σ" },
  { key: "preheat_c", title: "Preheat", unit: "°C", width: 90, hint: "Temperature of the plate" },
  { key: "alloy", title: "Alloy", width: 80 },
  { key: "section_plane", title: "Plane", width: 70, hint: "XY, XZ, YZ or a description" },
  {
    key: "build_direction_deg",
    title: "Build",
    unit: "°",
    width: 76,
    hint: "Direction in which layers were added, counter-clockwise from the image's +x axis; 90 is up",
  },
  {
    key: "objective_na",
    title: "NA",
    width: 64,
    hint: "Numerical aperture of the objective; it sets the size floor",
  },
];

const COLUMNS: Column<Field>[] = [
  {
    key: "image",
    title: "Image",
    width: 250,
    value: (field) => field.name,
    show: (field) => (
      <span class="cell-name">
        <img class="cell-thumb" src={thumbUrl(field.name)} alt="" loading="lazy" />
        <LongName text={field.name} />
      </span>
    ),
  },
  {
    key: "state",
    title: "State",
    width: 116,
    value: (field) => field.state,
    show: (field) => <StateDot state={field.state} />,
  },
  ...KNOWN.map((known): Column<Field> => ({
    ...known,
    isEditable: true,
    value: (field) => field[known.key],
    // Exactly what was typed, not rounded: this is where it is changed.
    show: known.key === "um_per_px" ? showScale : (field) => field[known.key] ?? NONE,
  })),
];

function showScale(field: Field) {
  return field.um_per_px === null ? (
    <span class="warn">⚠ none</span>
  ) : (
    <span title={`from: ${field.scale_source ?? "unknown"}`}>{field.um_per_px}</span>
  );
}

/** What the cells say, gathered by image so that each is asked for once. */
export function gather(
  edits: Edit[],
  rows: Field[],
): { changes: Map<string, Partial<Conditions>>; errors: string[] } {
  const changes = new Map<string, Partial<Conditions>>();
  const errors: string[] = [];
  for (const { row, column, text } of edits) {
    const field = rows[row];
    if (!field) continue;
    const key = column as Key;
    try {
      const value = TEXTS.includes(key) ? text.trim() || null : parseNumber(text);
      changes.set(field.name, { ...changes.get(field.name), [key]: value });
    } catch (error) {
      errors.push(`${field.name}, ${column}: ${(error as Error).message}`);
    }
  }
  return { changes, errors };
}

async function save(edits: Edit[], rows: Field[], notes: string[]): Promise<void> {
  const { changes, errors } = gather(edits, rows);
  const failures: unknown[] = [];
  let nSaved = 0;
  for (const [name, values] of changes) {
    try {
      took({ type: "field", field: await api.patchField(name, values) });
      nSaved++;
    } catch (error) {
      failures.push(error);
      if (failures.length === MOST_FAILURES) break;
    }
  }
  if (edits.length > 1 && nSaved) say(`${plural(nSaved, "image")} changed.`);
  failures.forEach(complain);
  for (const text of [...errors.slice(0, MOST_FAILURES), ...notes]) complain(new Error(text));
}

export function FieldsTable({ fields }: { fields: Field[] }) {
  return (
    <Table
      label="Images and their conditions"
      columns={COLUMNS}
      rows={fields}
      nameOf={(field) => field.name}
      rowHeight={34}
      onEdit={(edits, rows, notes) => void save(edits, rows, notes)}
      onOpen={(field) => go(hrefOf("correct", field.name))}
    />
  );
}
