"""Global Otsu threshold: the honest baseline."""

from __future__ import annotations

from typing import Any

import numpy as np

from sorby.core.planes import NewPlane
from sorby.core.records import Micrograph
from sorby.segment.gray import GrayHistogram, check_field, gray_histogram, strips, valid_block


def otsu(
    micrograph: Micrograph, *, valid: np.ndarray | None = None, new_plane: NewPlane = np.zeros
) -> np.ndarray:
    """Probability of defect by one gray threshold for the whole field; dark is defect.

    No correction of the illumination, no noise floor: a field without defect is cut in two
    all the same. It is here as the baseline that every other segmenter must beat.

    Parameters
    ----------
    micrograph : Micrograph
        Gray image of shape (M, N).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample; the others have no say and get probability 0.
    new_plane : callable
        Makes the plane that the probability is written into; see `sorby.core.planes`.

    Returns
    -------
    ndarray of float32 of shape (M, N, 1)
        0.5 at Otsu's threshold, rising with darkness by 1 over the distance between the mean
        gray of the two classes, cut to 0..1.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE
       Transactions on Systems, Man, and Cybernetics 9 (1979) 62-66.

    Examples
    --------
    >>> pixels = np.array([[200, 200, 200, 40]], np.uint8)
    >>> otsu(Micrograph(pixels))[0, :, 0].tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    pixels = micrograph.pixels
    check_field(pixels, valid)
    probability: Any = new_plane((*pixels.shape, 1), np.float32)
    histogram = gray_histogram(pixels, valid)
    if histogram is None or np.count_nonzero(histogram.counts) < 2:
        return probability
    threshold, contrast = otsu_threshold(histogram)
    for rows in strips(pixels.shape):
        gray, counted = valid_block(pixels, valid, (rows, slice(None)))
        ramp = np.float32(0.5) + (np.float32(threshold) - gray) / np.float32(contrast)
        probability[rows] = np.where(counted, ramp.clip(0, 1), 0)[..., None]
    return probability


def otsu_threshold(histogram: GrayHistogram) -> tuple[float, float]:
    """Gray level that parts a histogram in two classes with the largest variance between them.

    Parameters
    ----------
    histogram : GrayHistogram
        With at least two levels that occur.

    Returns
    -------
    threshold : float
        Midway between the brightest level of the dark class and the darkest of the other.
    contrast : float
        Distance between the mean gray of the two classes.
    """
    occurs = histogram.counts > 0
    levels, counts = histogram.levels[occurs], histogram.counts[occurs].astype(float)
    dark = np.cumsum(counts)[:-1]
    dark_sum = np.cumsum(counts * levels)
    bright, bright_sum = counts.sum() - dark, dark_sum[-1] - dark_sum[:-1]
    distance = bright_sum / bright - dark_sum[:-1] / dark
    best = int(np.argmax(dark * bright * distance**2))
    return float(levels[best] + levels[best + 1]) / 2, float(distance[best])
