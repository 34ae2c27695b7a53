"""Planes too large to be held: in a file without a name, or computed where they are looked at.

Both are read like an array (M, N) or (M, N, k): ``plane[rows]`` or ``plane[rows, columns]``
with slices give an array. Nothing is memory-mapped: pages of a mapped file count as memory.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sorby.core.errors import ProjectError

WHOLE_PX = 24_000_000
"""Fields up to this size are worked on as one array; larger ones in bands and tiles."""

BAND_PX = 1 << 22
"""Pixels of a band."""

Where: TypeAlias = slice | tuple[slice, slice]


class _Shaped:
    """What follows from a shape."""

    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of numbers."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]


class DiskPlane(_Shaped):
    """Numbers in a file that vanishes with the process, read and written box by box.

    Parameters
    ----------
    shape : tuple of int
        (M, N) or (M, N, k).
    dtype : dtype
        Of the numbers; they are 0 at first.
    folder : Path
        On whose disk the file lies.

    Examples
    --------
    >>> plane = DiskPlane((3, 4), np.float32, Path(tempfile.gettempdir()))
    >>> plane[1:3, 1:2] = 5
    >>> plane[0:2].tolist()
    [[0.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0]]
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any, folder: Path) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._px_bytes = self.dtype.itemsize * math.prod(self.shape[2:])
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._file.truncate(self._px_bytes * self.shape[0] * self.shape[1])

    def stacked(self) -> DiskPlane:
        """The same numbers, shape (M, N, 1)."""
        other = object.__new__(DiskPlane)
        other.__dict__ = {**self.__dict__, "shape": (*self.shape[:2], 1)}
        return other

    def __getitem__(self, where: Where) -> np.ndarray:
        rows, columns = spans(where, self.shape)
        shape = (rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:])
        found = np.empty(shape, self.dtype)
        for offset, part in self._parts(found, rows, columns):
            self._file.seek(offset)
            _fill(self._file, _bytes(part))
        return found

    def __setitem__(self, where: Where, values: Any) -> None:
        rows, columns = spans(where, self.shape)
        shape = (rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:])
        whole = np.ascontiguousarray(np.broadcast_to(values, shape), self.dtype)
        try:
            for offset, part in self._parts(whole, rows, columns):
                self._file.seek(offset)
                _empty(self._file, _bytes(part))
        except OSError as error:
            raise ProjectError(
                f"A large image needs {self._px_bytes * shape[1] * self.shape[0] / 1e9:.1f} GB of "
                f"the disk while it is worked on: {error.strerror or error}. Free some space, "
                "then run it again."
            ) from error

    def _parts(
        self, values: np.ndarray, rows: slice, columns: slice
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Offset and numbers of each run in the file, under the lock."""
        if not values.size:
            return
        at = (rows.start * self.shape[1] + columns.start) * self._px_bytes
        with self._lock:
            if values.shape[1] == self.shape[1]:
                yield at, values
                return
            for number, line in enumerate(values):
                yield at + number * self.shape[1] * self._px_bytes, line


class ComputedPlane(_Shaped):
    """Numbers that a function gives for any box.

    Parameters
    ----------
    shape : tuple of int
        (M, N) or (M, N, k).
    dtype : dtype
        Of the numbers.
    compute : callable
        ``f(rows, columns)``, slices with start and stop, to an array.

    Examples
    --------
    >>> plane = ComputedPlane((4, 4), float, lambda rows, columns: np.eye(4)[rows, columns])
    >>> plane[1:2, 0:3].tolist()
    [[0.0, 1.0, 0.0]]
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: Any, compute: Callable[[slice, slice], np.ndarray]
    ) -> None:
        self.shape, self.dtype, self._compute = tuple(shape), np.dtype(dtype), compute

    def __getitem__(self, where: Where) -> np.ndarray:
        return self._compute(*spans(where, self.shape))


Plane: TypeAlias = np.ndarray | DiskPlane | ComputedPlane
WritablePlane: TypeAlias = np.ndarray | DiskPlane
NewPlane: TypeAlias = Callable[[tuple[int, ...], Any], WritablePlane]
"""``f(shape, dtype)`` to a plane of zeros; `numpy.zeros` for one in memory."""


def spans(where: Where, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns with start and stop inside an image of a shape; stop is no less than start.

    Examples
    --------
    >>> spans(np.s_[2:, 6:3], (5, 7))
    (slice(2, 5, None), slice(6, 6, None))
    """
    both = where if isinstance(where, tuple) else (where, slice(None))
    starts = [one.indices(length)[:2] for one, length in zip(both, shape, strict=False)]
    (top, bottom), (left, right) = starts
    return slice(top, max(top, bottom)), slice(left, max(left, right))


def bands_of(shape: tuple[int, ...], *, multiple: int = 1) -> Iterator[slice]:
    """Spans of rows of about `BAND_PX` pixels; their height is a multiple of a number.

    Examples
    --------
    >>> list(bands_of((3, 4_000_000)))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    height = max(1, BAND_PX // (shape[1] * multiple)) * multiple
    for start in range(0, shape[0], height):
        yield slice(start, min(start + height, shape[0]))


def on_disk(folder: Path) -> NewPlane:
    """Maker of planes in files of a folder."""
    return lambda shape, dtype: DiskPlane(shape, dtype, folder)


def filled(plane: DiskPlane, bands: Iterable[np.ndarray]) -> DiskPlane:
    """A plane with bands of rows written into it, from the top."""
    start = 0
    for band in bands:
        plane[start : start + len(band)] = band
        start += len(band)
    return plane


def _bytes(part: np.ndarray) -> memoryview:
    return memoryview(part.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


def _fill(file: Any, view: memoryview) -> None:
    while view:
        n = file.readinto(view)
        if not n:
            raise OSError("the file of a large image ends too soon")
        view = view[n:]


def _empty(file: Any, view: memoryview) -> None:
    while view:
        view = view[file.write(view) :]
