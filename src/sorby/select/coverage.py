"""How well the chosen images stand for the whole pool."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack
from scipy.spatial.distance import cdist
from scipy.special import gammaln
from scipy.stats import wasserstein_distance

from sorby.core.errors import SettingError
from sorby.select._check import checked_pool, known_rows

EXACT_UP_TO = 30_000
"""Pairs (chosen image, image of the pool) up to which the distance is exact."""

_DIRECTIONS = 500


def wasserstein_to_pool(embedding: ArrayLike, chosen: Sequence[int]) -> float:
    """Wasserstein-1 distance between the chosen images and all images of the pool.

    How far, on average, the chosen images would have to be moved in the embedding to become
    distributed as the pool is: small where they cover it. Exact by linear programming while
    chosen x n is at most 30,000. Beyond, the mean over 500 directions of the distance of the
    projections, scaled so that it is right for a shift of the whole cloud: a lower bound of the
    exact one. Compare numbers of one embedding only.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image.
    chosen : sequence of int
        Rows of the chosen images; at least one, repetitions count once.

    Returns
    -------
    float
        In the unit of the embedding; 0 if all are chosen.

    Raises
    ------
    SettingError
        If nothing is chosen, a row does not exist or the embedding is not finite.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831: the comparison of the strategies.
    .. [2] Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures", Journal of
       Mathematical Imaging and Vision 51, 2015.

    Examples
    --------
    >>> line = [[0.0], [1.0], [2.0], [3.0]]
    >>> wasserstein_to_pool(line, [0])
    1.5
    """
    rows = checked_pool(embedding, 1, ()).rows
    numbers = known_rows(chosen, len(rows), "chosen")
    if not len(numbers):
        raise SettingError("No image is chosen. Give at least one row to compare with the pool.")
    if len(numbers) == len(rows):
        return 0.0
    if len(numbers) * len(rows) <= EXACT_UP_TO:
        return _exact(rows[numbers], rows)
    return _sliced(rows[numbers], rows)


def _exact(chosen: np.ndarray, rows: np.ndarray) -> float:
    """Cheapest transport from k equal weights to n equal weights."""
    cost = cdist(chosen, rows)
    k, n = cost.shape
    source, target = np.divmod(np.arange(k * n), n)
    ones, each = np.ones(k * n), np.arange(k * n)
    leaves = coo_array((ones, (source, each)), shape=(k, k * n))
    arrives = coo_array((ones, (target, each)), shape=(n, k * n))
    # Whole masses (n from each source, k to each target) keep the vertices of the LP exact.
    masses = np.concatenate([np.full(k, n), np.full(n, k)])
    answer = linprog(cost.ravel(), A_eq=vstack([leaves, arrives]).tocsr(), b_eq=masses)
    if not answer.success:  # pragma: no cover - a transport plan always exists
        raise ArithmeticError(f"The transport problem was not solved: {answer.message}")
    return float(answer.fun) / (k * n)


def _sliced(chosen: np.ndarray, rows: np.ndarray) -> float:
    d = rows.shape[1]
    directions = np.random.default_rng(0).normal(size=(_DIRECTIONS, d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    along = [wasserstein_distance(chosen @ u, rows @ u) for u in directions]
    mean_cosine = np.exp(gammaln(d / 2) - gammaln((d + 1) / 2)) / np.sqrt(np.pi)
    return float(np.mean(along) / mean_cosine)
