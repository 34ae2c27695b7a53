"""Defect types given by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import SettingError
from sorby.core.files import content_hash
from sorby.workflow.measuring import field_instances

if TYPE_CHECKING:
    import numpy as np
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
            inputs = {"types table": content_hash(table)}
            project.record(new_record("labels import", settings={"counts": counts}, inputs=inputs))
        files = publish(project)
    return {"n_labels": len(labels), "counts": counts, "files": [str(path) for path in files]}


def _checked(project: Project, labels: pd.DataFrame, table: Path) -> pd.DataFrame:
    """Labels with the names of their fields, or all problems with their line numbers."""
    from sorby.quantify import RESERVED_TYPES
    from sorby.workflow.naming import find_field

    masks = project.masks()
    names = {name: Path(name) for name in masks}
    found = [find_field(str(text), names) for text in labels["image"]]
    problems = {
        line: f"{text!r} is not a field of this project that has a mask"
        for line, text, name in zip(labels.index, labels["image"], found, strict=True)
        if name is None
    }
    problems |= {
        line: f"{label!r} cannot be a type; choose another word"
        for line, label in zip(labels.index, _spelt(labels["label"]), strict=True)
        if label in RESERVED_TYPES | {"uncertain"}
    }
    labels = labels.assign(image=[str(name) for name in found], label=_spelt(labels["label"]))
    for field in project.fields():
        own = labels[labels["image"] == field.name]
        if len(own) and field.name in masks:
            problems |= _misplaced(
                own, field_instances(field, project.read_mask(masks[field.name]))
            )
    if problems:
        told = [f"line {line}: {problem}" for line, problem in sorted(problems.items())]
        raise SettingError(
            f"{table}: nothing was imported.\n" + "\n".join(told) + "\nx is the column and y the "
            "row of a pixel inside the defect, counted from 0 at the top left."
        )
    return labels


def _spelt(labels: pd.Series) -> list[str]:
    """One spelling of each type: "Lack of fusion" is lack_of_fusion."""
    return ["_".join(str(label).lower().replace("-", " ").split()) for label in labels]


def _misplaced(labels: pd.DataFrame, instances: np.ndarray) -> dict[int, str]:
    """Rows of one field that hit no defect, or contradict an earlier row, by line."""
    from sorby.defects import defect_at

    problems: dict[int, str] = {}
    said: dict[int, str] = {}
    columns = (labels.index, labels["x"].astype(float), labels["y"].astype(float), labels["label"])
    for line, x, y, label in zip(*columns, strict=True):
        number = defect_at(instances, x, y)
        if not number:
            problems[line] = f"no defect of {labels['image'].iloc[0]!r} at x = {x:g}, y = {y:g} px"
        elif said.setdefault(number, label) != label:
            problems[line] = f"the same defect is {said[number]} above and {label} here"
    return problems
