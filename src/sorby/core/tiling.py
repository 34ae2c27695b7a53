"""Windows that cover an image exactly once, with a halo around each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sorby.core.errors import SettingError


@dataclass(frozen=True)
class Window:
    """One tile of an image.

    Attributes
    ----------
    core : tuple of slice
        Rows and columns that this tile owns; the cores of all tiles cover the image once.
    padded : tuple of slice
        The core and its halo, cut at the image's edges.
    inner : tuple of slice
        Where the core lies inside ``padded``.
    """

    core: tuple[slice, slice]
    padded: tuple[slice, slice]
    inner: tuple[slice, slice]


def windows(shape: tuple[int, ...], *, size: int, halo: int = 0) -> Iterator[Window]:
    """Tiles of an image, row by row.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the image, in px.
    size : int
        Edge of a tile's core, in px. Positive.
    halo : int
        Pixels seen around the core. Not negative.

    Yields
    ------
    Window
        Tiles in row-major order.

    Raises
    ------
    SettingError
        If the size is not positive or the halo is negative.

    Examples
    --------
    >>> [w.core[1] for w in windows((4, 10), size=6, halo=2)]
    [slice(0, 6, None), slice(6, 10, None)]
    >>> [w.padded[1] for w in windows((4, 10), size=6, halo=2)]
    [slice(0, 8, None), slice(4, 10, None)]
    """
    if size < 1 or halo < 0:
        raise SettingError(f"Tile size {size} and halo {halo} px: need size >= 1 and halo >= 0.")
    for rows in _spans(shape[0], size, halo):
        for columns in _spans(shape[1], size, halo):
            core, padded, inner = zip(rows, columns, strict=True)
            yield Window(core, padded, inner)


def _spans(length: int, size: int, halo: int) -> list[tuple[slice, slice, slice]]:
    spans = []
    for start in range(0, length, size):
        stop = min(start + size, length)
        low, high = max(0, start - halo), min(length, stop + halo)
        spans.append((slice(start, stop), slice(low, high), slice(start - low, stop - low)))
    return spans
