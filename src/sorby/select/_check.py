"""What every selector checks before it chooses, and what it says about the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import pdist

from sorby.core.errors import SettingError

FEWEST_IMAGES = 8
"""Below this number of images any choice is as good as another."""

LEAST_SILHOUETTE = 0.25
"""Silhouette below which Kaufman and Rousseeuw (1990) see no substantial structure."""

LEAST_VARIATION = 0.3
"""Standard deviation over mean of the distances between images, below which none stands out.

Measured: 0.07 for independent views of one texture, 0.28 for fields of one process condition,
0.37 to 0.56 for fields of a synthetic build (network embedding)."""

_ALIKE = 1e-9
_SAMPLE = 1000


@dataclass(frozen=True)
class Pool:
    """Images to choose from, checked.

    Attributes
    ----------
    rows : ndarray of float64 of shape (n, d)
        The embedding.
    free : ndarray of int of shape (m,)
        Rows that may be chosen, rising.
    labelled : ndarray of int of shape (n - m,)
        Rows that have a label, rising.
    n_select : int
        How many to choose.
    """

    rows: np.ndarray
    free: np.ndarray
    labelled: np.ndarray
    n_select: int

    def no_clusters(self) -> np.ndarray:
        """Cluster numbers of a strategy that makes none: -1 for every row."""
        return np.full(len(self.rows), -1)

    def scores(self, free_scores: ArrayLike) -> np.ndarray:
        """Scores of every row from those of the free rows; NaN for the labelled."""
        scores = np.full(len(self.rows), np.nan)
        scores[self.free] = free_scores
        return scores

    def is_flat(self) -> bool:
        """Whether all images have the same features up to rounding."""
        size = np.abs(self.rows).max(initial=0.0)
        return bool(np.ptp(self.rows, axis=0).max(initial=0.0) <= _ALIKE * max(size, 1.0))


def checked_pool(
    embedding: ArrayLike,
    n_select: int,
    labelled: Sequence[int],
    uncertainty: ArrayLike | None = None,
) -> Pool:
    """Pool of a selector's arguments.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image.
    n_select : int
        How many to choose, from 1 to the number of rows without a label.
    labelled : sequence of int
        Rows that have a label; repetitions do no harm.
    uncertainty : array_like of shape (n,), optional
        Only its length is checked.

    Returns
    -------
    Pool

    Raises
    ------
    SettingError
        If the embedding is no finite table, a labelled row is not in it, or ``n_select`` or the
        number of uncertainties does not fit.
    """
    rows = np.asarray(embedding, np.float64)
    if rows.ndim != 2 or 0 in rows.shape:
        raise SettingError(
            f"The embedding has shape {rows.shape}. Choosing needs one row an image and at least "
            "one column: embed the images first."
        )
    broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(broken):
        raise SettingError(
            f"{len(broken)} rows of the embedding are not finite (first: row {broken[0]}). "
            "Leave these images out or embed them again."
        )
    taken = known_rows(labelled, len(rows), "labelled")
    free = np.setdiff1d(np.arange(len(rows)), taken)
    if not 1 <= n_select <= len(free):
        raise SettingError(
            f"{n_select} images are to be chosen and {len(free)} have no label. "
            f"Choose from 1 to {len(free)}, or add images."
        )
    if uncertainty is not None and np.shape(uncertainty) != (len(rows),):
        raise SettingError(
            f"The uncertainties have shape {np.shape(uncertainty)} and the pool {len(rows)} "
            "images. Give one value for each image."
        )
    return Pool(rows, free, taken, int(n_select))


def known_rows(numbers: Sequence[int], n: int, what: str) -> np.ndarray:
    """Row numbers, sorted and each once; refused where they do not exist.

    Parameters
    ----------
    numbers : sequence of int
        Row numbers, 0..n-1.
    n : int
        Number of rows.
    what : str
        How the message calls these rows.

    Returns
    -------
    ndarray of int

    Raises
    ------
    SettingError
        If a number is not a whole number from 0 to n - 1.
    """
    array = np.asarray(numbers if len(numbers) else np.empty(0, int))
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise SettingError(f"The {what} rows are {numbers!r}. Give a list of row numbers.")
    unknown = array[(array < 0) | (array >= n)]
    if len(unknown):
        raise SettingError(
            f"{what.capitalize()} row {unknown[0]} is not in the pool of {n} images. "
            f"Rows are numbered 0 to {n - 1}."
        )
    return np.unique(array.astype(int))


def pool_notes(pool: Pool, *, silhouette: float | None = None) -> tuple[str, ...]:
    """What a reader must know about the pool before trusting the choice.

    A pool is small below 8 images, or where half or more of what is free is chosen. It is
    uniform where all features agree up to rounding, or where all images are about equally far
    from one another (standard deviation of the distances below 0.3 of their mean) and the
    clusters, if there are any, have a silhouette in the embedding below 0.25 [1]_.

    Parameters
    ----------
    pool : Pool
        What was chosen from.
    silhouette : float, optional
        Mean silhouette of the clusters in the embedding, where the strategy made some.

    Returns
    -------
    tuple of str

    References
    ----------
    .. [1] Kaufman and Rousseeuw, "Finding Groups in Data", 1990, chapter 2: below 0.25 no
       substantial structure was found.
    """
    notes = []
    n, n_free = len(pool.rows), len(pool.free)
    if n < FEWEST_IMAGES or 2 * pool.n_select >= n_free:
        notes.append(
            f"The pool is small ({pool.n_select} of {n_free} unlabelled images): the choice "
            "hardly matters."
        )
    if pool.is_flat():
        notes.append("All images look the same to the embedding: any choice is as good.")
    elif n >= FEWEST_IMAGES and _is_uniform(pool.rows, silhouette):
        notes.append(
            "The images differ about equally from one another and form no clear groups: a random "
            "choice may do as well."
        )
    return tuple(notes)


def _is_uniform(rows: np.ndarray, silhouette: float | None) -> bool:
    if silhouette is not None and silhouette >= LEAST_SILHOUETTE:
        return False
    distances = pdist(rows[:: -(-len(rows) // _SAMPLE)])
    return bool(distances.std() < LEAST_VARIATION * distances.mean())
