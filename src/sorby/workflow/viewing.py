"""What the page shows of an image and its mask: tiles, built lazily and kept in the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.planes import WritablePlane
from sorby.io.pyramids import (
    TILE,
    Pyramid,
    bands,
    build_pyramid,
    halved,
    open_pyramid,
    shown,
    tile_of,
    window_of,
)

if TYPE_CHECKING:
    from sorby.project.changes import PictureFile

Place = tuple[int, int, int]
"""Level, row and column of a tile."""

OnBuild = Callable[[str, int, int], None]

PERCENTS = (0, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.9, 100)
"""Of the pixels: where a gray window may begin and end, finer towards black and white."""

THUMB = 256
"""Longer edge of a thumbnail, in px."""

_DECODERS = threading.BoundedSemaphore(2)


class Viewer:
    """Pyramids of a project's images; safe to use from several threads.

    Parameters
    ----------
    folder : Path
        The project.
    on_build : callable, optional
        Told, while a pyramid is built, of which field, what part is done and of how much.
    """

    def __init__(self, folder: Path, on_build: OnBuild | None = None) -> None:
        self._folder, self._on_build = Path(folder), on_build
        self._open: dict[tuple[str, str, int | None], tuple[Pyramid, int]] = {}
        self._heat: dict[tuple[str, str], tuple[str, list[WritablePlane]]] = {}
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
        return self._looked_up(name, kind, page)[0]

    def _looked_up(self, name: str, kind: str, page: int | None) -> tuple[Pyramid, int]:
        """Pyramid of an image, and the page of its file that was imported."""
        from sorby.project import Project
        from sorby.project.changes import field_of, picture_file

        key = (name, kind, page)
        if key not in self._open:
            with Project.open(self._folder) as project:
                file, n_rows = picture_file(project, name, kind), field_of(project, name).shape[0]
            chosen = file.page if page is None else page
            self._open[key] = self._built(name, file, chosen, n_rows), file.page
        return self._open[key]

    def forget(self, name: str) -> None:
        """Look a field's images up again: one was added."""
        for key in [key for key in self._open if key[0] == name]:
            del self._open[key]

    def _built(self, name: str, file: PictureFile, page: int, n_rows: int) -> Pyramid:
        from sorby.project import cache_folder

        place = cache_folder(self._folder) / "pyramids" / f"{file.sha256[:32]}-{page}"
        with self._guard:
            lock = self._locks.setdefault(place.name, threading.Lock())
        with lock:
            found = open_pyramid(place)
            if found is None:
                self._build(name, file, page, n_rows, place)
                found = open_pyramid(place)
            assert found is not None
            return found

    def _build(self, name: str, file: PictureFile, page: int, n_rows: int, place: Path) -> None:
        def on_step(done: int, total: int, **values: object) -> None:
            if self._on_build is not None:
                self._on_build(name, done, total)

        about: dict[str, Any] = {"page": page, "sha256": file.sha256, "n_rows": n_rows}
        try:
            with _DECODERS:
                build_pyramid(file.path, place, **about, on_step=on_step)
        finally:
            on_step(1, 1)  # also where it failed: nothing is being made ready any more

    def info(self, name: str, kind: str = "polished", page: int | None = None) -> dict[str, Any]:
        """What a canvas needs to know of an image.

        Returns
        -------
        dict
            ``shape``, ``levels``, ``tile``, ``window``, ``percentiles``, ``grays`` (as pairs:
            a percentage of the pixels, and the gray value that so many are not above),
            ``pages``, ``page`` (the one that was imported), ``um_per_px``, ``version``
            (changes with the image).
        """
        from sorby.project import Project
        from sorby.project.changes import field_of

        pyramid, imported = self._looked_up(name, kind, page)
        with Project.open(self._folder) as project:
            size = field_of(project, name).um_per_px
        grays = np.percentile(pyramid.overview, PERCENTS).tolist()
        return {
            "shape": pyramid.shape,
            "levels": len(pyramid.levels),
            "tile": TILE,
            "window": pyramid.window,
            "percentiles": pyramid.percentiles,
            "grays": list(zip(PERCENTS, grays, strict=True)),
            "pages": pyramid.pages,
            "page": imported,
            "um_per_px": size,
            "version": pyramid.version,
        }

    def tile(
        self,
        name: str,
        kind: str,
        page: int | None,
        place: Place,
        window: tuple[float | None, float | None] = (None, None),
    ) -> tuple[np.ndarray, str]:
        """Tile of an image as it is shown.

        Parameters
        ----------
        name, kind, page
            As `pyramid`.
        place : tuple of int
            Level, row and column.
        window : tuple
            Gray values of black and white; the image's own where None.

        Returns
        -------
        pixels : ndarray of uint8
            At most (512, 512).
        version : str
            Changes with the image.
        """
        pyramid = self.pyramid(name, kind, page)
        low, high = (
            own if said is None else said for own, said in zip(pyramid.window, window, strict=True)
        )
        return shown(pyramid.tile(*place), (float(low), float(high))), pyramid.version

    def heat_tile(self, name: str, layer: str, place: Place) -> np.ndarray:
        """Tile of an overlay, see `sorby.workflow.overlays.overlay_levels`."""
        from sorby.workflow.overlays import overlay_levels

        with _DECODERS:
            key, levels = overlay_levels(self._folder, name, layer, self._heat.get((name, layer)))
        self._heat = {(name, layer): (key, levels)}  # one is held: overlays are looked at singly
        return tile_of(levels, *place)

    def thumb(self, name: str, kind: str = "polished") -> tuple[np.ndarray, str]:
        """Small copy of an image, at most 256 px, without a pyramid being built; its version."""
        from sorby.project import Project, cache_folder
        from sorby.project.changes import field_of, picture_file

        with Project.open(self._folder) as project:
            file, shape = picture_file(project, name, kind), field_of(project, name).shape
        place = cache_folder(self._folder) / "thumbs" / f"{file.sha256[:32]}-{file.page}.npy"
        try:
            return np.asarray(np.load(place, allow_pickle=False)), place.stem
        except (OSError, ValueError, EOFError):
            with _DECODERS:
                return _kept(place, _small(file, shape)), place.stem


def _small(file: PictureFile, shape: tuple[int, int]) -> np.ndarray:
    """Thumbnail, read in bands: of a large image only every so many pixels are looked at."""
    step, start, rows = max(1, max(shape) // (4 * THUMB)), 0, []
    for band in bands(file.path, file.page, TILE):
        rows.append(band[-start % step :: step, ::step].copy())
        start += len(band)
    gray = np.concatenate(rows)
    while max(gray.shape) > THUMB:
        gray = halved(gray)
    return shown(gray, window_of(gray)[0])


def _kept(place: Path, array: np.ndarray) -> np.ndarray:
    from sorby.core.files import atomic_path

    with atomic_path(place) as writing, writing.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
    return array
