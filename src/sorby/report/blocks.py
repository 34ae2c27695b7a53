"""Large images and masks at the size of a page: nothing thin is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sorby.core.records import IGNORE


def gray_levels(pixels: np.ndarray, step: int) -> np.ndarray:
    """Image reduced to the mean of each block, in 8 bits.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values. More than 8 bits are spread between the 0.5 and 99.5 percentiles.
    step : int
        Edge length of a block, in pixels.

    Returns
    -------
    ndarray of uint8, shape (ceil(M / step), ceil(N / step))
        0 black, 255 white.
    """
    reduced = block_means(pixels, step)
    low, high = 0.0, 255.0
    if pixels.dtype != np.uint8:
        finite = reduced[np.isfinite(reduced)]
        low, high = np.percentile(finite, [0.5, 99.5]) if finite.size else (0.0, 1.0)
    gray = np.clip((reduced - low) / max(high - low, 1e-12), 0, 1)
    return np.round(255 * np.nan_to_num(gray)).astype(np.uint8)


def block_means(pixels: np.ndarray, step: int) -> np.ndarray:
    """Mean gray value of each block; the last row and column of blocks may be narrower."""
    if step == 1:
        return pixels.astype(np.float32)
    rows, columns = (np.arange(0, length, step) for length in pixels.shape)
    bands = (pixels[row : row + step].sum(axis=0, dtype=np.float64) for row in rows)
    sums = np.stack([np.add.reduceat(band, columns) for band in bands])
    heights = np.minimum(step, pixels.shape[0] - rows)
    widths = np.minimum(step, pixels.shape[1] - columns)
    return (sums / (heights[:, None] * widths)).astype(np.float32)


def block_counts(is_meant: np.ndarray, step: int) -> np.ndarray:
    """Number of pixels of each block that are meant.

    Examples
    --------
    >>> block_counts(np.eye(3, dtype=bool), 2)
    array([[2, 0],
           [0, 1]])
    """
    if step == 1:
        return is_meant.astype(int)
    rows, columns = (np.arange(0, length, step) for length in is_meant.shape)
    bands = (is_meant[row : row + step].sum(axis=0) for row in rows)
    return np.stack([np.add.reduceat(band, columns) for band in bands])


def any_in_blocks(
    mask: np.ndarray, is_meant: Callable[[np.ndarray], np.ndarray], step: int
) -> np.ndarray:
    """Blocks with a label that is meant, band by band so that memory stays small."""
    if step == 1:
        return is_meant(mask)
    rows, columns = (np.arange(0, length, step) for length in mask.shape)
    bands = (is_meant(mask[row : row + step]).any(axis=0) for row in rows)
    return np.stack([np.logical_or.reduceat(band, columns) for band in bands])


def is_defect(labels: np.ndarray) -> np.ndarray:
    """Pixels labelled as any defect class."""
    return (labels != 0) & (labels != IGNORE)


def is_ignored(labels: np.ndarray) -> np.ndarray:
    """Pixels that are not sample."""
    return labels == IGNORE


def extent(shape: tuple[int, ...], step: int) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of reduced pixels in the coordinates of the image."""
    rows, columns = shape
    return (-0.5, columns * step - 0.5, rows * step - 0.5, -0.5)


def padded(layer: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image coordinates of block centres and a layer, with an empty block more on each side."""
    rows, columns = (step * (np.arange(length + 2) - 0.5) - 0.5 for length in layer.shape)
    return columns, rows, np.pad(layer, 1).astype(np.uint8)
