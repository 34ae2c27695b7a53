"""Instances: which pixels belong to the same defect."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

SMALLEST_AREA_PX2 = 4.0
"""No defect has fewer pixels, whatever the microscope resolves."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)
_STRIP_PX = 1 << 22


def label_instances(mask: np.ndarray, *, min_area_px: float = SMALLEST_AREA_PX2) -> np.ndarray:
    """Give every defect of a mask its number.

    Pixels belong together if they have the same class and touch at an edge or a corner
    (8 neighbours, as the contours of the paper [1]_ and the particles of ImageJ). Defects are
    numbered in the order in which reading row by row meets their first pixel. Beyond the result
    this needs one byte a pixel for masks of one class, five for more.

    Parameters
    ----------
    mask : ndarray of shape (M, N)
        Label image, uint8: 0 background, 1.. defect classes, 255 not sample.
    min_area_px : float
        Defects of fewer pixels are dropped (see `size_floor_px2`). Not negative.

    Returns
    -------
    ndarray of shape (M, N)
        int32: 0 background and ignored pixels, 1..n one number a defect.

    Raises
    ------
    SettingError
        If the mask is not a two-dimensional uint8 (or bool) image, or the area is negative.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, stage 2.

    Examples
    --------
    >>> mask = np.zeros((4, 8), np.uint8)
    >>> mask[:2, :3], mask[2:, 3:6], mask[0, 7] = 1, 1, 1
    >>> label_instances(mask)
    array([[1, 1, 1, 0, 0, 0, 0, 0],
           [1, 1, 1, 0, 0, 0, 0, 0],
           [0, 0, 0, 1, 1, 1, 0, 0],
           [0, 0, 0, 1, 1, 1, 0, 0]], dtype=int32)
    """
    if mask.ndim != 2 or mask.dtype not in (np.uint8, np.bool_):
        raise SettingError(
            f"The mask has shape {mask.shape} and type {mask.dtype}. "
            "A label image (M, N) of type uint8 is needed: read it with sorby.io.read_mask."
        )
    if not min_area_px >= 0:
        raise SettingError(f"min_area_px is {min_area_px}. Give 0 or a positive number of pixels.")
    instances, n_found = _label_each_class(mask)
    if n_found:
        _renumber(instances, n_found, min_area_px)
    return instances


def _label_each_class(mask: np.ndarray) -> tuple[np.ndarray, int]:
    instances = np.zeros(mask.shape, dtype=np.int32)
    n_found = 0
    for value in _classes(mask):
        of_class = mask == value
        if n_found == 0:
            n_found = ndimage.label(of_class, _EIGHT_NEIGHBOURS, output=instances)
        else:
            more, n_more = ndimage.label(of_class, _EIGHT_NEIGHBOURS, output=np.int32)
            for rows in _strips(mask.shape):
                strip = of_class[rows]
                instances[rows][strip] = more[rows][strip] + n_found
            n_found += n_more
    return instances, n_found


def _classes(mask: np.ndarray) -> list[int]:
    counts = np.zeros(256, dtype=np.int64)
    for rows in _strips(mask.shape):
        counts += np.bincount(mask[rows].ravel(), minlength=256)
    return [int(value) for value in np.flatnonzero(counts) if value not in (0, IGNORE)]


def _renumber(instances: np.ndarray, n_found: int, min_area_px: float) -> None:
    """Drop small defects and number the rest by their first pixel, in place."""
    area = np.zeros(n_found + 1, dtype=np.int64)
    first = np.zeros(n_found + 1, dtype=np.int64)
    for rows in reversed(list(_strips(instances.shape))):
        strip = instances[rows].ravel()
        pixels = np.flatnonzero(strip)[::-1]
        found = strip[pixels]
        area += np.bincount(found, minlength=n_found + 1)
        first[found] = pixels + rows.start * instances.shape[1]  # the last write stays
    kept = np.flatnonzero((area >= min_area_px) & (area > 0))
    number = np.zeros(n_found + 1, dtype=np.int32)
    number[kept[np.argsort(first[kept])]] = np.arange(1, kept.size + 1)
    for rows in _strips(instances.shape):
        strip = instances[rows].ravel()  # a view
        pixels = np.flatnonzero(strip)
        strip[pixels] = number[strip[pixels]]


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    height = max(1, _STRIP_PX // max(1, shape[1]))
    for start in range(0, shape[0], height):
        yield slice(start, min(start + height, shape[0]))


def defect_at(instances: np.ndarray, x: float, y: float) -> int:
    """Number of the defect at a point.

    Parameters
    ----------
    instances : ndarray of shape (M, N)
        Defect numbers, 0 background.
    x, y : float
        Column and row, in px; whole numbers are the centres of pixels.

    Returns
    -------
    int
        The defect's number; 0 on background and outside the image.

    Examples
    --------
    >>> defect_at(np.array([[0, 0, 0], [0, 0, 7]]), x=2.2, y=0.9)
    7
    >>> defect_at(np.array([[0, 0, 0], [0, 0, 7]]), x=3, y=1)
    0
    """
    if not (math.isfinite(x) and math.isfinite(y)):
        return 0
    row, column = math.floor(y + 0.5), math.floor(x + 0.5)
    if not (0 <= row < instances.shape[0] and 0 <= column < instances.shape[1]):
        return 0
    return int(instances[row, column])


def size_floor_px2(
    um_per_px: float | None, objective_na: float | None, wavelength_um: float = 0.55
) -> float:
    """Smallest defect area that image and microscope support.

    The larger of 4 px² and the disc whose diameter is twice the Rayleigh distance 0.61 λ/NA [1]_.

    Parameters
    ----------
    um_per_px : float or None
        Edge of a pixel, in µm. None or NaN where unknown: the floor is then 4 px².
    objective_na : float or None
        Numerical aperture of the objective. None or NaN where unknown: the floor is then 4 px².
    wavelength_um : float
        Wavelength of the light, in µm. Positive.

    Returns
    -------
    float
        Area, in px².

    Raises
    ------
    SettingError
        If a given value is not positive.

    References
    ----------
    .. [1] Lord Rayleigh, Philosophical Magazine 8 (1879) 261-274.

    Examples
    --------
    >>> size_floor_px2(None, None)
    4.0
    >>> round(size_floor_px2(0.5, 0.15), 1)  # 4.47 µm, or 8.9 px, across
    62.9
    """
    known = {
        name: float(value)
        for name, value in (("um_per_px", um_per_px), ("objective_na", objective_na))
        if value is not None and not math.isnan(value)
    }
    for name, value in {**known, "wavelength_um": wavelength_um}.items():
        if not (value > 0 and math.isfinite(value)):
            raise SettingError(f"{name} is {value}. The size floor needs a positive number.")
    if len(known) < 2:
        return SMALLEST_AREA_PX2
    diameter_px = 2 * 0.61 * wavelength_um / known["objective_na"] / known["um_per_px"]
    return max(SMALLEST_AREA_PX2, math.pi / 4 * diameter_px**2)
