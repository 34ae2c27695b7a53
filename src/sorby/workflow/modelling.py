"""The models of a project: what there is, which one is in use, one as a file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import ModelError, SettingError
from sorby.core.files import atomic_path

if TYPE_CHECKING:
    from sorby.project import StoredModel


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
        ``sha256``, ``is_whole`` (False where its file is gone or was changed); ``exported``
        (path or None).

    Raises
    ------
    ModelError
        If there is no such model, its file is gone, or it is a member of an ensemble.
    ProjectError
        If there is no model to export, or the disk refuses.
    SettingError
        If the export would overwrite something else than such a model.
    """
    from sorby.project import Project, no_model_error
    from sorby.workflow.training import record_use

    if export is not None:
        _check_export(Path(export), Path(folder))
    with Project.open(folder) as project:
        if use is not None:
            _refuse_member(project.models.get(use), folder)
            with project.transaction():
                record_use(project, project.models.use(use))
        if export is not None:
            current = project.models.current()
            if current is None:
                raise no_model_error(folder)
            with atomic_path(Path(export)) as writing:
                shutil.copyfile(current.path, writing)
        number = project.models.current_number()
        models = [m for m in project.models.all() if not m.card.settings["is_member"]]
    return {
        "current": number,
        "models": [_row(model) for model in models],
        "exported": str(export) if export else None,
    }


def _refuse_member(model: StoredModel, folder: Path) -> None:
    if model.card.settings["is_member"]:
        raise ModelError(
            f"Model {model.number} is a member of an ensemble and not meant to be used alone. "
            f"Choose one that is listed: sorby models {folder}"
        )


def _check_export(target: Path, folder: Path) -> None:
    from sorby.project import models_folder

    if target.resolve().parent == models_folder(folder.resolve()):
        raise SettingError(
            f"{target} lies among the project's own models, none of which is ever overwritten. "
            "Export into another folder."
        )
    if target.suffix != ".safetensors":
        raise SettingError(
            f"{target} does not end in .safetensors, the kind of file that a model is. "
            f"Give a name like {target.with_suffix('.safetensors').name}."
        )
    if not target.exists():
        return
    from sorby.segment import load_segmenter

    try:
        load_segmenter(target)
    except ModelError as error:
        raise SettingError(
            f"{target} is there and is no segmentation model of Sorby's. Export to another file."
        ) from error


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
        "stopped_at": training.get("stopped_at"),
        "sha256": model.sha256,
        "is_whole": model.is_whole,
    }
