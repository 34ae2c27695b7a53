import type { Field, Results } from "../../api";
import { plural } from "../../format";

/** What a reader must know before using the numbers: one sentence each. */
export function doubts(
  { defects }: Pick<Results, "defects">,
  fields: readonly Pick<Field, "um_per_px">[],
): string[] {
  const nGuessed = defects.filter(
    (row) => row.type_seen_in === "polished" && row.type_source === "model",
  ).length;
  const nUnscaled = fields.filter((field) => field.um_per_px === null).length;
  const said = [];
  if (nGuessed > 0) {
    said.push(
      `The types of ${plural(nGuessed, "defect")} were judged in polished images, the classifier ` +
        "has learnt from etched ones: add etched twins before you rely on them.",
    );
  }
  if (nUnscaled > 0) {
    said.push(
      `${nUnscaled} of ${plural(fields.length, "image")} have no µm/px and no part in densities: ` +
        "type it in the table of the Images page.",
    );
  }
  return said;
}
