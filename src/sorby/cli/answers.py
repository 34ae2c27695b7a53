"""Answers of commands as text for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns under their heads; numbers to the right.

    Parameters
    ----------
    head : sequence of str
        Column heads.
    rows : iterable of sequences
        As many cells as heads.

    Returns
    -------
    str
        Lines without a final newline.

    Examples
    --------
    >>> print(table(["image", "defects"], [["A1", 12], ["A2", 3]]))
    image  defects
    A1          12
    A2           3
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lines = [list(head), *cells]
    left = [all(not _is_number(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if at_left else text.rjust(width)
            for text, width, at_left in zip(line, widths, left, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _is_number(text: str) -> bool:
    return text == "-" or text.replace(".", "", 1).replace("%", "").lstrip("-").isdigit()


def percent(fraction: float | None, digits: int = 3) -> str:
    """Fraction as a percentage; "-" where there is none."""
    return "-" if fraction is None or fraction != fraction else f"{100 * fraction:.{digits}f} %"


def with_notes(text: str, answer: dict[str, Any]) -> str:
    """Text followed by what to know of it and what was left out."""
    notes = [f"note: {note}" for note in answer.get("notes", [])]
    problems = [f"left out: {problem}" for problem in answer.get("problems", [])]
    return "\n".join([text, *notes, *problems])


def segmented(answer: dict[str, Any]) -> str:
    """Answer of ``sorby segment``."""
    rows = [
        [Path(r["image"]).name, percent(r["area_fraction"]), r["n_defects"], r["um_per_px"]]
        for r in answer["images"]
    ]
    text = table(["image", "defect area", "defects", "µm/px"], rows)
    unknown = sum(row["um_per_px"] is None for row in answer["images"])
    if unknown:
        text += f"\n{unknown} images do not say their µm/px: their sizes are in pixels."
    return with_notes(f"{text}\nThe defects are in {answer['defects']}", answer)


def imported(answer: dict[str, Any]) -> str:
    """Answer of ``sorby new``."""
    scales = ", ".join(f"{source} ({n})" for source, n in answer["scales"].items())
    text = (
        f"{answer['n_fields']} fields, {answer['n_etched']} with an etched twin, "
        f"{answer['n_masks']} with a mask; scale bars left out in {answer['n_scale_bars']}.\n"
        f"µm/px from: {scales}\nNext: sorby run {answer['project']}"
    )
    return with_notes(text, answer)


def state(answer: dict[str, Any]) -> str:
    """Answer of ``sorby status``."""
    name = answer["project"] + ("  (SYNTHETIC)" if answer["synthetic"] else "")
    return "\n".join(
        [
            name,
            f"fields      {answer['n_fields']}  ({answer['n_test_fields']} locked for tests, "
            f"{answer['n_etched']} with an etched twin, {answer['n_scale_bars']} with a scale bar)",
            f"no scale    {answer['n_without_scale']}",
            f"masks       {answer['n_masks']}  ({answer['n_masks_by_person']} by a person)",
            f"model       {_model(answer)}",
            f"labels      {answer['n_labels']}",
            *_labelling(answer["labelling"]),
            f"measured    {answer['measured']}",
            f"classified  {answer['classified']}",
            f"last step   {answer['last_step']}",
            f"next        {answer['next']}",
        ]
    )


def _labelling(standing: dict[str, Any]) -> list[str]:
    """What is new, and whether to label on, each with its reasons."""
    covered = standing["coverage"]
    lines = [f"labelling   {standing['line']}"]
    if standing["audit"]:
        first, rest = standing["audit"][:5], len(standing["audit"][5:])
        more = f" and {rest} more (--json lists them)" if rest else ""
        lines.append(f"audit       correct these, drawn at random: {', '.join(first)}{more}")
    if covered is not None:
        lines.append(
            f"coverage    95 % of the pool within {covered['q95']:.3g} of a label (labels among "
            f"themselves {covered['own_q95'] or 0:.3g}); beyond that "
            f"{percent(covered['share_beyond'], 0)}"
        )
    for name, key in (("round due", "round_due"), ("can stop", "can_stop")):
        answer = {True: "yes", False: "no", None: "not enough to tell"}[standing[key]["answer"]]
        lines.append(f"{name:<12}{answer}")
        lines += [f"            {one['name']}: {one['said']}" for one in standing[key]["criteria"]]
    return lines


def _model(answer: dict[str, Any]) -> str:
    if answer["model"] is None:
        return "none yet: masks come from a method that needs no labels"
    if not answer["model_is_whole"]:
        return f"{answer['model']}: file is gone or was changed"
    return f"{answer['model']}, from {answer['n_trained_on']} labelled fields"


def predicted(answer: dict[str, Any], folder: Path) -> str:
    """Answer of ``sorby predict``."""
    if not answer["n_predicted"]:
        return (
            f"Every field has a mask by a person or by {answer['method']} already. "
            f"Next: sorby measure {folder}"
        )
    return (
        f"{answer['n_predicted']} masks made with {answer['method']} ({answer['n_fields']} fields "
        f"in all). Next: sorby measure {folder}"
    )


def masks_taken(answer: dict[str, Any], folder: Path) -> str:
    """Answer of ``sorby masks import``."""
    text = f"{answer['n_masks']} masks imported"
    if answer["n_unchanged"]:
        text += (
            f", {answer['n_unchanged']} equal to ones that the project has left as they were (if "
            f"nothing is wrong with them: sorby masks accept {folder} NAME...)"
        )
    text += f". Next: sorby train {folder} (then sorby predict and sorby measure)"
    return with_notes(text, answer)


def masks_accepted(answer: dict[str, Any], folder: Path) -> str:
    """Answer of ``sorby masks accept``."""
    text = f"{answer['n_accepted']} masks accepted as they are"
    if answer["n_by_person"]:
        text += f", {answer['n_by_person']} were a person's already"
    return f"{text}. Next: sorby train {folder}"


def measured(answer: dict[str, Any]) -> str:
    """Answer of ``sorby measure``."""
    text = f"{answer['n_defects']} defects in {answer['n_fields']} fields."
    if answer["fields_without_mask"]:
        text += f"\nWithout a mask: {', '.join(answer['fields_without_mask'])}"
    return "\n".join([text, *answer["files"]])


def counted(text: str, counts: dict[str, int]) -> str:
    """A sentence and how many defects have which type."""
    return "\n".join([f"{text}:", table(["type", "defects"], counts.items())])


def typed(answer: dict[str, Any]) -> str:
    """Answer of ``sorby classify predict``."""
    text = counted(f"Typed with {answer['classifier']}", answer["counts"])
    bare = answer.get("fields_without_etched", [])
    if bare:
        text += (
            f"\n{len(bare)} fields have no etched twin: their types come from the polished image."
        )
    return text


def evaluated(answer: dict[str, Any]) -> str:
    """Answer of ``sorby classify evaluate``."""
    lines = {"default": answer, **answer["baselines"]}
    return table(
        ["classifier", "macro-F1", "sd", "accuracy", "sd "],
        [
            [
                name,
                *(
                    f"{score[key][part]:.3f}"
                    for key in ("macro_f1", "accuracy")
                    for part in ("mean", "sd")
                ),
            ]
            for name, score in lines.items()
        ],
    )


def trained(answer: dict[str, Any]) -> str:
    """Answer of ``sorby classify train``."""
    score = answer["macro_f1"]
    return (
        f"{answer['model']}: {', '.join(answer['classes'])} from {answer['n']} patches; "
        f"grouped cross-validation macro-F1 {score['mean']:.3f} ± {score['sd']:.3f}"
    )


def mapped(answer: dict[str, Any]) -> str:
    """Answer of ``sorby map``."""
    if not answer["n_conditions"]:
        return with_notes("No process map.", answer)
    text = f"{answer['n_conditions']} conditions are on the map."
    if answer["n_left_out"]:
        text += f" {answer['n_left_out']} without laser power or scan speed are not."
    return "\n".join([text, *answer["files"]])


def ran(answer: dict[str, Any]) -> str:
    """Answer of ``sorby run``."""
    return "\n".join(
        [
            measured(answer["measure"] | {"files": []}),
            typed(answer["classify"]),
            mapped(answer["map"]),
            f"The report is {answer['report']['report']}",
        ]
    )


def demonstrated(answer: dict[str, Any]) -> str:
    """Answer of ``sorby demo``."""
    rows = [
        [
            f"{row['laser_power_w']:.0f} W, {row['scan_speed_mm_s']:.0f} mm/s",
            percent(row["area_fraction"]),
            percent(row["true_area_fraction"]),
            row["mean_count"],
            row["true_mean_count"],
            row["dominant_type"],
            row["true_dominant_type"],
        ]
        for row in answer["conditions"]
    ]
    head = ["condition", "defect area", "true", "defects/field", "true ", "mostly", "truly"]
    return "\n".join(
        [
            "SYNTHETIC build: what Sorby found, beside the generator's truth",
            *(
                f"Round {one['round']}, {one['n_labelled']} fields labelled: macro-F1 "
                f"{one['macro_f1']['mean']:.3f} on {one['n']} locked fields (Otsu "
                f"{one['baselines']['otsu']['macro_f1']['mean']:.3f}, without labels "
                f"{one['baselines']['flatfield_otsu']['macro_f1']['mean']:.3f})"
                for one in answer["rounds"]
            ),
            table(head, rows),
            f"Seconds: {', '.join(f'{name} {s:.0f}' for name, s in answer['seconds'].items())}",
            f"The report is {answer['report']}",
        ]
    )


def fetched(answer: dict[str, Any]) -> str:
    """Answer of ``sorby data fetch``."""
    told = ", ".join(answer["fetched"]) or "nothing: every file was there and whole"
    lines = [f"Fetched {told}."]
    for kind, found in answer["sets"].items():
        held = f"{found['n_images']} images in " if "n_images" in found else ""
        lines.append(f"{kind}: {held}{found['path']}")
    return with_notes("\n".join(lines), answer)


def say(text: str) -> None:
    """Tell at once what a person reads while a command runs."""
    print(text, file=sys.stderr, flush=True)
