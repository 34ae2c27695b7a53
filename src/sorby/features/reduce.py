"""Embeddings on comparable axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError

_MOST_AXES = 50
_CONSTANT = 1e-6


def standardise(embedding: ArrayLike) -> np.ndarray:
    """Give every feature the same say, then keep the principal components.

    Each column gets mean 0 and standard deviation 1; a column that is constant up to rounding
    becomes 0. At most 50 principal components are kept (all that n images can have, if fewer);
    each points to where its largest weight is positive. Where none is left out, distances
    between rows are those of the standardised columns.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, any units.

    Returns
    -------
    ndarray of shape (n, c)
        float64; c = min(50, d, max(n - 1, 1)), the widest axis first.

    Raises
    ------
    SettingError
        If the embedding is not a finite table.

    Examples
    --------
    >>> standardise([[0.0, 5.0], [1000.0, 5.0]]).tolist()
    [[-1.0], [1.0]]
    """
    rows = np.asarray(embedding, np.float64)
    if rows.ndim != 2 or 0 in rows.shape or not np.isfinite(rows).all():
        raise SettingError(
            f"The embedding of shape {rows.shape} is not a table of finite numbers with one row "
            "an image. Embed the images again."
        )
    deviation = rows.std(axis=0)
    varies = deviation > _CONSTANT * np.abs(rows).max(axis=0)
    scores = np.where(varies, (rows - rows.mean(axis=0)) / np.where(varies, deviation, 1.0), 0.0)
    kept = min(_MOST_AXES, rows.shape[1], max(len(rows) - 1, 1))
    axes = np.linalg.svd(scores, full_matrices=False)[2][:kept]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return scores @ (axes * np.where(largest < 0, -1.0, 1.0)[:, None]).T
