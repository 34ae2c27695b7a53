"""A new project that is whole or absent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sorby.core.errors import ProjectError

if TYPE_CHECKING:
    from sorby.project import Project


@contextmanager
def new_or_nothing(folder: Path) -> Iterator[Project]:
    """Open transaction on a new project, which disappears again if it cannot be filled.

    A project without fields, which a kill left, is taken over; the transaction makes sure that
    nobody else is filling it.
    """
    from sorby.project import DATABASE, Project, remove_empty

    is_new = not (Path(folder) / DATABASE).exists()
    with (Project.create if is_new else Project.open)(folder) as project:
        try:
            with project.transaction():
                if project.fields():
                    raise ProjectError(
                        f"{folder} is a project already. Choose another folder, or go on with it: "
                        f"sorby status {folder}"
                    )
                yield project
        except BaseException:
            project.close()
            if is_new:
                remove_empty(folder)
            raise


def open_or_create(folder: Path) -> bool:
    """Make sure that a folder is a project; one that is empty or not there becomes one.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    bool
        Whether the project is new.

    Raises
    ------
    ProjectError
        If it holds something and no project, or the project cannot be opened.
    """
    from sorby.project import DATABASE, Project

    place = Path(folder)
    if (place / DATABASE).is_file():
        Project.open(place).close()
        return False
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise ProjectError(
            f"{place} is not a Sorby project and not empty. Name the folder of a project, or an "
            "empty one, which becomes a project. From images that you have: sorby new DIR "
            "--polished IMAGE..."
        )
    Project.create(place).close()
    return True
