"""The report of a project: what was found, how, and what to know before using it."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.files import content_hash
from sorby.core.progress import OnStep, silent
from sorby.core.records import ModelCard, StepRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sorby.project import Field, Project
    from sorby.report import Picture
    from sorby.workflow.measuring import Tables


def report_project(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """One self-contained HTML file: map, tables, overlays, methods, history.

    Parameters
    ----------
    folder : Path
        The project, measured.
    on_step : callable
        Told after each overlay.

    Returns
    -------
    dict
        ``report``: path of the HTML file; ``notes``: what a reader must know.

    Raises
    ------
    ProjectError
        If the project is not measured, or images or masks changed since.
    """
    from sorby.project import Project, history, results_folder
    from sorby.report import ReportContent, write_report
    from sorby.workflow.learning_report import learning_content
    from sorby.workflow.measuring import current_tables, publish

    with Project.open(folder) as project:
        publish(project)
        tables, record = current_tables(project), history.new_record("report")
        steps = project.history()
        types = project.result("types")
        is_typed = types is not None and types[1] == project.fingerprint()
        card = _card(steps) if is_typed else None
        notes = _notes(project, tables, card)
        synthetic = project.note("synthetic") is not None
        content = ReportContent(
            title=project.folder.name,
            conditions=tables.conditions,
            fields=tables.fields,
            defects=tables.defects,
            maps=_maps(tables, synthetic),
            figures=_figures(tables, synthetic),
            overlays=_overlays(project, tables, synthetic, on_step),
            notes=notes,
            segmentation=_segmentation(project),
            learning=learning_content(project, synthetic=synthetic),
            classifier=card,
            typed_on=_typed_on(tables),
            history=[*steps, record],
            files=_files(project),
            versions=record.versions,
            created=record.time,
            synthetic=synthetic,
        )
        path = write_report(content, results_folder(project.folder) / "report.html")
        outputs = {path.name: content_hash(path)}
        inputs = {"images and masks": project.fingerprint()}
        project.record(replace(record, inputs=inputs, outputs=outputs))
    return {"report": str(path), "notes": notes}


def _card(steps: Sequence[StepRecord]) -> ModelCard | None:
    """Card of the classifier that typed last, as the history kept it."""
    cards = [s.settings["card"] for s in steps if s.step == "classify" and "card" in s.settings]
    return ModelCard(**{**cards[-1], "classes": tuple(cards[-1]["classes"])}) if cards else None


def _maps(tables: Tables, synthetic: bool) -> list[Picture]:
    from sorby.quantify import process_map
    from sorby.report import Picture, process_map_figure

    return [
        Picture(
            functools.partial(process_map_figure, [section], synthetic=synthetic),
            title=section.caption or "Process map",
            alt=f"Process map of {len(section.cells)} conditions; the table below has its numbers",
        )
        for section in process_map(tables.conditions).sections
    ]


def _figures(tables: Tables, synthetic: bool) -> list[Picture]:
    from sorby.report import Picture, condition_figure, size_distribution_figure

    return [
        Picture(
            functools.partial(condition_figure, tables.conditions, synthetic=synthetic),
            title="Area fraction against energy density",
            alt="Area fraction of each condition with its interval; numbers in the table above.",
        ),
        Picture(
            functools.partial(size_distribution_figure, tables.defects, synthetic=synthetic),
            title="Sizes of defects",
            alt="Histogram of equivalent circle diameters by type.",
        ),
    ]


def _overlays(project: Project, tables: Tables, synthetic: bool, on_step: OnStep) -> list[Picture]:
    from sorby.report import MAX_OVERLAYS, Picture

    fields = {field.name: field for field in project.fields()}
    names = list(tables.fields["image"])
    total = min(len(names), MAX_OVERLAYS)

    def draw(position: int) -> Figure:
        figure = _overlay(project, fields[names[position]], tables, synthetic)
        on_step(position + 1, total, image=names[position])
        return figure

    return [
        Picture(
            functools.partial(draw, position),
            title=name,
            caption=_overlay_caption(tables, position),
            alt=f"Micrograph {name} with its defects outlined.",
        )
        for position, name in enumerate(names)
    ]


def _overlay(project: Project, field: Field, tables: Tables, synthetic: bool) -> Figure:
    from sorby.report import overlay_figure

    defects = tables.defects
    return overlay_figure(
        project.read_picture(field).pixels,
        project.read_mask(project.masks()[field.name]),
        defects[defects["image"] == field.name],
        field.um_per_px,
        synthetic=synthetic,
    )


def _overlay_caption(tables: Tables, position: int) -> str:
    row = tables.fields.iloc[position]
    return f"{100 * row['area_fraction']:.3g} % defect area, {int(row['n_defects'])} defects"


def _segmentation(project: Project) -> str:
    methods = Counter(
        mask.method if mask.source == "model" else "corrected by a person"
        for mask in project.masks().values()
    )
    said = "; ".join(f"{method} ({n} fields)" for method, n in methods.items())
    text = f"Defects were found by: {said}."
    if "base" in methods:
        text += (
            " base is the model in the box: a small U-Net trained on synthetic sections alone, "
            "which corrects the masks of flatfield_otsu; no image of this project taught it."
        )
    if "flatfield_otsu" in methods:
        text += (
            " flatfield_otsu needs no labels: the background is estimated from the matrix and "
            "divided out, darkness is measured in robust standard deviations of the matrix, "
            "candidates are kept by hysteresis, and each defect is cut at half its own depth."
        )
    return text


def _typed_on(tables: Tables) -> str:
    if "type_seen_in" not in tables.defects:
        return ""
    kinds = sorted(set(tables.defects["type_seen_in"].dropna()))
    return " and ".join(f"the {kind} images" for kind in kinds)


def _notes(project: Project, tables: Tables, card: ModelCard | None) -> list[str]:
    """What a reader must know before using the numbers."""
    fields, masks = project.fields(), project.masks().values()
    etched = project.picture_hashes("etched")
    unscaled = [field.name for field in fields if field.pixel_size is None]
    outside = _outside(fields, tables)
    said = {
        "The images come from a generator (synthetic): no number describes a real material.": (
            project.note("synthetic") is not None
        ),
        f"{len(unscaled)} of {len(fields)} fields have no known µm/px: results are in pixels. "
        "State um_per_px in the fields table.": bool(unscaled),
        f"{sum(m.source == 'model' for m in masks)} of {len(masks)} masks were made by the "
        "program and not looked at by a person: check the overlays before signing.": any(
            mask.source == "model" for mask in masks
        ),
        f"In {len(outside)} fields a dark region at the edge is taken as resin or outside and left "
        f"out ({', '.join(outside[:4])} ...): check the overlays.": bool(outside),
        f"{len(fields) - len(masks)} fields have no mask and are not in these numbers.": len(masks)
        < len(fields),
        f"{sum(f.name not in etched for f in fields)} of {len(fields)} fields have no etched twin: "
        "the types of their defects were read from the polished image, which the classifier was "
        "not trained on.": card is not None and any(f.name not in etched for f in fields),
        "Types come from a classifier that does not know this material until you test it: "
        f"{card.limits if card else ''}": card is not None and bool(card.limits),
        f"{_n_uncertain(tables)} of {len(tables.defects)} defects are uncertain, in no fraction of "
        "types. In tests lack of fusion was uncertain more often than porosity, so its share is "
        "rather too low than too high.": _n_uncertain(tables) > 0,
        "No classifier has typed these defects as they are now: sorby classify predict.": card
        is None,
        "Some conditions have fewer than 10 fields: their intervals are too narrow.": bool(
            tables.conditions["few_fields"].any()
        ),
        "Fields differ in µm/px: fine images show smaller defects than coarse ones, so counts of "
        "conditions are not comparable as they stand.": bool(
            tables.conditions["mixed_magnification"].any()
        ),
    }
    return [note for note, holds in said.items() if holds]


def _outside(fields: Sequence[Field], tables: Tables) -> list[str]:
    """Fields of which more is ignored than their scale bars, by a share worth saying."""
    from sorby.workflow.segmenting import OUTSIDE_WORTH_SAYING

    area = dict(zip(tables.fields["image"], tables.fields["valid_area_px2"], strict=True))
    return [
        field.name
        for field in fields
        if field.name in area
        and field.valid().sum() - area[field.name] > OUTSIDE_WORTH_SAYING * field.valid().size
    ]


def _n_uncertain(tables: Tables) -> int:
    return int(tables.conditions["n_uncertain"].sum()) if "n_uncertain" in tables.conditions else 0


def _files(project: Project) -> dict[str, str]:
    from sorby.project import results_folder

    names = {
        "Condition table": "conditions.csv",
        "Field table": "fields.csv",
        "Defect table": "defects.csv",
        "Process map": "process_map.png",
        "Process map, for drawing programs": "process_map.svg",
    }
    folder = results_folder(project.folder)
    return {what: name for what, name in names.items() if (folder / name).exists()}
