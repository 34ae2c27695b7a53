"""Files that are whole or absent, and the hashes that name their content."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sorby.core.errors import ProjectError


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Temporary path that takes the place of ``path`` when the block succeeds.

    A kill or a full disk inside the block leaves the old file, or none, never half a file.

    Parameters
    ----------
    path : Path
        The file to write. Its folder is made if need be.

    Yields
    ------
    Path
        Where to write: same folder, same suffix.

    Raises
    ------
    ProjectError
        If the disk refuses: full, read-only, not allowed.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o644)
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        remedy = "Free some space" if full else "Choose a folder that can be written"
        raise ProjectError(
            f"{path} could not be written: {error.strerror or error}. "
            f"Nothing was changed. {remedy}, then run it again."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def inside(root: Path, name: str) -> Path:
    """Path of ``name`` under ``root``, refused if it leads out of it.

    Parameters
    ----------
    root : Path
        A folder.
    name : str
        A relative path, for example one stored in a database.

    Returns
    -------
    Path
        The resolved path.

    Raises
    ------
    ProjectError
        If the path leaves the folder (absolute, ``..``, a link that points outside).
    """
    base = Path(root).resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base):
        raise ProjectError(
            f"{name!r} leads out of {base}. Paths of a project stay in its folder; "
            "the project may have been edited by hand: restore it from a copy."
        )
    return path
