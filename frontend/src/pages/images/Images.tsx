import { useMemo, useState } from "preact/hooks";
import type { Field } from "../../api";
import { Empty } from "../../components/Empty";
import { plural } from "../../format";
import { useProject } from "../../store";
import { AddImages, DropZone, SampleButton } from "./AddImages";
import { FieldsTable } from "./FieldsTable";
import { Gallery } from "./Gallery";
import { ScaleBars } from "./ScaleBars";
import "./images.css";

type Look = "gallery" | "table";
type Kind = "polished" | "etched";

const STATES = ["new", "predicted", "in review", "done", "locked for test", "conflict"] as const;

export function Images() {
  const { fields } = useProject();
  const [look, setLook] = useState<Look>("gallery");
  const [kind, setKind] = useState<Kind>("polished");
  const [search, setSearch] = useState("");
  const [state, setState] = useState("");
  const shown = useMemo(() => matching(fields, search, state), [fields, search, state]);
  if (fields.length === 0) return <NoImages />;
  return (
    <DropZone>
      <div class="page images-page">
        <div class="page-head">
          <h1>Images</h1>
          <span class="muted">{summary(fields)}</span>
          <div class="room" />
          <AddImages />
        </div>
        <ScaleBars fields={fields} />
        <div class="page-head">
          <Choice label="View" value={look} options={["gallery", "table"]} onChange={setLook} />
          {look === "gallery" && fields.some((field) => field.has_etched) && (
            <Choice
              label="Surface"
              value={kind}
              options={["polished", "etched"]}
              onChange={setKind}
            />
          )}
          <input
            type="search"
            placeholder="Find an image or a specimen"
            aria-label="Find an image or a specimen"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
          <select
            aria-label="State"
            value={state}
            onChange={(event) => setState(event.currentTarget.value)}
          >
            <option value="">every state</option>
            {STATES.map((one) => (
              <option key={one} value={one}>
                {one} ({fields.filter((field) => field.state === one).length})
              </option>
            ))}
          </select>
          {shown.length < fields.length && <span class="muted">{shown.length} shown</span>}
          {look === "table" && (
            <span class="muted">
              Type in a cell, or paste from a spreadsheet: a block with a column <b>image</b> finds
              its rows by itself. Shift selects rows that get the same value.
            </span>
          )}
        </div>
        {shown.length === 0 ? (
          <Empty title="No image is like that">
            <p>Nothing in this project has this name and this state.</p>
            <button
              onClick={() => {
                setSearch("");
                setState("");
              }}
            >
              Show all {fields.length} images
            </button>
          </Empty>
        ) : look === "gallery" ? (
          <Gallery fields={shown} kind={kind} />
        ) : (
          <FieldsTable fields={shown} />
        )}
      </div>
    </DropZone>
  );
}

function matching(fields: Field[], search: string, state: string): Field[] {
  const wanted = search.trim().toLowerCase();
  return fields.filter(
    (field) =>
      (state === "" || field.state === state) &&
      `${field.name} ${field.specimen ?? ""}`.toLowerCase().includes(wanted),
  );
}

function summary(fields: Field[]): string {
  const count = (test: (field: Field) => boolean) => fields.filter(test).length;
  const noScale = count((field) => field.um_per_px === null);
  return [
    plural(fields.length, "image"),
    `${count((field) => field.has_etched)} with an etched twin`,
    `${count((field) => field.state === "done")} done`,
    noScale ? `${noScale} without a scale` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly T[];
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} aria-pressed={option === value} onClick={() => onChange(option)}>
          {option[0]?.toUpperCase() + option.slice(1)}
        </button>
      ))}
    </div>
  );
}

function NoImages() {
  return (
    <DropZone>
      <div class="page">
        <section class="first-drop">
          <h1>Drop micrographs here</h1>
          <p>
            PNG, JPEG, TIFF or BMP, 8 or 16 bit. An etched twin is found by its name:
            <br />
            <code>A1_polished.tif</code> and <code>A1_etched.tif</code> become one field.
          </p>
          <AddImages isFirst />
          <p class="muted">
            Masks are there at once, without training. Nothing leaves this computer.
          </p>
          <hr />
          <p>No images at hand? A generated build of 36 fields shows everything.</p>
          <SampleButton />
        </section>
      </div>
    </DropZone>
  );
}
