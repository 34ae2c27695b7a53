"""Images that leave no image of the pool far from a labelled one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.records import Selection
from sorby.select._check import checked_pool, pool_notes

_EXACT_MEDOID, _SAMPLE = 5000, 500


def kcenter(
    embedding: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    round: int = 1,
    uncertainty: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Selection:
    """Choose, one by one, the image farthest from all that are labelled or chosen.

    Without labels the first choice is the medoid, the image with the smallest sum of distances
    to all others (of more than 5000 images: to 500 evenly spaced in the table). The largest
    distance left is at most twice the smallest possible [1]_.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, on comparable axes; distances are Euclidean.
    n_select : int
        How many to choose.
    labelled : sequence of int
        Rows that have a label; never chosen, and counted as centres.
    round : int
        Not used.
    uncertainty : array_like of shape (n,), optional
        Not used.
    rng : numpy.random.Generator
        Not used; of equals the first in the table is chosen.

    Returns
    -------
    Selection
        ``scores`` are the distances to the nearest labelled row, or to the medoid where there
        is no label; no clusters, no map.

    Raises
    ------
    SettingError
        If the embedding is not finite, or there are fewer unlabelled rows than asked for.

    References
    ----------
    .. [1] Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
       Computer Science 38, 1985.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [2.0], [9.0]])
    >>> kcenter(line, 2, labelled=[0], rng=np.random.default_rng(0)).indices
    (3, 2)
    """
    pool = checked_pool(embedding, n_select, labelled, uncertainty)
    chosen, reasons = [], []
    if not len(pool.labelled):
        chosen.append(_medoid(pool.rows))
        reasons.append("The most central image of the pool: nothing is labelled yet.")
    centres = list(pool.labelled) or chosen[:1]
    nearest = np.min([_distances(pool.rows, row) for row in centres], axis=0)
    scores = pool.scores(nearest[pool.free])
    while len(chosen) < pool.n_select:
        left = np.setdiff1d(pool.free, chosen)
        row = int(left[np.argmax(nearest[left])])
        chosen.append(row)
        reasons.append(
            f"Farthest from all labelled or chosen images (distance {nearest[row]:.3g})."
        )
        nearest = np.minimum(nearest, _distances(pool.rows, row))
    return Selection(
        indices=tuple(chosen),
        scores=scores,
        clusters=pool.no_clusters(),
        reasons=tuple(reasons),
        notes=pool_notes(pool),
    )


def _distances(rows: np.ndarray, number: int) -> np.ndarray:
    return np.linalg.norm(rows - rows[number], axis=1)


def _medoid(rows: np.ndarray) -> int:
    others = rows
    if len(rows) > _EXACT_MEDOID:
        others = rows[np.linspace(0, len(rows) - 1, _SAMPLE).round().astype(int)]
    total = np.zeros(len(rows))
    for one in others:
        total += np.linalg.norm(rows - one, axis=1)
    return int(total.argmin())
