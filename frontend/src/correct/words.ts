import { count, NONE, number, THIN, withUnit, words } from "../format";
import type { Defect, DefectState, Kind } from "./api";
import { IGNORE } from "./mask";

export const STATE_WORDS: Record<DefectState, string> = {
  predicted: "to check",
  accepted: "accepted",
  edited: "edited",
  added: "added",
  rejected: "rejected",
  ignored: "ignored",
};

export function className(classes: readonly string[], value: number): string {
  const name = classes[value - 1];
  return name ? words(name) : `class ${value}`;
}

export function areaWords(defect: Defect): string {
  return defect.area_um2 === null ? `${count(defect.area_px)}${THIN}px²` : withUnit(defect.area_um2, "µm²");
}

/** What a person who does not see the canvas has to know of a defect. */
export function describe(
  defect: Defect,
  editor: { queue: () => readonly Defect[]; field: { classes: string[] }; defects: { size: number } },
): string {
  const place = editor.queue().findIndex((one) => one.id === defect.id);
  const rank = place < 0 ? `Defect ${defect.id}` : `Defect ${place + 1} of ${editor.queue().length}`;
  const confidence = defect.confidence === null ? "" : `, confidence ${number(defect.confidence, 2)}`;
  return `${rank}, ${className(editor.field.classes, defect.class)}, ${areaWords(defect)}${confidence}, ${STATE_WORDS[defect.state]}`;
}

const SMALLEST_SHAPE_DIAMETER_PX = 10;

/** Circularity, where a defect has pixels enough for a shape: the same limit as in the defect table. */
export function circularityWords(defect: Defect): string {
  const diameter = 2 * Math.sqrt(defect.area_px / Math.PI);
  return diameter < SMALLEST_SHAPE_DIAMETER_PX ? NONE : number(defect.circularity, 2);
}

/** The unit in which areas are shown and asked for, and the area of a pixel in it. */
export function areaUnit(defects: Iterable<Defect>): [unit: "µm²" | "px²", pixel: number] {
  for (const { area_px, area_um2 } of defects) {
    if (area_um2 !== null && area_px > 0) return ["µm²", area_um2 / area_px];
    break;
  }
  return ["px²", 1];
}

/**
 * Why a gesture changed nothing; empty where nobody expects anything. `here` is the mask's value
 * under the pointer, null where it is not loaded.
 */
export function unchangedWords(
  kind: Kind,
  here: number | null,
  value: number,
  classes: readonly string[],
): string {
  switch (kind) {
    case "wand":
      if (here === IGNORE) return "Nothing to grow here: this region is ignored. Take the Ignore tool with Alt to get it back.";
      if (value === 0) return "Nothing to erase here: this grey is not in the mask.";
      return `Nothing to grow here: all of this grey that hangs together is ${className(classes, value)} already.`;
    case "fill_holes":
      return "It has no holes.";
    case "recut":
      return "No outline changes at this probability: what you have checked stays as it is.";
    case "delete_where":
      return "No unchecked defect is within these limits.";
    default:
      return "";
  }
}
