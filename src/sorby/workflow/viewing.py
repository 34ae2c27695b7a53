"""What the page shows of an image and its mask: tiles, built lazily and kept in the cache."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sorby.io.pyramids import (
    Pyramid,
    build_pyramid,
    halved,
    open_pyramid,
    shown,
    window_of,
)

if TYPE_CHECKING:
    from sorby.project.changes import PictureFile

THUMB = 256
"""Longer edge of a thumbnail, in px."""

_DECODERS = threading.BoundedSemaphore(2)


class Viewer:
    """Pyramids of a project's images; safe to use from several threads.

    Parameters
    ----------
    folder : Path
        The project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._open: dict[tuple[str, str, int | None], Pyramid] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def pyramid(self, name: str, kind: str = "polished", page: int | None = None) -> Pyramid:
        """Pyramid of an image, built on the first call.

        Parameters
        ----------
        name, kind : str
            Field, and "polished" or "etched".
        page : int, optional
            Another page of the file than the one that was imported.

        Returns
        -------
        Pyramid
        """
        from sorby.project import Project
        from sorby.project.changes import picture_file

        key = (name, kind, page)
        if key not in self._open:
            with Project.open(self._folder) as project:
                file = picture_file(project, name, kind)
            self._open[key] = self._built(file, file.page if page is None else page)
        return self._open[key]

    def forget(self, name: str) -> None:
        """Look a field's images up again: one was added."""
        for key in [key for key in self._open if key[0] == name]:
            del self._open[key]

    def _built(self, file: PictureFile, page: int) -> Pyramid:
        from sorby.project import cache_folder

        place = cache_folder(self._folder) / "pyramids" / f"{file.sha256[:32]}-{page}"
        with self._guard:
            lock = self._locks.setdefault(place.name, threading.Lock())
        with lock:
            found = open_pyramid(place)
            if found is None:
                with _DECODERS:
                    build_pyramid(file.path, place, page=page, sha256=file.sha256)
                found = open_pyramid(place)
            assert found is not None
            return found

    def thumb(self, name: str, kind: str = "polished") -> np.ndarray:
        """Small copy of an image, at most 256 px, without a pyramid of the whole being built."""
        from sorby.project import Project, cache_folder
        from sorby.project.changes import picture_file

        with Project.open(self._folder) as project:
            file = picture_file(project, name, kind)
        place = cache_folder(self._folder) / "thumbs" / f"{file.sha256[:32]}-{file.page}.npy"
        try:
            return np.asarray(np.load(place, allow_pickle=False))
        except (OSError, ValueError, EOFError):
            with _DECODERS:
                return _kept(place, _small(file))


def _small(file: PictureFile) -> np.ndarray:
    from sorby.io import read_micrograph

    gray = read_micrograph(file.path, page=file.page, um_per_px=1.0).pixels
    step = max(1, max(gray.shape) // (4 * THUMB))
    gray = np.ascontiguousarray(gray[::step, ::step])
    while max(gray.shape) > THUMB:
        gray = halved(gray)
    return shown(gray, window_of(gray)[0])


def _kept(place: Path, array: np.ndarray) -> np.ndarray:
    from sorby.core.files import atomic_path

    with atomic_path(place) as writing, writing.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
    return array
