"""Types for the measured defects of a project."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.files import content_hash
from sorby.core.progress import OnStep, silent

if TYPE_CHECKING:
    import pandas as pd

    from sorby.project import Field, Project


def classify_project(
    folder: Path, *, model: Path | None = None, on_step: OnStep = silent
) -> dict[str, Any]:
    """Type every measured defect, looking at the etched twin where there is one.

    Parameters
    ----------
    folder : Path
        The project, measured.
    model : Path, optional
        A classifier's file; without it the one that ships.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``classifier`` (its name), ``counts`` (defects by type), ``fields_without_etched``,
        ``files`` (the CSV tables).

    Raises
    ------
    ProjectError
        If nothing was measured, or images or masks changed since.
    ModelError
        If the model cannot be read.
    """
    import pandas as pd

    from sorby.classify import default_classifier, load_classifier
    from sorby.project import Project, history
    from sorby.project.history import tagged
    from sorby.workflow.measuring import current_tables, measurements, publish

    with Project.open(folder) as project:
        defects, rows = measurements(project)
        made_from = project.fingerprint()
        classifier, card = load_classifier(model) if model else default_classifier()
        etched = project.picture_hashes("etched")
        fields = {field.name: field for field in project.fields()}
        typed = []
        for done, name in enumerate(rows["image"], start=1):
            kind = "etched" if name in etched else "polished"
            own = defects[defects["image"] == name]
            typed.append(_types_of_field(project, fields[name], own, kind, classifier))
            on_step(done, len(rows), image=name)
        record = history.new_record(
            "classify",
            settings={"card": asdict(card)},
            inputs={"images and masks": made_from}
            | tagged(etched, "etched")
            | ({"model": content_hash(model)} if model else {}),
        )
        types = pd.concat(typed, ignore_index=True)
        project.put_results({"types": types}, made_from=made_from, record=record)
        files = publish(project)
        counts = current_tables(project).defects["defect_type"].value_counts()
        return {
            "classifier": card.name,
            "counts": {str(name): int(n) for name, n in counts.items()},
            "fields_without_etched": [name for name in rows["image"] if name not in etched],
            "files": [str(path) for path in files],
        }


def _types_of_field(
    project: Project, field: Field, defects: pd.DataFrame, kind: str, classifier: Any
) -> pd.DataFrame:
    from sorby.classify import predict_types
    from sorby.defects import cut_patches

    patches = cut_patches(project.read_picture(field, kind).pixels, defects)
    types = predict_types(classifier, patches)
    return types.assign(
        image=field.name,
        defect=defects["defect"].to_numpy(),
        type_source="model",
        type_seen_in=kind,
    ).rename(columns={"probability": "type_probability"})
