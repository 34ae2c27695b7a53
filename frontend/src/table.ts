// Tables without their looks: sorting, and what a spreadsheet pastes.

export type Cell = string | number | boolean | null | undefined;
export type Direction = "ascending" | "descending";

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Order of two cells; text with numbers in it by the numbers (field2 before field10). */
export function compareCells(a: NonNullable<Cell>, b: NonNullable<Cell>): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return natural.compare(String(a), String(b));
}

function isMissing(cell: Cell): cell is null | undefined {
  return cell === null || cell === undefined || cell === "" || Number.isNaN(cell);
}

/** Rows in order of what `value` gives. Missing values come last in both directions; ties keep their order. */
export function sortRows<R>(
  rows: readonly R[],
  value: (row: R) => Cell,
  direction: Direction,
): R[] {
  const sign = direction === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => ({ row, cell: value(row) }));
  keyed.sort((a, b) => {
    if (isMissing(a.cell) || isMissing(b.cell))
      return Number(isMissing(a.cell)) - Number(isMissing(b.cell));
    return sign * compareCells(a.cell, b.cell);
  });
  return keyed.map(({ row }) => row);
}

/** Cells of what a spreadsheet puts on the clipboard: tabs between cells, quotes around those with line ends. */
export function parsePasted(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    rows.at(-1)?.push(cell.trim());
    cell = "";
  };
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let i = 0; i < source.length; i++) {
    const letter = source[i];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (source[i + 1] === '"') cell += source[i++];
      else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === "\t") endCell();
    else if (letter === "\n") {
      endCell();
      rows.push([]);
    } else cell += letter;
  }
  endCell();
  return rows;
}

/** A number as people of either decimal sign write it; the error says what is wrong with it. */
export function parseNumber(text: string): number | null {
  const plain = text.trim().replace(/[\u202f\u00a0 ]/g, "");
  if (plain === "" || plain === "–" || plain === "-") return null;
  if (/^-?\d{1,3},\d{3}$/.test(plain) && !/^-?0,/.test(plain)) {
    throw new Error(
      `“${text}” can be read in two ways. Write ${plain.replace(",", ".")} or ${plain.replace(",", "")}.`,
    );
  }
  const normal = plain.includes(".") ? plain.replaceAll(",", "") : plain.replace(",", ".");
  const value = Number(normal);
  if (!/\d/.test(normal) || !Number.isFinite(value)) throw new Error(`“${text}” is not a number.`);
  return value;
}

/** Length that is written at a scale bar, in µm, with or without its unit. */
export function parseLength(text: string): number {
  const value = parseNumber(text.replace(/\s*[µμu]m\s*$/i, ""));
  if (value === null || value <= 0)
    throw new Error(`The length “${text}” has to be more than 0. Type what is written at the bar, in µm.`);
  return value;
}

export interface Edit {
  /** Place of the row in what is shown, from 0. */
  row: number;
  column: string;
  text: string;
}

interface Place {
  row: number;
  column: number;
}

/**
 * What a pasted block changes.
 *
 * A block that begins with a row of column names, `image` among them, is matched by image and
 * column, in any order. Any other block is laid down from the cell that has the focus.
 */
export function placePasted(
  block: string[][],
  at: Place,
  columns: readonly { key: string; isEditable: boolean }[],
  names: readonly string[],
): { edits: Edit[]; notes: string[] } {
  const head = (block[0] ?? []).map((cell) => cell.toLowerCase());
  return head.includes("image") && block.length > 1
    ? placeByName(block, head, columns, names)
    : placeByPosition(block, at, columns, names.length);
}

function placeByPosition(
  block: string[][],
  at: Place,
  columns: readonly { key: string; isEditable: boolean }[],
  nRows: number,
): { edits: Edit[]; notes: string[] } {
  const edits: Edit[] = [];
  let nOutside = 0;
  block.forEach((cells, i) =>
    cells.forEach((text, j) => {
      const column = columns[at.column + j];
      if (at.row + i >= nRows || !column?.isEditable) nOutside++;
      else edits.push({ row: at.row + i, column: column.key, text });
    }),
  );
  const notes = nOutside
    ? [`${nOutside} pasted cells had no cell to go to and were left out.`]
    : [];
  return { edits, notes };
}

function placeByName(
  block: string[][],
  head: string[],
  columns: readonly { key: string; isEditable: boolean }[],
  names: readonly string[],
): { edits: Edit[]; notes: string[] } {
  const edits: Edit[] = [];
  const place = new Map(names.map((name, i) => [stem(name), i]));
  const editable = new Set(
    columns.filter((column) => column.isEditable).map((column) => column.key),
  );
  const image = head.indexOf("image");
  const unknown: string[] = [];
  for (const cells of block.slice(1)) {
    const row = place.get(stem(cells[image] ?? ""));
    if (row === undefined) {
      if (cells[image]) unknown.push(cells[image]);
      continue;
    }
    head.forEach((key, j) => {
      const text = cells[j];
      if (editable.has(key) && text !== undefined && text !== "")
        edits.push({ row, column: key, text });
    });
  }
  const ignored = head.filter((key) => key && key !== "image" && !editable.has(key));
  const notes = [
    unknown.length
      ? `No image is named ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ", …" : ""}.`
      : "",
    ignored.length ? `These columns are not known and were left out: ${ignored.join(", ")}.` : "",
  ].filter(Boolean);
  return { edits, notes };
}

/** Name of an image without folder and suffix, as the project names it. */
function stem(name: string): string {
  const file = name.split(/[\\/]/).at(-1) ?? name;
  return file.replace(/\.(tiff?|png|jpe?g|bmp)$/i, "").toLowerCase();
}

/** First and last of the selected rows; `row` has the focus, `anchor` is where the selection began. */
export type Span = readonly [first: number, last: number];

export function spanOf(anchor: number | null, row: number): Span {
  return anchor === null ? [row, row] : [Math.min(anchor, row), Math.max(anchor, row)];
}

/** How many rows are selected. */
export function sizeOf([first, last]: Span): number {
  return last - first + 1;
}

/**
 * What a text typed into one cell changes: the same column of every selected row. With several
 * rows, one that was taken with Enter as it stood goes to the others. `before` is null where the
 * text did not begin with what stood there.
 */
export function filled(
  span: Span,
  column: string,
  text: string,
  before: string | null,
  isMeant: boolean,
): Edit[] {
  if (text === before && !(isMeant && sizeOf(span) > 1)) return [];
  return Array.from({ length: sizeOf(span) }, (_, i) => ({ row: span[0] + i, column, text }));
}

/** What a paste changes: a single cell goes to every selected row, a block as `placePasted`. */
export function pasted(
  block: string[][],
  at: Place,
  span: Span,
  columns: readonly { key: string; isEditable: boolean }[],
  names: readonly string[],
): { edits: Edit[]; notes: string[] } {
  const [[only, ...more] = [], ...below] = block;
  const column = columns[at.column];
  const isOne = only !== undefined && more.length + below.length === 0;
  if (!isOne || sizeOf(span) === 1 || !column?.isEditable) return placePasted(block, at, columns, names);
  return { edits: filled(span, column.key, only, null, true), notes: [] };
}

interface Size {
  rows: number;
  columns: number;
  /** Rows that a page holds. */
  page: number;
}

/** Where a key leads in a table; nothing where it is none of those that move. It may lead outside. */
export function stepOf(
  event: Pick<KeyboardEvent, "key" | "ctrlKey">,
  { row, column }: Place,
  size: Size,
): Place | undefined {
  const page = Math.max(1, size.page);
  const steps: Record<string, Place> = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    PageUp: { row: row - page, column },
    PageDown: { row: row + page, column },
    Home: { row: event.ctrlKey ? 0 : row, column: 0 },
    End: { row: event.ctrlKey ? size.rows - 1 : row, column: size.columns - 1 },
  };
  return steps[event.key];
}
