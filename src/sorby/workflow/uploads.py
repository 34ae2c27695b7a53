"""Files that came over the network: decoded in a child process of limited memory."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from sorby.workflow import children

MEMORY_BYTES = 8 * 1024**3
"""Address space of the process that decodes: an image of the largest size fits."""


def take_uploads(
    folder: Path, files: Sequence[tuple[str, BinaryIO]], *, etched_of: str | None = None
) -> dict[str, Any]:
    """Add uploaded images to a project.

    Parameters
    ----------
    folder : Path
        The project.
    files : sequence of (name, stream)
        What the client calls each file, which names no path here, and its content.
    etched_of : str, optional
        Field whose etched twin the one file is.

    Returns
    -------
    dict
        As `sorby.workflow.adding.add_images`.
    """
    from sorby.project import cache_folder

    place = cache_folder(folder) / "uploads" / secrets.token_hex(16)
    place.mkdir(parents=True, mode=0o700)
    try:
        kept = []
        for name, stream in files:
            path = place / f"{secrets.token_hex(16)}.image"
            path.touch(mode=0o600)
            with path.open("wb") as target:
                shutil.copyfileobj(stream, target, 1024**2)
            kept.append([str(path), name])
        options = {"files": kept, "etched_of": etched_of}
        place_of = "sorby.workflow.adding:add_images"
        return children.run(place_of, folder, options, memory_bytes=MEMORY_BYTES)
    finally:
        with suppress(OSError):
            shutil.rmtree(place)


def take_folder(folder: Path, path: str) -> dict[str, Any]:
    """Add the images of a folder, decoded in a child process, see `add_folder`."""
    options = {"path": path}
    return children.run(
        "sorby.workflow.adding:add_folder", folder, options, memory_bytes=MEMORY_BYTES
    )
