"""Patches: the pictures of single defects that a classifier sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from PIL import Image

from sorby.core.errors import SettingError

MARGIN_PX = 10
"""Pixels around the bounding box of a defect that is larger than its patch."""

GRAY_RANGE_PERCENT = (0.1, 99.9)
"""Percentiles of a 16-bit or float image that become black and white."""

_SAMPLED_PIXELS = 1 << 22


def cut_patches(pixels: np.ndarray, table: pd.DataFrame, *, size: int = 128) -> np.ndarray:
    """Cut one square patch for each defect, as the paper does [1]_.

    The patch is centred on the defect's bounding box. A defect larger than the patch is shown
    whole: its bounding box with 10 px on each side, resized to the patch (bilinear, low-pass
    filtered; the two axes are scaled on their own). Beyond the image's edge the image is
    reflected. uint8 images are taken as they are; other images are scaled so that their 0.1 % and
    99.9 % percentiles become 0 and 255.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values, uint8, uint16 or float. Not changed.
    table : DataFrame of k rows
        Defect table: ``row_min``, ``column_min``, ``row_max``, ``column_max``.
    size : int
        Edge of a patch, in px. Positive.

    Returns
    -------
    ndarray of shape (k, size, size)
        uint8, in the order of the table.

    Raises
    ------
    SettingError
        If the image is not a gray image, the size not positive or a box outside the image.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, stage 2.

    Examples
    --------
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> box = pd.DataFrame(
    ...     {"row_min": [2], "column_min": [6], "row_max": [4], "column_max": [8]}
    ... )
    >>> cut_patches(image, box, size=4)[0]
    array([[21, 22, 23, 24],
           [37, 38, 39, 40],
           [53, 54, 55, 56],
           [69, 70, 71, 72]], dtype=uint8)
    """
    boxes = table[["row_min", "row_max", "column_min", "column_max"]].to_numpy(dtype=np.int64)
    _refuse_misfits(pixels, boxes, size)
    to_8_bit = _gray_scale(pixels)
    patches = np.empty((len(boxes), size, size), dtype=np.uint8)
    for patch, (top, bottom, left, right) in zip(patches, boxes, strict=True):
        if max(bottom - top, right - left) > size:
            rows = (top - MARGIN_PX, bottom + MARGIN_PX)
            columns = (left - MARGIN_PX, right + MARGIN_PX)
            whole = Image.fromarray(to_8_bit(_reflected(pixels, rows, columns)))
            patch[:] = np.asarray(whole.resize((size, size), Image.Resampling.BILINEAR))
        else:
            rows, columns = _around(top, bottom, size), _around(left, right, size)
            patch[:] = to_8_bit(_reflected(pixels, rows, columns))
    return patches


def _refuse_misfits(pixels: np.ndarray, boxes: np.ndarray, size: int) -> None:
    if pixels.ndim != 2 or 0 in pixels.shape:
        raise SettingError(
            f"The image has shape {pixels.shape}. A gray image (M, N) is needed: "
            "read it with sorby.io.read_micrograph."
        )
    if size < 1:
        raise SettingError(f"The patch size is {size} px. It must be positive.")
    rows, columns = boxes[:, :2], boxes[:, 2:]
    if len(boxes) and (
        boxes.min() < 0 or rows.max() > pixels.shape[0] or columns.max() > pixels.shape[1]
    ):
        raise SettingError(
            f"A defect lies outside the image of {pixels.shape[0]} x {pixels.shape[1]} px. "
            "Give the image on which the defects were measured, or its twin of the same size."
        )


def _around(start: int, stop: int, size: int) -> tuple[int, int]:
    first = (start + stop - size) // 2
    return first, first + size


def _reflected(pixels: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """Window of an image that is mirrored, without repeating its edge, as often as needed."""
    return pixels[np.ix_(_mirror(*rows, pixels.shape[0]), _mirror(*columns, pixels.shape[1]))]


def _mirror(start: int, stop: int, length: int) -> np.ndarray:
    period = max(1, 2 * (length - 1))
    index = np.arange(start, stop) % period
    return np.minimum(index, period - index) % length


def _gray_scale(pixels: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Conversion to 8 bits that is the same for all patches of an image."""
    if pixels.dtype == np.uint8:
        return lambda part: part
    step = max(1, int((pixels.size / _SAMPLED_PIXELS) ** 0.5))
    sample = pixels[::step, ::step].astype(np.float64)
    finite = sample[np.isfinite(sample)]
    low, high = np.percentile(finite, GRAY_RANGE_PERCENT) if finite.size else (0.0, 0.0)
    factor = 255 / (high - low) if high > low else 0.0

    def scaled(part: np.ndarray) -> np.ndarray:
        gray = (np.nan_to_num(part.astype(np.float64), nan=low) - low) * factor
        return np.clip(np.rint(gray), 0, 255).astype(np.uint8)

    return scaled
