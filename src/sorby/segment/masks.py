"""From probabilities to a mask."""

from __future__ import annotations

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

_ROWS = 1024


def mask_from_probability(
    probability: np.ndarray, *, valid: np.ndarray | None = None, threshold: float = 0.5
) -> np.ndarray:
    """Mask of the pixels whose probability of defect, of any class, reaches a threshold.

    Thresholds beside 0.5 move the boundary of the defects: 0.3 is the generous mask,
    0.7 the strict one, and their areas bracket that of the mask.

    Parameters
    ----------
    probability : ndarray of shape (M, N, classes)
        Probability of each defect class, 0 to 1; NaN where the segmenter found no sample
        (resin, outside).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample; the others become 255.
    threshold : float
        Between 0 and 1.

    Returns
    -------
    ndarray of uint8 of shape (M, N)
        0 background, 1.. the most probable class, 255 not sample.

    Raises
    ------
    SettingError
        If the probability has not three axes, or the threshold is not between 0 and 1.

    Examples
    --------
    >>> probability = np.array([[[0.2], [0.5], [0.9]]])
    >>> mask_from_probability(probability, valid=np.array([[True, True, False]]))
    array([[  0,   1, 255]], dtype=uint8)
    """
    if probability.ndim != 3:
        raise SettingError(
            f"The probability has shape {probability.shape}. It must have one plane a class: "
            "(rows, columns, classes)."
        )
    if not 0 < threshold < 1:
        raise SettingError(f"The threshold is {threshold}. Choose one between 0 and 1, like 0.5.")
    n_rows, n_columns, _ = probability.shape
    mask = np.zeros((n_rows, n_columns), np.uint8)
    for start in range(0, n_rows, _ROWS):
        rows = slice(start, start + _ROWS)
        block = probability[rows]
        called = block.sum(axis=2) >= threshold
        mask[rows] = np.where(called, block.argmax(axis=2) + 1, 0)
        mask[rows][np.isnan(block[..., 0])] = IGNORE
    if valid is not None:
        mask[~np.asarray(valid, bool)] = IGNORE
    return mask
