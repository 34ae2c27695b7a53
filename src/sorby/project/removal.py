"""Undo a project that never came to be."""

from __future__ import annotations

import re
from pathlib import Path

from sorby.core.errors import ProjectError
from sorby.project import layout
from sorby.project.store import Project

_COPY = re.compile(r".+\.(polished|etched)\.[0-9a-f]{12}\.[^.]+")


def remove_empty(folder: Path) -> None:
    """Remove what an import that did not finish left: a project without fields.

    Only the database, copies of images (known by their names) and empty folders go; whatever
    else lies in the folder is the user's and stays.

    Parameters
    ----------
    folder : Path
        A project's folder.

    Raises
    ------
    ProjectError
        If the project holds fields, or cannot be opened.
    """
    folder = Path(folder)
    with Project.open(folder) as project, project.transaction():
        if project.fields():
            raise ProjectError(f"{folder} holds fields and was left as it is.")
    for copy in folder.glob("images/*"):
        if _COPY.fullmatch(copy.name):
            copy.unlink()
    for suffix in ("", "-wal", "-shm"):
        folder.joinpath(layout.DATABASE + suffix).unlink(missing_ok=True)
    for place in (folder / "images", folder / "masks", folder):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
