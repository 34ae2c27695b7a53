"""Flat field and thresholds: the best start without any label."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sorby.core.records import Micrograph
from sorby.segment.gray import check_field, valid_block


def flatfield_otsu(micrograph: Micrograph, *, valid: np.ndarray | None = None) -> np.ndarray:
    """Probability of defect by darkness against the local background.

    Parameters
    ----------
    micrograph : Micrograph
        Gray image of shape (M, N).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample; the others have no say and get probability 0.

    Returns
    -------
    ndarray of float32 of shape (M, N, 1)
        0.5 at half of the depth of each defect.
    """
    check_field(micrograph.pixels, valid)
    gray, counted = valid_block(micrograph.pixels, valid, (slice(None), slice(None)))
    probability = np.zeros((*gray.shape, 1), np.float32)
    if not counted.any():
        return probability
    sigma = max(1.0, min(gray.shape) / 8)
    weight = counted.astype(np.float32)
    for _ in range(4):
        background = ndimage.gaussian_filter(gray * weight, sigma)
        background /= np.maximum(ndimage.gaussian_filter(weight, sigma), 1e-6)
        darkness = np.where(counted, 1 - gray / np.maximum(background, 1e-6), 0)
        spread = max(1.4826 * float(np.median(np.abs(darkness[counted]))), 0.005)
        weight = counted * np.where(darkness > 3 * spread, 0.001, 1).astype(np.float32)
    labels, n = ndimage.label(darkness >= max(3 * spread, 0.06), np.ones((3, 3)))
    if not n:
        return probability
    depth = np.zeros(n + 1)
    depth[1:] = ndimage.maximum(darkness, labels, np.arange(1, n + 1))
    depth[depth < max(14 * spread, 0.12)] = np.inf
    depth[0] = np.inf
    ramp = darkness / depth[labels]
    pieces, n = ndimage.label(ramp >= 0.5, np.ones((3, 3)))
    small = np.bincount(pieces.ravel(), minlength=n + 1) < 4
    probability[:, :, 0] = np.where(small[pieces] & (pieces > 0), 0, ramp.clip(0, 1))
    return probability
