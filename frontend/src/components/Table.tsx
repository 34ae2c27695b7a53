import type { ComponentChildren, TargetedClipboardEvent, TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, NONE, number } from "../format";
import {
  filled,
  parsePasted,
  pasted,
  sizeOf,
  sortRows,
  spanOf,
  stepOf,
  type Cell,
  type Direction,
  type Edit,
  type Span,
} from "../table";
import { CellInput, type Editing } from "./CellInput";

export interface Column<R> {
  key: string;
  title: string;
  unit?: string;
  /** What it means, shown when the pointer rests on the title. */
  hint?: string;
  width: number;
  value: (row: R) => Cell;
  show?: (row: R) => ComponentChildren;
  isEditable?: boolean;
  /** Numbers that are names stand at the left. */
  isName?: boolean;
  /** Holds buttons or links: nothing to sort by. */
  isAction?: boolean;
}

interface Props<R> {
  label: string;
  columns: Column<R>[];
  rows: R[];
  nameOf: (row: R) => string;
  rowHeight?: number;
  selected?: string | undefined;
  sort?: [key: string, direction: Direction];
  empty?: ComponentChildren;
  /** A row gets the focus. */
  onSelect?: (row: R) => void;
  /** Enter or a double click on a cell that cannot be edited. */
  onOpen?: (row: R) => void;
  /** Cells changed by typing or pasting; rows are those that are shown. */
  onEdit?: (edits: Edit[], rows: R[], notes: string[]) => void;
}

const OVERSCAN = 8;

/** Sortable table that draws only the rows in sight: 10 000 rows scroll like ten. */
export function Table<R>(props: Props<R>) {
  const { columns, nameOf, rowHeight = 28 } = props;
  const [sort, setSort] = useState(props.sort);
  const [active, setActive] = useState<[row: number, column: number]>([0, 0]);
  const [anchor, setAnchor] = useState<number | null>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const wantsFocus = useRef(false);
  const [first, last, onScroll] = useWindow(scroller, props.rows.length, rowHeight);
  const rows = useMemo(() => {
    const column = columns.find((one) => one.key === sort?.[0]);
    return column && sort ? sortRows(props.rows, column.value, sort[1]) : props.rows;
  }, [props.rows, sort, columns]);
  const numeric = useMemo(
    () => new Set(columns.filter((one) => isNumeric(one, props.rows)).map((one) => one.key)),
    [columns, props.rows],
  );
  const row = Math.min(active[0], rows.length - 1);
  const column = Math.min(active[1], columns.length - 1);
  const span = spanOf(anchor === null ? null : Math.min(anchor, rows.length - 1), row);
  const tabRow = row >= first && row < last ? row : Math.min(first + OVERSCAN, last - 1);

  useLayoutEffect(() => {
    if (!wantsFocus.current || editing !== null) return;
    const cell = scroller.current?.querySelector<HTMLElement>('td[tabindex="0"]');
    if (cell) {
      wantsFocus.current = false;
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  });

  const move = (nextRow: number, nextColumn: number, isWider = false) => {
    setAnchor(isWider && props.onEdit ? (anchor ?? row) : null);
    const to = Math.max(0, Math.min(rows.length - 1, nextRow));
    const across = Math.max(0, Math.min(columns.length - 1, nextColumn));
    setActive([to, across]);
    wantsFocus.current = true;
    reveal(scroller.current, to, rowHeight);
    const target = rows[to];
    if (target !== undefined && to !== row) props.onSelect?.(target);
  };

  const startEditing = (one: R, at: number, typed?: string) => {
    const before = textOf(columns[at]?.value(one));
    setEditing({ before, text: typed ?? before });
  };

  const commit = (text: string, step: number) => {
    const edited = columns[column];
    setEditing(null);
    if (!edited) return;
    const edits = filled(span, edited.key, text, editing?.before ?? null, step > 0);
    if (edits.length) props.onEdit?.(edits, rows, []);
    if (edits.length && sort?.[0] === edited.key) setAnchor(null); // the rows change places
    if (sizeOf(span) > 1) wantsFocus.current = true;
    else if (step) move(row + step, column);
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (editing !== null || (event.target as Element).closest("thead, button, a")) return;
    const page = Math.floor((scroller.current?.clientHeight ?? 200) / rowHeight) - 2;
    const step = stepOf(
      event,
      { row, column },
      { rows: rows.length, columns: columns.length, page },
    );
    const current = rows[row];
    const isEditable = Boolean(columns[column]?.isEditable);
    if (current === undefined) return;
    if (step) move(step.row, step.column, event.shiftKey);
    else if (props.onEdit && event.key === "a" && (event.ctrlKey || event.metaKey)) {
      setAnchor(row === 0 ? rows.length - 1 : 0);
      if (row !== 0) setActive([rows.length - 1, column]);
    } else if (anchor !== null && event.key === "Escape") setAnchor(null);
    else if (event.key === "Enter") {
      if (isEditable) startEditing(current, column);
      else props.onOpen?.(current);
    } else if (isEditable && (event.key === "F2" || isLetter(event))) {
      // A letter replaces what stood there, F2 goes on with it.
      startEditing(current, column, event.key === "F2" ? undefined : event.key);
    } else if (isEditable && event.key === "Delete") commit("", 0);
    else return;
    event.preventDefault();
  };

  const onPaste = (event: TargetedClipboardEvent<HTMLElement>) => {
    const text = event.clipboardData?.getData("text/plain");
    if (!props.onEdit || editing !== null || !text) return;
    event.preventDefault();
    const targets = columns.map(({ key, isEditable }) => ({
      key,
      isEditable: Boolean(isEditable),
    }));
    const at = { row, column };
    const placed = pasted(parsePasted(text), at, span, targets, rows.map(nameOf));
    props.onEdit(placed.edits, rows, placed.notes);
  };

  const toggleSort = (key: string) => {
    setAnchor(null);
    setSort((now) => [
      key,
      now?.[0] === key && now[1] === "ascending" ? "descending" : "ascending",
    ]);
  };

  /** With Shift the rows from the focus to the pointer are selected, without the one alone. */
  const onPoint = (event: MouseEvent, toRow: number, toColumn: number) => {
    if (editing !== null || event.button !== 0) return;
    if (event.shiftKey) {
      event.preventDefault(); // would select text
      move(toRow, toColumn, true);
    } else setAnchor(null);
  };

  if (rows.length === 0 && props.empty) return <>{props.empty}</>;
  const width = columns.reduce((sum, one) => sum + one.width, 0);
  return (
    <div class="table-scroll" ref={scroller} onScroll={onScroll}>
      <table
        role="grid"
        aria-label={props.label}
        aria-rowcount={rows.length + 1}
        aria-multiselectable={props.onEdit ? true : undefined}
        style={{ minWidth: `${width}px` }}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      >
        <colgroup>
          {columns.map((one) => (
            <col key={one.key} style={{ width: `${(100 * one.width) / width}%` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((one) => (
              <HeadCell
                key={one.key}
                column={one}
                isNumber={numeric.has(one.key)}
                direction={sort?.[0] === one.key ? sort[1] : undefined}
                onSort={() => toggleSort(one.key)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={first * rowHeight} span={columns.length} />
          {rows.slice(first, last).map((one, i) => (
            <BodyRow
              key={nameOf(one)}
              table={props}
              row={one}
              index={first + i}
              rowHeight={rowHeight}
              span={span}
              numeric={numeric}
              tabColumn={first + i === tabRow ? column : -1}
              edited={first + i === row && editing ? { ...editing, column } : null}
              onFocus={(j) => {
                if (first + i !== row || j !== column) setActive([first + i, j]);
              }}
              onPoint={(event, j) => onPoint(event, first + i, j)}
              onStart={(j) => startEditing(one, j)}
              onCommit={commit}
              onCancel={() => {
                setEditing(null);
                wantsFocus.current = true;
              }}
            />
          ))}
          <Spacer height={(rows.length - last) * rowHeight} span={columns.length} />
        </tbody>
      </table>
      {sizeOf(span) > 1 && (
        <div class="table-note" role="status">
          {sizeOf(span)} rows: what you type in a cell goes to all of them. Escape lets them go.
        </div>
      )}
    </div>
  );
}

interface RowProps<R> {
  table: Props<R>;
  row: R;
  /** Place among all rows, from 0. */
  index: number;
  rowHeight: number;
  /** Rows that are selected. */
  span: Span;
  numeric: Set<string>;
  /** Column whose cell the Tab key reaches; -1 in the other rows. */
  tabColumn: number;
  edited: (Editing & { column: number }) | null;
  onFocus: (column: number) => void;
  onPoint: (event: MouseEvent, column: number) => void;
  onStart: (column: number) => void;
  onCommit: (text: string, step: number) => void;
  onCancel: () => void;
}

function BodyRow<R>(props: RowProps<R>) {
  const { table, row, index, numeric, edited, span } = props;
  const name = table.nameOf(row);
  const isAmong = sizeOf(span) > 1 && index >= span[0] && index <= span[1];
  const isChosen = table.selected === undefined ? isAmong || undefined : name === table.selected;
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      style={{ height: `${props.rowHeight}px` }}
    >
      {table.columns.map((cell, j) => (
        <td
          key={cell.key}
          role="gridcell"
          class={`${numeric.has(cell.key) ? "num" : ""} ${cell.isEditable ? "editable" : ""}`}
          tabIndex={j === props.tabColumn ? 0 : -1}
          aria-readonly={table.onEdit ? !cell.isEditable : undefined}
          onMouseDown={(event) => props.onPoint(event, j)}
          onFocus={() => props.onFocus(j)}
          onClick={() => table.onSelect?.(row)}
          onDblClick={() => (cell.isEditable ? props.onStart(j) : table.onOpen?.(row))}
        >
          {edited?.column === j ? (
            <CellInput
              label={`${cell.title} of ${name}`}
              before={edited.before}
              text={edited.text}
              onCommit={props.onCommit}
              onCancel={props.onCancel}
            />
          ) : cell.show ? (
            cell.show(row)
          ) : (
            shown(cell.value(row))
          )}
        </td>
      ))}
    </tr>
  );
}

interface HeadProps<R> {
  column: Column<R>;
  isNumber: boolean;
  direction: Direction | undefined;
  onSort: () => void;
}

function HeadCell<R>({ column, isNumber, direction, onSort }: HeadProps<R>) {
  if (column.isAction) {
    return (
      <th scope="col" class="action">
        {column.title}
      </th>
    );
  }
  const arrow = direction === "ascending" ? "↑" : direction === "descending" ? "↓" : "";
  return (
    <th scope="col" class={isNumber ? "num" : ""} aria-sort={direction ?? "none"}>
      <button class="sort" title={column.hint ?? column.title} onClick={onSort}>
        <span class="title">
          {column.title}
          {arrow && (
            <span class="arrow" aria-hidden="true">
              {arrow}
            </span>
          )}
        </span>
        <span class="unit">{column.unit ?? ""}</span>
      </button>
    </th>
  );
}

function Spacer({ height, span }: { height: number; span: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" class="spacer">
      <td colSpan={span} style={{ height: `${height}px` }} />
    </tr>
  );
}

/** Rows in sight, and the listener that keeps them so. */
function useWindow(
  scroller: { current: HTMLDivElement | null },
  nRows: number,
  rowHeight: number,
): [first: number, last: number, onScroll: () => void] {
  const [view, setView] = useState<[top: number, height: number]>([0, 600]);
  const onScroll = () => {
    const box = scroller.current;
    if (box) setView([box.scrollTop, box.clientHeight]);
  };
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const observer = new ResizeObserver(onScroll);
    observer.observe(box);
    return () => observer.disconnect();
  }, [nRows === 0]);
  const [top, height] = view;
  const first = Math.max(0, Math.min(nRows, Math.floor(top / rowHeight)) - OVERSCAN);
  const last = Math.min(nRows, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  return [first, last, onScroll];
}

/** Scroll so that a row which may not be drawn yet comes into sight below the head. */
function reveal(box: HTMLDivElement | null, row: number, rowHeight: number): void {
  if (!box) return;
  const head = box.querySelector("thead")?.clientHeight ?? 0;
  const top = row * rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight + head > box.scrollTop + box.clientHeight) {
    box.scrollTop = top + rowHeight + head - box.clientHeight;
  }
}

function isLetter(event: KeyboardEvent): boolean {
  return (
    event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey
  );
}

function isNumeric<R>(column: Column<R>, rows: R[]): boolean {
  const row = rows.find((one) => column.value(one) != null);
  return !column.isName && row !== undefined && typeof column.value(row) === "number";
}

function textOf(cell: Cell): string {
  return cell === null || cell === undefined ? "" : String(cell);
}

function shown(cell: Cell): string {
  if (cell === null || cell === undefined || cell === "") return NONE;
  if (typeof cell === "number") return Number.isInteger(cell) ? count(cell) : number(cell);
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  return cell;
}
