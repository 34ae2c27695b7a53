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
