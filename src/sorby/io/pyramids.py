"""Image pyramids: an image at its size and every half of it, built in bands, kept on the disk."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sorby.core.errors import UnknownFieldError
from sorby.core.progress import OnStep, silent
from sorby.io.limits import checked_file
from sorby.io.micrographs import count_pages, format_of, read_micrograph

TILE = 512
"""Edge of a tile, in px of its level."""

PERCENTILES = (0.5, 99.5)

MAX_CACHE_BYTES = 12 * 1024**3
"""About so much of the disk is kept for pyramids; the one that was built first goes first."""


@dataclass(frozen=True)
class Pyramid:
    """An image at its full size and at every half of it, mapped from the disk.

    Attributes
    ----------
    levels : tuple of ndarray of shape (M, N)
        Level k has 1 / 2^k of the size; gray values as recorded.
    window : tuple of float
        Gray values shown as black and white unless others are asked for: all there are of
        8-bit images, percentiles of any others.
    percentiles : tuple of float
        Gray values of `PERCENTILES`.
    sha256 : str
        Of the image file.
    pages : int
        Of the image file.
    """

    levels: tuple[np.ndarray, ...]
    window: tuple[float, float]
    percentiles: tuple[float, float]
    sha256: str
    pages: int

    @property
    def shape(self) -> tuple[int, int]:
        """(M, N) of the image, in px."""
        return self.levels[0].shape[0], self.levels[0].shape[1]

    @property
    def overview(self) -> np.ndarray:
        """Its largest level of a million pixels or fewer, as gray windows are measured on."""
        return next((level for level in self.levels if level.size <= 1_000_000), self.levels[-1])

    @property
    def version(self) -> str:
        """Changes with the image."""
        return self.sha256[:32]

    def tile(self, level: int, row: int, column: int) -> np.ndarray:
        """Gray values of a tile, clipped at the border.

        Raises
        ------
        UnknownFieldError
            If there is no such tile.
        """
        return tile_of(self.levels, level, row, column)


def n_levels(shape: tuple[int, int]) -> int:
    """Levels of a pyramid whose last one is a single tile.

    Examples
    --------
    >>> n_levels((512, 300)), n_levels((4096, 4096)), n_levels((20_000, 20_000))
    (1, 4, 7)
    """
    n = 1
    while max(shape) > TILE << (n - 1):
        n += 1
    return n


def tile_of(levels: Any, level: int, row: int, column: int) -> np.ndarray:
    """Part of a level, clipped at the border.

    Parameters
    ----------
    levels : sequence of ndarray
        By level.
    level, row, column : int
        Which tile.

    Returns
    -------
    ndarray
        At most (512, 512).

    Raises
    ------
    UnknownFieldError
        If there is no such tile.
    """
    if not 0 <= level < len(levels):
        raise UnknownFieldError(f"Level {level} was asked for; there are 0 to {len(levels) - 1}.")
    rows, columns = levels[level].shape
    if not (0 <= row * TILE < rows and 0 <= column * TILE < columns):
        raise UnknownFieldError(
            f"Tile {row}, {column} was asked for; level {level} is {rows} x {columns} px (rows x "
            f"columns) in tiles of {TILE}."
        )
    return np.asarray(
        levels[level][row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
    )


def halved(gray: np.ndarray) -> np.ndarray:
    """Mean of every two by two pixels; an odd last row or column counts twice.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        uint8, uint16 or float32.

    Returns
    -------
    ndarray of shape (ceil(M / 2), ceil(N / 2))
        Of the same type, rounded.

    Examples
    --------
    >>> halved(np.array([[0, 2, 9], [2, 4, 9]], np.uint8)).tolist()
    [[2, 9]]
    """
    rows, columns = gray.shape
    even = np.pad(gray, ((0, rows % 2), (0, columns % 2)), mode="edge")
    wide = np.float32 if gray.dtype.kind == "f" else np.uint32 if gray.itemsize > 1 else np.uint16
    pairs = even[:, 0::2].astype(wide) + even[:, 1::2]
    total = pairs[0::2] + pairs[1::2]
    if gray.dtype.kind == "f":
        return (total / 4).astype(gray.dtype)
    return ((total + 2) >> 2).astype(gray.dtype)


def window_of(gray: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Gray values shown as black and white, and those of `PERCENTILES`.

    Parameters
    ----------
    gray : ndarray
        A level of about a million pixels or fewer.

    Returns
    -------
    window, percentiles : tuple of float
        The first is below the second, also in an image of one gray value.
    """
    low, high = (float(value) for value in np.percentile(gray, PERCENTILES))
    high = high if high > low else low + 1
    return ((0.0, 255.0) if gray.dtype == np.uint8 else (low, high)), (low, high)


def shown(gray: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Gray values in a window, as 0 to 255.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        As recorded.
    window : tuple of float
        Gray values of black and white.

    Returns
    -------
    ndarray of shape (M, N), uint8

    Examples
    --------
    >>> shown(np.array([[0, 500, 1000, 9999]], np.uint16), (0, 1000)).tolist()
    [[0, 128, 255, 255]]
    """
    low, high = window
    if gray.dtype == np.uint8 and window == (0.0, 255.0):
        return gray
    scaled = (gray.astype(np.float32) - low) * np.float32(255 / max(high - low, 1e-12))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def bands(path: Path, page: int, height: int) -> Iterator[np.ndarray]:
    """Gray values of an image file, a band of rows after the other."""
    from sorby.io.tiff import tiff_bands

    if format_of(checked_file(path)) == "tiff":
        yield from tiff_bands(path, page=page, height=height)
        return
    pixels = read_micrograph(path, page=page, um_per_px=1.0).pixels
    for start in range(0, len(pixels), height):
        yield pixels[start : start + height]


def build_pyramid(
    path: Path,
    place: Path,
    *,
    page: int = 0,
    sha256: str,
    n_rows: int = 0,
    on_step: OnStep = silent,
) -> None:
    """Write the levels of an image, band by band, so that none is ever in memory as a whole.

    Parameters
    ----------
    path : Path
        The image file.
    place : Path
        Folder that gets ``0.raw``, ``1.raw``, ... and ``about.json``; whole or not at all.
    page : int
        Of the file.
    sha256 : str
        Hash of the file.
    n_rows : int
        Of the image, where that is known: nothing is told of the progress without.
    on_step : callable
        Told rows, those of smaller levels counted by their pixels, and all there are.

    Raises
    ------
    ReadError, SettingError
        If it cannot be read, is too large, or has no such page.
    """
    writing = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}")
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True, mode=0o700)
    try:
        total = n_rows + n_rows // 3  # a quarter, a sixteenth, ... of the pixels come on top

        def tell(rows: int) -> None:
            if n_rows:
                on_step(min(rows, total), total)

        shape, dtype = _write_first(bands(path, page, TILE), writing / "0.raw", tell)
        for level in range(1, n_levels(shape)):
            _write_next(writing, level, _shape_at(shape, level - 1), dtype)
            tell(n_rows + round((1 - 0.25**level) * (total - n_rows)))
        window, percentiles = window_of(_smallest(writing, shape, dtype))
        about = {
            "shape": shape,
            "dtype": dtype.name,
            "window": window,
            "percentiles": percentiles,
            "sha256": sha256,
            "pages": count_pages(path),
        }
        (writing / "about.json").write_text(json.dumps(about))
        _make_room(place.parent)
        shutil.rmtree(place, ignore_errors=True)  # damaged, else it would have been opened
        writing.replace(place)
    finally:
        shutil.rmtree(writing, ignore_errors=True)


def _write_first(
    parts: Iterator[np.ndarray], path: Path, tell: Callable[[int], None]
) -> tuple[tuple[int, int], np.dtype[Any]]:
    rows, columns, dtype = 0, 0, np.dtype(np.uint8)
    with path.open("wb") as stream:
        for band in parts:
            np.ascontiguousarray(band).tofile(stream)
            rows, columns, dtype = rows + len(band), band.shape[1], band.dtype
            tell(rows)
    return (rows, columns), dtype


def _write_next(place: Path, level: int, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
    """Level from the one before, which is read in bands: a mapped file would count as memory."""
    with (place / f"{level - 1}.raw").open("rb") as big, (place / f"{level}.raw").open("wb") as out:
        for start in range(0, shape[0], 2 * TILE):
            rows = min(2 * TILE, shape[0] - start)
            band = np.fromfile(big, dtype, rows * shape[1]).reshape(rows, shape[1])
            halved(band).tofile(out)


def _smallest(place: Path, shape: tuple[int, int], dtype: np.dtype[Any]) -> np.ndarray:
    level = next(k for k in range(64) if np.prod(_shape_at(shape, k)) <= 1_000_000)
    level = min(level, n_levels(shape) - 1)
    return np.fromfile(place / f"{level}.raw", dtype)


def _shape_at(shape: tuple[int, int], level: int) -> tuple[int, int]:
    return -(-shape[0] // 2**level), -(-shape[1] // 2**level)


def open_pyramid(place: Path) -> Pyramid | None:
    """Pyramid in a folder of the cache, or None where it is absent or damaged."""
    try:
        about = json.loads((place / "about.json").read_text())
        shape = (int(about["shape"][0]), int(about["shape"][1]))
        dtype = {name: np.dtype(name) for name in ("uint8", "uint16", "float32")}[about["dtype"]]
        levels = []
        for level in range(n_levels(shape)):
            path, size = place / f"{level}.raw", _shape_at(shape, level)
            if path.stat().st_size != size[0] * size[1] * dtype.itemsize:
                return None
            levels.append(np.memmap(path, dtype, mode="r", shape=size))
        low, high = map(float, about["window"])
        percentiles = (float(about["percentiles"][0]), float(about["percentiles"][1]))
        sha256, pages = str(about["sha256"]), int(about["pages"])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    return Pyramid(tuple(levels), (low, high), percentiles, sha256, pages)


def _make_room(place: Path) -> None:
    """Remove the pyramids that were built first until the rest is not too large."""
    kept = sorted(
        (about.parent for about in place.glob("[!.]*/about.json")),
        key=lambda folder: folder.stat().st_mtime,
    )
    sizes = [sum(file.stat().st_size for file in folder.iterdir()) for folder in kept]
    for number, folder in enumerate(kept):
        if sum(sizes[number:]) <= MAX_CACHE_BYTES:
            break
        shutil.rmtree(folder, ignore_errors=True)  # what is mapped stays readable where POSIX is
