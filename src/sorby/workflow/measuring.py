"""Defects measured, and the tables that are made of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ProjectError
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE
from sorby.core.rng import generator

if TYPE_CHECKING:
    import pandas as pd

    from sorby.project import Field, Project

BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Tables:
    """The three tables of a project, as they are now.

    Attributes
    ----------
    defects, fields, conditions : DataFrame
        One row a defect, an image, a set of process settings.
    """

    defects: pd.DataFrame
    fields: pd.DataFrame
    conditions: pd.DataFrame


def measure(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Measure the defects of every field that has a mask.

    Parameters
    ----------
    folder : Path
        The project.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``n_fields``, ``n_defects``, ``fields_without_mask``, ``files`` (the CSV tables).

    Raises
    ------
    ProjectError
        If no field has a mask yet.
    """
    import pandas as pd

    from sorby.project import Project, history

    with Project.open(folder) as project:
        fields, masks = project.fields(), project.masks()
        measured = [field for field in fields if field.name in masks]
        if not measured:
            raise ProjectError(f"{folder} has no masks yet. Make them: sorby predict {folder}")
        made_from = project.fingerprint()
        defects, rows = [], []
        for done, field in enumerate(measured, start=1):
            table, row = _measure_field(field, project.read_mask(masks[field.name]))
            defects.append(table)
            rows.append(row)
            on_step(done, len(measured), image=field.name)
        record = history.new_record(
            "measure", inputs={f"{name} mask": m.sha256 for name, m in masks.items()}
        )
        results = {
            "measurements": pd.concat(defects, ignore_index=True),
            "measured_fields": pd.DataFrame(rows),
        }
        project.put_results(results, made_from=made_from, record=record)
        files = publish(project)
        return {
            "n_fields": len(measured),
            "n_defects": len(results["measurements"]),
            "fields_without_mask": [f.name for f in fields if f.name not in masks],
            "files": [str(path) for path in files],
        }


def _measure_field(field: Field, mask: np.ndarray) -> tuple[pd.DataFrame, dict[str, Any]]:
    from sorby.defects import measure_defects, size_floor_px2

    valid = mask != IGNORE
    floor = size_floor_px2(field.um_per_px, field.objective_na)
    instances = field_instances(field, mask)
    table = measure_defects(
        instances,
        image=field.name,
        valid=valid,
        um_per_px=field.um_per_px,
        build_direction_deg=field.build_direction_deg,
    )
    row = {
        "image": field.name,
        "specimen": field.specimen,
        "split": field.split,
        **asdict(field.process),
        "section_plane": field.section_plane,
        "um_per_px": field.um_per_px,
        "scale_source": field.pixel_size.source if field.pixel_size else None,
        "valid_area_px2": int(np.count_nonzero(valid)),
        "size_floor_px2": floor,
    }
    return table, row


def field_instances(field: Field, mask: np.ndarray) -> np.ndarray:
    """Numbered defects of a field, those under the size floor left out: int32 (M, N)."""
    from sorby.defects import label_instances, size_floor_px2

    floor = size_floor_px2(field.um_per_px, field.objective_na)
    return label_instances(mask, min_area_px=int(np.ceil(floor)))


def current_tables(project: Project) -> Tables:
    """Tables of a project: measurements joined with types, summarised by image and condition.

    Parameters
    ----------
    project : Project
        Measured.

    Returns
    -------
    Tables
        Types are those of the classifier, overruled by a person's; absent before both.

    Raises
    ------
    ProjectError
        If nothing was measured yet, or images or masks changed since.
    """
    from sorby.quantify import summarise_conditions, summarise_fields

    defects, rows = measurements(project)
    defects = _typed(project, defects)
    fields = summarise_fields(defects, rows)
    return Tables(defects, fields, summarise_conditions(fields, rng=generator(BOOTSTRAP_SEED)))


def measurements(project: Project) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Untyped defect table and measured fields, refused when out of date."""
    stored, rows = project.result("measurements"), project.result("measured_fields")
    if stored is None or rows is None:
        raise ProjectError(f"{project.folder} is not measured yet: sorby measure {project.folder}")
    if stored[1] != project.fingerprint():
        raise ProjectError(
            f"Masks of {project.folder} have changed since they were measured. "
            f"Measure them again: sorby measure {project.folder}"
        )
    return stored[0], rows[0]


def _typed(project: Project, defects: pd.DataFrame) -> pd.DataFrame:
    types = project.result("types")
    typed = defects
    if types is not None and types[1] == project.fingerprint():
        typed = defects.merge(types[0], on=["image", "defect"], how="left")
    given = _given_types(project)
    if given.empty:
        return typed
    for column, start in (
        ("defect_type", None),
        ("type_probability", np.nan),
        ("type_source", None),
    ):
        if column not in typed:
            typed[column] = start
    key = typed.set_index(["image", "defect"]).index
    by_person = key.isin(given.index)
    types_now = typed["defect_type"].astype(object).to_numpy(copy=True)
    types_now[by_person] = given.reindex(key[by_person]).to_numpy()
    sources = typed["type_source"].astype(object).to_numpy(copy=True)
    sources[by_person] = "person"
    probability = typed["type_probability"].to_numpy(dtype=float, copy=True)
    probability[by_person] = 1.0
    return typed.assign(defect_type=types_now, type_source=sources, type_probability=probability)


def _given_types(project: Project) -> pd.Series:
    """Types given by a person, by (image, defect) of the current masks; the last one counts."""
    import pandas as pd

    from sorby.defects import defect_at

    labels, masks = project.labels(), project.masks()
    fields = {field.name: field for field in project.fields()}
    found: dict[tuple[str, int], str] = {}
    for name, rows in labels.groupby("image", sort=False):
        if name not in masks:
            continue
        instances = field_instances(fields[str(name)], project.read_mask(masks[str(name)]))
        points = zip(rows["x"].astype(float), rows["y"].astype(float), rows["label"], strict=True)
        for x, y, label in points:
            number = defect_at(instances, x, y)
            if number:
                found[str(name), number] = str(label)
    index = pd.MultiIndex.from_tuples(list(found), names=["image", "defect"]) if found else None
    return pd.Series(list(found.values()), index=index, dtype=object)


def publish(project: Project) -> list[Path]:
    """Write the three tables where a person opens them: ``results/*.csv``."""
    from sorby.project import results_folder
    from sorby.report import EXPORTERS

    tables = vars(current_tables(project))
    folder = EXPORTERS["csv"](tables, results_folder(project.folder))
    return [folder / f"{name}.csv" for name in tables]
