"""The first mask of a large field, made beside the page: it takes long, and much memory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from sorby.core.progress import OnStep, silent

LARGE_PX = 2_000_000
"""From here on a child process is worth its start."""

_ONE = threading.Lock()
_READY: set[tuple[Path, str]] = set()
"""Fields that need no first mask: asked for every tile, so it is remembered."""


def first_mask(folder: Path, name: str) -> None:
    """Make the mask of a large field that has none, in a child process; wait for it.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field. A smaller one gets its mask when its draft is opened.

    Raises
    ------
    UnknownFieldError
        If there is no such field.
    """
    from sorby.workflow import children

    if (folder, name) in _READY:
        return
    with _ONE:
        if (folder, name) not in _READY and _is_wanted(folder, name):
            children.run("sorby.workflow.starting:predict_first", folder, {"name": name})
        _READY.add((folder, name))


def _is_wanted(folder: Path, name: str) -> bool:
    from sorby.project import Project
    from sorby.project.changes import field_of

    with Project.open(folder) as project:
        rows, columns = field_of(project, name).shape
        return rows * columns > LARGE_PX and name not in project.masks()


def predict_first(folder: Path, *, name: str, on_step: OnStep = silent) -> dict[str, Any]:
    """Mask of one field, by the model in use or the method without labels.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field.
    on_step : callable
        Told at the end.

    Returns
    -------
    dict
        ``version`` of the mask.
    """
    from sorby.project import Project
    from sorby.project.changes import field_of
    from sorby.workflow.predicting import predict_field

    with Project.open(folder) as project:
        predict_field(project, field_of(project, name))
        on_step(1, 1, image=name)
        return {"version": project.masks()[name].version}
