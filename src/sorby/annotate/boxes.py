"""Boxes of pixels: half-open, (row_min, column_min, row_max, column_max); masks in blocks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

Box = tuple[int, int, int, int]


def slices(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box, for indexing."""
    return slice(box[0], box[2]), slice(box[1], box[3])


def grown(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    """Box with a margin on every side, clipped to an image of this shape."""
    return (
        max(0, box[0] - margin),
        max(0, box[1] - margin),
        min(shape[0], box[2] + margin),
        min(shape[1], box[3] + margin),
    )


def clipped(box: Box, shape: tuple[int, ...]) -> Box:
    """Part of a box inside an image of this shape; empty if it lies outside."""
    row_min, column_min = min(max(box[0], 0), shape[0]), min(max(box[1], 0), shape[1])
    row_max, column_max = min(max(box[2], 0), shape[0]), min(max(box[3], 0), shape[1])
    return row_min, column_min, max(row_min, row_max), max(column_min, column_max)


def united(boxes: Iterable[Box]) -> Box:
    """Smallest box that holds all of some boxes; at least one.

    Examples
    --------
    >>> united([(0, 0, 2, 2), (5, 1, 6, 9)])
    (0, 0, 6, 9)
    """
    row_min, column_min, row_max, column_max = zip(*boxes, strict=True)
    return min(row_min), min(column_min), max(row_max), max(column_max)


def holds(outer: Box, inner: Box) -> bool:
    """Whether a box lies wholly inside another."""
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def meets(one: Box, other: Box) -> bool:
    """Whether two boxes share a pixel."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def size(box: Box) -> tuple[int, int]:
    """Rows and columns of a box."""
    return box[2] - box[0], box[3] - box[1]


_BAND_PX = 4_000_000
"""Pixels that are reduced at a time: a mask of 400 million is not copied."""


def reduced(mask: np.ndarray, step: int) -> np.ndarray:
    """Mask in blocks of ``step`` px: the highest class of each, ignored where all of it is.

    Parameters
    ----------
    mask : ndarray of shape (m, n), uint8
        Label image.
    step : int
        Edge of a block, in px; those at the far sides may be smaller.

    Returns
    -------
    ndarray of uint8

    Examples
    --------
    >>> reduced(np.array([[0, 1, 255, 255], [2, 0, 255, 255]], np.uint8), 2).tolist()
    [[2, 255]]
    """
    band = step * max(1, _BAND_PX // (step * mask.shape[1]))
    return np.concatenate(
        [_reduced(mask[top : top + band], step) for top in range(0, len(mask), band)]
    )


def _reduced(mask: np.ndarray, step: int) -> np.ndarray:
    ranked = mask + np.uint8(1)  # ignored wraps to 0, below background
    highest = _highest_rows(_highest_rows(ranked, step).T, step).T
    return np.ascontiguousarray(highest) - np.uint8(1)


def _highest_rows(values: np.ndarray, step: int) -> np.ndarray:
    """Largest of each ``step`` rows, in pairs while that goes: many times quicker than reduceat."""
    while step > 1 and step % 2 == 0:
        larger, partners = values[::2].copy(), values[1::2]
        np.maximum(larger[: len(partners)], partners, out=larger[: len(partners)])
        values, step = larger, step // 2
    return values if step == 1 else np.maximum.reduceat(values, range(0, len(values), step), axis=0)
