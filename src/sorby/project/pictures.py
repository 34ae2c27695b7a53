"""Image files of a project: copied or referenced, always verified by their hash."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from sorby.core.errors import ProjectError
from sorby.core.files import atomic_path, content_hash, inside
from sorby.project import layout


def picture_row(
    folder: Path, name: str, kind: str, file: Path, *, page: int, copy: bool
) -> dict[str, object]:
    """Row of the table ``picture`` for an image file, copied first where asked.

    Parameters
    ----------
    folder : Path
        The project's folder.
    name, kind : str
        Name of the field, and "polished" or "etched".
    file : Path
        The image file.
    page : int
        Of a multi-page file.
    copy : bool
        Copy it into the project; otherwise it is referenced where it lies.

    Returns
    -------
    dict
        Columns and values, without the field's number.
    """
    origin = Path(file).resolve()
    sha256 = content_hash(origin)
    path = _relative(origin, folder)
    if copy:
        path = layout.copy_name(name, kind, origin.suffix, sha256)
        with atomic_path(inside(folder, path)) as writing:
            shutil.copyfile(origin, writing)
    return {"kind": kind, "path": path, "origin": str(origin), "page": page, "sha256": sha256}


def locate_picture(folder: Path, picture: sqlite3.Row) -> Path:
    """Image file of a row, looked for beside the project first, then where it was imported from.

    Parameters
    ----------
    folder : Path
        The project's folder.
    picture : sqlite3.Row
        A row of the table ``picture``.

    Returns
    -------
    Path
        A file with the content that was imported.

    Raises
    ------
    ProjectError
        If the file is gone or its content has changed since the import.
    """
    present = [p for p in (folder / picture["path"], Path(picture["origin"])) if p.is_file()]
    if not present:
        raise ProjectError(
            f"{picture['origin']} is gone. The project refers to it: put it back, or make the "
            "project again with --copy so that it keeps its own images."
        )
    for path in present:
        if content_hash(path) == picture["sha256"]:
            return path
    raise ProjectError(
        f"{present[0]} has changed since it was imported (its SHA-256 differs). Results would "
        "not belong to it: put the original back, or make a new project with the new image."
    )


def _relative(path: Path, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # another drive, on Windows
        return str(path)
