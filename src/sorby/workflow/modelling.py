"""The models of a project: what there is, which one is in use, one as a file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sorby.core.errors import SettingError
from sorby.core.files import atomic_path


def list_models(
    folder: Path, *, use: int | None = None, export: Path | None = None
) -> dict[str, Any]:
    """Models of a project; one may be put in use first, and the one in use written to a file.

    Members of an ensemble are not shown: none of them is meant to be used alone.

    Parameters
    ----------
    folder : Path
        The project.
    use : int, optional
        Number of the model to put in use: promote a new one, roll back to an old one.
    export : Path, optional
        File that gets a copy of the model in use.

    Returns
    -------
    dict
        ``current`` (number or None), ``models``: ``number``, ``time``, ``name``, ``classes``,
        ``preset``, ``n_trained_on``, ``started_from``, ``validation_macro_f1``, ``threshold``,
        ``sha256``; ``exported`` (path or None).

    Raises
    ------
    ModelError
        If there is no such model, or its file is gone.
    ProjectError
        If there is no model to export, or the disk refuses.
    SettingError
        If the export would overwrite something else than a model file.
    """
    from sorby.project import Project, no_model_error
    from sorby.workflow.training import record_use

    with Project.open(folder) as project:
        if use is not None:
            with project.transaction():
                record_use(project, project.models.use(use))
        current = project.models.current()
        if export is not None:
            if current is None:
                raise no_model_error(folder)
            _export(current.path, Path(export))
        models = [m for m in project.models.all() if not m.card.settings["is_member"]]
    return {
        "current": current.number if current else None,
        "models": [_row(model) for model in models],
        "exported": str(export) if export else None,
    }


def _export(source: Path, target: Path) -> None:
    if target.suffix != ".safetensors":
        raise SettingError(
            f"{target} does not end in .safetensors, the kind of file that a model is. "
            f"Give a name like {target.with_suffix('.safetensors').name}."
        )
    with atomic_path(target) as writing:
        shutil.copyfile(source, writing)


def _row(model: Any) -> dict[str, Any]:
    settings = model.card.settings
    training = settings["training"]
    return {
        "number": model.number,
        "time": model.time,
        "name": model.card.name,
        "classes": list(model.card.classes),
        "preset": settings["preset"],
        "n_trained_on": len(training["trained_on"]),
        "n_validated_on": len(training["validated_on"]),
        "started_from": settings["started_from"],
        "validation_macro_f1": training["validation_macro_f1"],
        "threshold": training["threshold"],
        "seconds": training["seconds"],
        "sha256": model.sha256,
    }
