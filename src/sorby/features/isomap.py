"""The map of the paper's figures: Isomap coordinates of every image."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError

_NEIGHBOURS = 8


def isomap_map(embedding: ArrayLike) -> np.ndarray:
    """Place images on a plane so that ways along the data keep their length [1]_.

    Eight neighbours, or all others where there are fewer. Groups without a connection are
    joined at their nearest pair. Each axis points to where its largest value is positive.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, finite, on comparable axes; at least three.

    Returns
    -------
    ndarray of shape (n, 2)
        float64, in the unit of the embedding.

    Raises
    ------
    SettingError
        If there are fewer than three images.

    References
    ----------
    .. [1] Tenenbaum, de Silva and Langford, "A global geometric framework for nonlinear
       dimensionality reduction", Science 290 (2000) 2319-2323.

    Examples
    --------
    >>> line = isomap_map([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [7.0, 0.0]])
    >>> abs(np.diff(line[:, 0])).round(6).tolist()
    [1.0, 2.0, 4.0]
    """
    from sklearn.manifold import Isomap

    rows = np.asarray(embedding, np.float64)
    if rows.ndim != 2 or len(rows) < 3:
        raise SettingError(f"An embedding of shape {rows.shape} makes no map. Give three images.")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of connected components")
        warnings.filterwarnings("ignore", message="Changing the sparsity structure")
        places = Isomap(n_neighbors=min(_NEIGHBOURS, len(rows) - 1), eigen_solver="dense")
        found = np.asarray(places.fit_transform(rows), np.float64)
    largest = found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])]
    return found * np.where(largest < 0, -1.0, 1.0)
