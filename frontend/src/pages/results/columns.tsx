import type { Row } from "../../api";
import { LongName } from "../../components/LongName";
import type { Column } from "../../components/Table";
import { interval, number, percent, words } from "../../format";

/** A number of a row, where it is one. */
export function num(row: Row, key: string): number | null {
  const value = row[key];
  return typeof value === "number" ? value : null;
}

export function text(row: Row, key: string): string {
  const value = row[key];
  return value === null || value === undefined ? "" : String(value);
}

export function nameColumn(key: string, title: string, width: number): Column<Row> {
  return {
    key,
    title,
    width,
    value: (row) => text(row, key),
    show: (row) => <LongName text={text(row, key)} />,
  };
}

interface Words {
  unit?: string;
  hint?: string;
  width?: number;
}

export function numberColumn(
  key: string,
  title: string,
  { unit, hint, width = 92 }: Words = {},
): Column<Row> {
  return {
    key,
    title,
    width,
    ...(unit ? { unit } : {}),
    ...(hint ? { hint } : {}),
    value: (row) => num(row, key),
  };
}

export function percentColumn(
  key: string,
  title: string,
  { hint, width = 96 }: Words = {},
): Column<Row> {
  return {
    key,
    title,
    unit: "%",
    width,
    ...(hint ? { hint } : {}),
    value: (row) => num(row, key),
    show: (row) => percent(num(row, key)).replace(/\u202f%$/, ""),
  };
}

/** Value with its 95 % interval; `factor` 100 turns a fraction into percent. */
export function intervalColumn(
  key: string,
  title: string,
  unit: string,
  factor: number,
  words: Words = {},
): Column<Row> {
  const scaled = (row: Row, suffix: string) => {
    const value = num(row, `${key}${suffix}`);
    return value === null ? null : value * factor;
  };
  return {
    key,
    title,
    unit,
    width: words.width ?? 190,
    ...(words.hint ? { hint: words.hint } : {}),
    value: (row) => num(row, key),
    show: (row) => interval(scaled(row, ""), scaled(row, "_low"), scaled(row, "_high")),
  };
}

/** Types that the classifier tells apart, as the tables' columns name them. */
export function typesOf(rows: Row[], prefix: string): string[] {
  return Object.keys(rows[0] ?? {})
    .filter((key) => key.startsWith(prefix) && !/_(low|high)$/.test(key))
    .map((key) => key.slice(prefix.length));
}

export function typeWords(row: Row): string {
  const type = text(row, "defect_type");
  return type === "" ? "–" : words(type);
}

export function lengthOrPixels(row: Row, key: string): string {
  const micrometres = num(row, `${key}_um`);
  return micrometres === null ? `${number(num(row, `${key}_px`))} px` : `${number(micrometres)} µm`;
}
