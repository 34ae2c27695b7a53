import { describe, expect, test } from "vitest";
import {
  filled,
  parseLength,
  parseNumber,
  parsePasted,
  pasted,
  placePasted,
  sizeOf,
  sortRows,
  spanOf,
  stepOf,
} from "../src/table";

describe("sorting", () => {
  const by = (rows: unknown[], direction: "ascending" | "descending") =>
    sortRows(rows as (string | number | null)[], (row) => row, direction);

  test("numbers go by size, not by letters", () => {
    expect(by([10, 9, 100], "ascending")).toEqual([9, 10, 100]);
  });
  test("names go by the numbers in them", () => {
    expect(by(["field10", "field2", "Field1"], "ascending")).toEqual([
      "Field1",
      "field2",
      "field10",
    ]);
  });
  test("missing values come last in both directions", () => {
    expect(by([null, 2, 1], "ascending")).toEqual([1, 2, null]);
    expect(by([null, 2, 1], "descending")).toEqual([2, 1, null]);
  });
  test("ties keep their order and the input is untouched", () => {
    const rows = [
      { n: 1, id: "a" },
      { n: 0, id: "b" },
      { n: 1, id: "c" },
    ];
    const sorted = sortRows(rows, (row) => row.n, "descending");
    expect(sorted.map((row) => row.id).join("")).toBe("acb");
    expect(rows.map((row) => row.id).join("")).toBe("abc");
  });
});

describe("what a spreadsheet pastes", () => {
  test("a block has rows and cells, with either line end and without the last empty line", () => {
    expect(parsePasted("a\tb\r\n1\t2\r\n")).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
  });
  test("quotes hold line ends, tabs and quotes", () => {
    expect(parsePasted('"two\nlines"\t"5"" pipe"\tx')).toEqual([["two\nlines", '5" pipe', "x"]]);
  });
  test("empty cells stay in their place", () => {
    expect(parsePasted("a\t\tc\n\t\t")).toEqual([
      ["a", "", "c"],
      ["", "", ""],
    ]);
  });
});

describe("numbers as people write them", () => {
  test.each([
    ["1.25", 1.25],
    ["1,25", 1.25],
    ["-20", -20],
    ["1 200", 1200],
    ["1,200.5", 1200.5],
    ["0,125", 0.125],
    ["1e-3", 0.001],
  ])("%s", (text, value) => expect(parseNumber(text)).toBe(value));
  test("nothing is nothing", () => {
    expect(parseNumber(" ")).toBeNull();
    expect(parseNumber("–")).toBeNull();
  });
  test("what is not a number is refused, and so is what can be read in two ways", () => {
    expect(() => parseNumber("fast")).toThrow("“fast” is not a number");
    expect(() => parseNumber("Infinity")).toThrow("not a number");
    expect(() => parseNumber("1,200")).toThrow("Write 1.200 or 1200");
  });
});

describe("the length at a scale bar", () => {
  test.each([
    ["100", 100],
    ["100 µm", 100],
    ["0,5um", 0.5],
  ])("%s", (text, value) => expect(parseLength(text)).toBe(value));
  test("a length that is none is refused with what to type", () => {
    expect(() => parseLength("-5")).toThrow("Type what is written at the bar");
    expect(() => parseLength("0")).toThrow("more than 0");
    expect(() => parseLength("long")).toThrow("not a number");
  });
});

describe("where pasted cells go", () => {
  const columns = [
    { key: "image", isEditable: false },
    { key: "specimen", isEditable: true },
    { key: "laser_power_w", isEditable: true },
  ];
  const names = ["A1", "A2"];

  test("a plain block goes down and right from the focus; what falls outside is told", () => {
    const { edits, notes } = placePasted(
      [["200", "x"], ["220"]],
      { row: 1, column: 2 },
      columns,
      names,
    );
    expect(edits).toEqual([{ row: 1, column: "laser_power_w", text: "200" }]);
    expect(notes).toEqual(["2 pasted cells had no cell to go to and were left out."]);
  });
  test("a block with a head finds rows by image and columns by name, in any order", () => {
    const block = [
      ["laser_power_w", "Image", "colour"],
      ["240", "folder/A2.tif", "red"],
      ["160", "B9", ""],
    ];
    const { edits, notes } = placePasted(block, { row: 0, column: 0 }, columns, names);
    expect(edits).toEqual([{ row: 1, column: "laser_power_w", text: "240" }]);
    expect(notes).toEqual([
      "No image is named B9.",
      "These columns are not known and were left out: colour.",
    ]);
  });
  test("cells that cannot be edited are never written", () => {
    expect(placePasted([["new name"]], { row: 0, column: 0 }, columns, names).edits).toEqual([]);
  });
});

describe("the same value for selected rows", () => {
  const rowsOf = (edits: { row: number }[]) => edits.map(({ row }) => row);

  test("a selection goes from where it began to the focus, up or down", () => {
    expect(spanOf(null, 4)).toEqual([4, 4]);
    expect(spanOf(2, 4)).toEqual([2, 4]);
    expect(spanOf(4, 2)).toEqual([2, 4]);
    expect(sizeOf([2, 4])).toBe(3);
  });
  test("a text typed in one of them goes to all, in its column", () => {
    expect(filled([1, 3], "um_per_px", "0.5", "", true)).toEqual([
      { row: 1, column: "um_per_px", text: "0.5" },
      { row: 2, column: "um_per_px", text: "0.5" },
      { row: 3, column: "um_per_px", text: "0.5" },
    ]);
  });
  test("what stood there goes to the others with Enter, and nowhere when the cell is only left", () => {
    expect(rowsOf(filled([1, 3], "alloy", "In718", "In718", true))).toEqual([1, 2, 3]);
    expect(filled([1, 3], "alloy", "In718", "In718", false)).toEqual([]);
    expect(filled([1, 1], "alloy", "In718", "In718", true)).toEqual([]);
    expect(rowsOf(filled([1, 1], "alloy", "", null, false))).toEqual([1]); // emptied with Delete
  });
  test("a single pasted cell goes to all of them, a block is laid down from the focus", () => {
    const columns = [
      { key: "image", isEditable: false },
      { key: "alloy", isEditable: true },
    ];
    const names = ["A1", "A2", "A3"];
    const at = { row: 2, column: 1 };
    expect(rowsOf(pasted([["In718"]], at, [0, 2], columns, names).edits)).toEqual([0, 1, 2]);
    expect(rowsOf(pasted([["In718"]], at, [2, 2], columns, names).edits)).toEqual([2]);
    const block = pasted([["In718"], ["Ti64"]], { row: 0, column: 1 }, [0, 2], columns, names);
    expect(rowsOf(block.edits)).toEqual([0, 1]);
    expect(pasted([["x"]], { row: 0, column: 0 }, [0, 2], columns, names).edits).toEqual([]);
  });
});

test("keys lead through a table", () => {
  const to = (key: string, ctrlKey = false) => {
    const place = stepOf(
      { key, ctrlKey },
      { row: 5, column: 2 },
      { rows: 100, columns: 4, page: 20 },
    );
    return place && [place.row, place.column];
  };
  expect(to("ArrowDown")).toEqual([6, 2]);
  expect(to("ArrowLeft")).toEqual([5, 1]);
  expect(to("PageDown")).toEqual([25, 2]);
  expect(to("Home")).toEqual([5, 0]);
  expect(to("End", true)).toEqual([99, 3]);
  expect(to("a")).toBeUndefined();
});
