"""Defect types given by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import SettingError

if TYPE_CHECKING:
    import pandas as pd

    from sorby.project import Project


def import_labels(folder: Path, table: Path) -> dict[str, Any]:
    """Take defect types from a CSV; they overrule the classifier's.

    Parameters
    ----------
    folder : Path
        The project, measured.
    table : Path
        CSV with ``image``, ``x``, ``y`` (px, a point inside the defect) and ``label``.

    Returns
    -------
    dict
        ``n_labels``, ``counts`` (defects by label), ``files`` (the CSV tables).

    Raises
    ------
    SettingError
        If a row names an unknown image or a point outside every defect: all such rows are
        named, and nothing is imported.
    ProjectError
        If the project is not measured.
    """
    from sorby.io import read_labels_table
    from sorby.project import Project
    from sorby.project.history import new_record
    from sorby.workflow.measuring import measurements, publish

    with Project.open(folder) as project:
        measurements(project)
        labels = _checked(project, read_labels_table(table), table)
        counts = {str(k): int(v) for k, v in labels["label"].value_counts().items()}
        with project.transaction():
            project.add_labels(labels)
            project.record(new_record("labels import", settings={"counts": counts}))
        files = publish(project)
    return {"n_labels": len(labels), "counts": counts, "files": [str(path) for path in files]}


def _checked(project: Project, labels: pd.DataFrame, table: Path) -> pd.DataFrame:
    from sorby.defects import defect_at
    from sorby.workflow.measuring import field_instances
    from sorby.workflow.naming import find_field

    fields = {field.name: field for field in project.fields()}
    names = {name: Path(name) for name in fields}
    masks = project.masks()
    found = [find_field(str(text), names) for text in labels["image"]]
    xs, ys = labels["x"].astype(float), labels["y"].astype(float)
    problems = []
    for name in dict.fromkeys(found):
        if name is None or name not in masks:
            continue
        instances = field_instances(fields[name], project.read_mask(masks[name]))
        for position, (owner, x, y) in enumerate(zip(found, xs, ys, strict=True)):
            if owner == name and not defect_at(instances, x, y):
                problems.append(
                    f"row {position + 1}: no defect of {name!r} at x = {x:g}, y = {y:g} px"
                )
    problems += [
        f"row {position + 1}: {labels['image'].iloc[position]!r} is not a field of this project "
        "that has a mask"
        for position, name in enumerate(found)
        if name is None or name not in masks
    ]
    if problems:
        raise SettingError(
            f"{table}: nothing was imported.\n" + "\n".join(problems) + "\nx is the column and y "
            "the row of a pixel inside the defect, counted from 0 at the top left."
        )
    return labels.assign(image=[str(name) for name in found])
