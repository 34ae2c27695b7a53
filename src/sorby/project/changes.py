"""What may change of a field after its import, and where its image files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sorby.core.errors import ProjectError, UnknownFieldError
from sorby.project.fields import Field, field_row
from sorby.project.pictures import locate_picture, picture_row

if TYPE_CHECKING:
    from sorby.project.store import Project

_FIXED = frozenset({"name", "split", "copy_of", "n_rows", "n_columns"})


@dataclass(frozen=True)
class PictureFile:
    """An image file of a field, verified to be the one that was imported.

    Attributes
    ----------
    path, page : Path and int
        Where it is.
    sha256 : str
        Hash of its content.
    """

    path: Path
    page: int
    sha256: str


def field_of(project: Project, name: str) -> Field:
    """Field of a name.

    Raises
    ------
    UnknownFieldError
        If there is none.
    """
    found = next((field for field in project.fields() if field.name == name), None)
    if found is None:
        raise UnknownFieldError(
            f"There is no field {name[:80]!r} in {project.folder.name}. Look at the Images page "
            "for the names that there are."
        )
    return found


def picture_file(project: Project, name: str, kind: str = "polished") -> PictureFile:
    """Image file of a field, looked for as `Project.read_picture` does.

    Parameters
    ----------
    project : Project
        Whose field it is.
    name : str
        Of the field.
    kind : {"polished", "etched"}
        Which of the twins.

    Returns
    -------
    PictureFile
        Its content has been verified.

    Raises
    ------
    UnknownFieldError
        If there is no such field, or it has no such image.
    ProjectError
        If the file is gone or has changed since the import.
    """
    rows = project._query(
        "SELECT picture.* FROM picture JOIN field ON field.id = field_id"
        " WHERE name = ? AND kind = ?",
        name,
        kind,
    )
    if not rows:
        field_of(project, name)
        raise UnknownFieldError(f"The field {name!r} has no {kind} image. Add one on Images.")
    path = locate_picture(project.folder, rows[0])
    return PictureFile(path, rows[0]["page"], rows[0]["sha256"])


def change_field(project: Project, field: Field) -> None:
    """Store what a person says of a field: its scale, settings, specimen, ignore boxes.

    Parameters
    ----------
    project : Project
        Whose field it is.
    field : Field
        With the new values. Name, size and split stay what they were.
    """
    row = {name: value for name, value in field_row(field).items() if name not in _FIXED}
    marks = ", ".join(f"{name} = ?" for name in row)
    with project.transaction():
        project._connection.execute(
            f"UPDATE field SET {marks} WHERE name = ?", (*row.values(), field.name)
        )


def add_twin(project: Project, name: str, path: Path, *, page: int = 0) -> None:
    """Give a field its etched image, copied into the project.

    Raises
    ------
    ProjectError
        If it has one already.
    """
    with project.transaction():
        row = project._query("SELECT id FROM field WHERE name = ?", name)[0]
        known = project._query(
            "SELECT 1 FROM picture WHERE field_id = ? AND kind = 'etched'", row["id"]
        )
        if known:
            raise ProjectError(f"The field {name!r} has an etched image already.")
        columns = picture_row(project.folder, name, "etched", path, page=page, copy=True)
        project._insert("picture", {"field_id": row["id"], **columns})
