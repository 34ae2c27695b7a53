"""One point becomes one defect: region growing on gray values around a pointer.

Both tools look at a window around the point that grows until the region lies inside it, so that
their cost depends on the size of the defect and not on that of the image.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from sorby.annotate.boxes import Box, grown, slices
from sorby.annotate.edit import Patch, put
from sorby.annotate.objects import CONFIDENCE_STEPS, is_closed
from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

FIRST_REACH_PX = 48
MOST_REACH_PX = 1024

BLANK_REACH_PX = 400
"""A window of this reach without a dark spot at the pointer is not enlarged any more."""

SNAP_PX = 6
"""How far from the pointer the heart of a defect may lie."""

LEAST_NOISES = 3.0
"""A defect is at least so many standard deviations of the noise darker than its metal."""

CUT = 0.6
"""Where a blob ends, as a share of its depth. Half is right for a sharp edge; blur makes small
pores faint and wide. On synthetic fields 0.5 and 0.6 find every pore; experts draw real ones
tighter than half."""

LEAST_LIKELY = 0.2
"""Where a model gives a defect less than this probability, it sees none: what is half as likely as
a hundredth is half the image."""

SMOOTH_PX = 0.7

_EIGHT = np.ones((3, 3), bool)


def wand(
    mask: np.ndarray, pixels: np.ndarray, point: tuple[int, int], tolerance: float, value: int
) -> Patch | None:
    """Give connected pixels of like gray a value.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    pixels : ndarray of shape (M, N)
        Gray values.
    point : tuple of int
        Row and column to start from.
    tolerance : float
        Greatest difference from the gray at the point, as a share of the gray range around it
        (1st to 99th percentile), 0 to 1.
    value : int
        What the region becomes; 0 erases it.

    Returns
    -------
    Patch or None

    Examples
    --------
    >>> gray = np.full((9, 9), 200, np.uint8)
    >>> gray[2:5, 3:6] = 40
    >>> wand(np.zeros((9, 9), np.uint8), gray, (3, 4), 0.5, 1).box
    (2, 3, 5, 6)
    """
    reach = FIRST_REACH_PX
    while True:
        window = grown((*point, point[0] + 1, point[1] + 1), reach, mask.shape)
        gray = pixels[slices(window)].astype(np.float32)
        at = (point[0] - window[0], point[1] - window[1])
        start = _around(gray, at)
        low, high = np.percentile(gray, [1, 99])
        alike = np.abs(gray - start) <= tolerance * max(high - low, 1e-6)
        region = _connected(alike, at)
        if is_closed(region, window, mask.shape) or reach >= MOST_REACH_PX:
            return put(mask, window, region, value)
        reach *= 3


def click_to_segment(
    mask: np.ndarray,
    pixels: np.ndarray,
    point: tuple[int, int],
    value: int,
    *,
    probability: np.ndarray | None = None,
) -> Patch:
    """Add the dark blob at the pointer: all that is darker than a share of its depth (`CUT`).

    The pointer snaps to the darkest place within `SNAP_PX`. Metal and noise are those of a window
    several times as large as the blob, without the defects that the mask holds already. Where the
    gray shows no blob, the region in which a model's probability is at least half of that at the
    pointer is taken, if it is `LEAST_LIKELY` there.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    pixels : ndarray of shape (M, N)
        Gray values.
    point : tuple of int
        Row and column of the pointer.
    value : int
        Class of the new defect.
    probability : ndarray of shape (M, N), uint8, optional
        Of a defect, in steps of 1/254; 255 where there is no sample.

    Returns
    -------
    Patch
        The blob's pixels that are not yet of this value.

    Raises
    ------
    SettingError
        If there is nothing at the pointer.

    Examples
    --------
    >>> gray = np.full((80, 80), 200, np.uint8)
    >>> gray[30:36, 40:45] = 50
    >>> click_to_segment(np.zeros((80, 80), np.uint8), gray, (32, 46), 1).box
    (30, 40, 36, 45)
    """
    found = _blob(mask, pixels, point)
    if found is None and probability is not None:
        found = _likely(probability, point)
    patch = None if found is None else put(mask, found.window, found.inside, value)
    if patch is None:
        reason = (
            f"no dark spot within {SNAP_PX} px stands out from the metal. Click nearer to the "
            "pore, or draw it with the brush."
            if found is None
            else "what stands out there is in the mask already."
        )
        raise SettingError(f"Nothing new at row {point[0]}, column {point[1]}: {reason}")
    return patch


class _Region(NamedTuple):
    window: Box
    inside: np.ndarray


def _blob(mask: np.ndarray, pixels: np.ndarray, point: tuple[int, int]) -> _Region | None:
    reach = FIRST_REACH_PX
    while True:
        window = grown((*point, point[0] + 1, point[1] + 1), reach, mask.shape)
        known = mask[slices(window)]
        gray = pixels[slices(window)].astype(np.float32)
        at = (point[0] - window[0], point[1] - window[1])
        seed, sign = _heart(gray, known, at)
        metal, noise = _metal(gray[known == 0] if (known == 0).any() else gray)
        darkness = sign * (metal - gray)
        depth = sign * (metal - _around(gray, seed))
        if depth < LEAST_NOISES * noise or depth <= 0:
            if reach >= BLANK_REACH_PX:
                return None
            reach *= 3  # the window may lie inside the blob
            continue
        region = _connected((darkness >= CUT * depth) & (known != IGNORE), seed)
        if is_closed(region, window, mask.shape) and not _is_wide(region):
            return _Region(window, region)
        if reach >= MOST_REACH_PX:
            return None
        reach *= 3


def _heart(gray: np.ndarray, known: np.ndarray, at: tuple[int, int]) -> tuple[tuple[int, int], int]:
    """Darkest pixel near the pointer that is in no defect yet, and 1; -1 where it is bright."""
    near = grown((*at, at[0] + 1, at[1] + 1), SNAP_PX, gray.shape)
    smooth = ndimage.gaussian_filter(gray, SMOOTH_PX)[slices(near)]
    free = known[slices(near)] == 0
    middle = float(np.median(gray))
    rows, columns = np.indices(smooth.shape)
    away = np.hypot(rows + near[0] - at[0], columns + near[1] - at[1])
    counts = free & (away <= SNAP_PX)
    if not counts.any():
        return at, 1
    dark = np.where(counts, middle - smooth, -np.inf)
    bright = np.where(counts, smooth - middle, -np.inf)
    sign = 1 if 2 * dark.max() >= bright.max() else -1
    best = np.unravel_index(int((dark if sign > 0 else bright).argmax()), smooth.shape)
    return (int(best[0]) + near[0], int(best[1]) + near[1]), sign


def _metal(gray: np.ndarray) -> tuple[float, float]:
    """Middle and robust standard deviation of gray values."""
    middle = float(np.median(gray))
    return middle, 1.4826 * float(np.median(np.abs(gray - middle)))


def _likely(probability: np.ndarray, point: tuple[int, int]) -> _Region | None:
    reach = FIRST_REACH_PX
    while reach <= MOST_REACH_PX:
        window = grown((*point, point[0] + 1, point[1] + 1), reach, probability.shape)
        steps = probability[slices(window)]
        at = (point[0] - window[0], point[1] - window[1])
        here = int(steps[at])
        if here < LEAST_LIKELY * CONFIDENCE_STEPS or here == IGNORE:
            return None
        region = _connected((steps >= here / 2) & (steps != IGNORE), at)
        if is_closed(region, window, probability.shape) and not _is_wide(region):
            return _Region(window, region)
        reach *= 3
    return None


def _is_wide(region: np.ndarray) -> bool:
    """Whether a region is too much of its window to have metal around it."""
    return bool(np.count_nonzero(region) * 4 > region.size)


def _connected(belongs: np.ndarray, at: tuple[int, int]) -> np.ndarray:
    """Pixels that are connected to one of them."""
    labels, _ = ndimage.label(belongs, _EIGHT)
    return (labels == labels[at]) & belongs


def _around(gray: np.ndarray, at: tuple[int, int]) -> float:
    """Middle of the 3 x 3 pixels around a pixel."""
    row, column = at
    return float(np.median(gray[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]))
