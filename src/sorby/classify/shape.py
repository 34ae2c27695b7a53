"""Explainable baseline: a dozen measures of the centre defect and a logistic regression.

Needs no pretrained weights. The defect is found in its patch by one threshold, so this stays a
baseline: it knows the outline and the brightness of one object, not the metal around it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from sorby.classify.described import described
from sorby.classify.linear import LinearClassifier, fit_linear
from sorby.classify.patches import PATCH_PX, as_patches, stretched

MEASURE_NAMES = (
    "log_diameter",
    "aspect_ratio",
    "solidity",
    "circularity",
    "radius_variation",
    "hole_share",
    "inside_level",
    "inside_variation",
    "inside_brightest",
    "edge_sharpness",
    "rim_level",
    "dark_share_around",
    "neighbours",
    "background_variation",
    "off_centre",
)
"""What `describe` measures, in order; every one is free of unit, gray levels are relative."""

_DEPTH = 0.45
_CENTRE_PX = 20
_SMALLEST_PX = 8


def fit(
    patches: np.ndarray,
    labels: Sequence[str] | np.ndarray,
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    rng: np.random.Generator,
    inverse_penalty: float = 1.0,
) -> LinearClassifier:
    """Train the shape baseline.

    Parameters
    ----------
    patches : ndarray of shape (n, 128, 128)
        uint8, each centred on its defect; other forms are converted.
    labels : sequence of str of length n
        Defect types, two or more different ones.
    groups : sequence of length n, optional
        Not used: the regression has no setting that is chosen by validation.
    rng : numpy.random.Generator
        Not used: the fit has one solution.
    inverse_penalty : float
        C of the logistic regression. Positive.

    Returns
    -------
    LinearClassifier
        Its weights belong to `MEASURE_NAMES`.

    Raises
    ------
    SettingError
        If there is one class only, or labels and patches differ in number.

    Examples
    --------
    >>> row, column = np.mgrid[:128, :128] - 64
    >>> discs = [np.where(row**2 + column**2 < r * r, 10, 200) for r in (5, 6, 7, 8)]
    >>> flats = [np.where((abs(row) < 3) & (abs(column) < r), 10, 200) for r in (9, 12, 14, 17)]
    >>> patches = np.stack(discs + flats).astype(np.uint8)
    >>> labels = ["porosity"] * 4 + ["lack_of_fusion"] * 4
    >>> model = fit(patches, labels, rng=np.random.default_rng(0))
    >>> model.classes
    ('lack_of_fusion', 'porosity')
    >>> model.predict_probability(patches).round().astype(int)[:, 1].tolist()
    [1, 1, 1, 1, 0, 0, 0, 0]
    """
    rows = described("shape", as_patches(patches))
    return fit_linear("shape", rows, labels, inverse_penalty=inverse_penalty)


def describe(patches: np.ndarray) -> np.ndarray:
    """Measures of the defect in the centre of each patch.

    Parameters
    ----------
    patches : ndarray of shape (n, 128, 128)
        uint8.

    Returns
    -------
    ndarray of shape (n, 1, 15)
        One row of `MEASURE_NAMES` a patch.
    """
    gray = stretched(patches) / 255.0
    rows = [_measures(patch, centre_defect(patch)) for patch in gray]
    return np.array(rows, np.float32).reshape(len(patches), 1, len(MEASURE_NAMES))


def centre_defect(gray: np.ndarray) -> np.ndarray:
    """Dark object nearest the centre, its holes filled.

    Parameters
    ----------
    gray : ndarray of shape (128, 128)
        Stretched gray values, 0..1.

    Returns
    -------
    ndarray of shape (128, 128)
        bool. A disc of 3 px where nothing dark is found.
    """
    smooth = ndimage.gaussian_filter(gray, 1.0)
    distance = _distance_from_centre()
    dark = float(np.percentile(smooth[distance <= _CENTRE_PX], 2))
    mask = smooth < dark + _DEPTH * (float(np.median(smooth)) - dark)
    numbered, n = ndimage.label(ndimage.binary_fill_holes(mask))
    area = np.bincount(numbered.ravel(), minlength=n + 1)
    large = [number for number in range(1, n + 1) if area[number] >= _SMALLEST_PX]
    if not large:
        return distance <= 3
    nearest = np.asarray(ndimage.minimum(distance, numbered, large))
    return numbered == large[int(nearest.argmin())]


def _distance_from_centre() -> np.ndarray:
    row, column = np.indices((PATCH_PX, PATCH_PX)) - (PATCH_PX - 1) / 2
    return np.hypot(row, column)


def _measures(gray: np.ndarray, defect: np.ndarray) -> list[float]:
    return [*_outline(defect), *_inside(gray, defect), *_around(gray, defect)]


def _outline(defect: np.ndarray) -> list[float]:
    from skimage.measure import perimeter_crofton, regionprops

    (region,) = regionprops(defect.astype(np.uint8))
    inner = defect & ~ndimage.binary_erosion(defect)
    radius = np.hypot(*(np.argwhere(inner) - region.centroid).T)
    return [
        float(np.log(region.equivalent_diameter_area)),
        (region.axis_major_length + 1) / (region.axis_minor_length + 1),
        region.solidity,
        min(4 * np.pi * region.area / perimeter_crofton(defect) ** 2, 1.2),
        float(radius.std() / (radius.mean() + 1)),
    ]


def _inside(gray: np.ndarray, defect: np.ndarray) -> list[float]:
    ground = float(np.median(gray)) + 0.1
    inside = gray[defect]
    edge = ndimage.binary_dilation(defect) & ~ndimage.binary_erosion(defect)
    slope = ndimage.gaussian_gradient_magnitude(gray, 1.0)[edge].mean()
    return [
        float((inside > ground / 2).mean()),
        float(inside.mean() / ground),
        float(inside.std() / ground),
        float(np.percentile(inside, 95) / ground),
        float(slope / ground),
    ]


def _around(gray: np.ndarray, defect: np.ndarray) -> list[float]:
    ground = float(np.median(gray)) + 0.1
    away = ndimage.distance_transform_edt(~defect)
    rim, far = (away > 2) & (away <= 8), away > 8
    others = far & (ndimage.gaussian_filter(gray, 1.0) < ground * 0.4)
    centroid = np.argwhere(defect).mean(axis=0) - (PATCH_PX - 1) / 2
    _, neighbours = ndimage.label(ndimage.binary_opening(others))
    return [
        float(gray[rim].mean() / ground) if rim.any() else 1.0,
        float(others.mean()),
        float(np.log1p(neighbours)),
        float(gray[far].std() / ground) if far.any() else 0.0,
        float(np.hypot(*centroid) / PATCH_PX),
    ]
