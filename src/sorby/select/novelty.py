"""Whether images are unlike those that were labelled: one by one, and as a batch.

All distances are Euclidean in the standardised embedding (`sorby.features.standardise`), never on
a map. Images must have been brought to one µm/px before, else magnification is all that is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from sorby.core.errors import SettingError

N_NEIGHBOURS = 5
"""Labelled neighbours whose mean distance says how far away an image is."""

NOVEL_P = 0.05
"""Conformal p up to which an image is called novel."""

LEAST_LABELLED = 19
"""Labelled images without which no p can be 0.05: the smallest is 1 / (n + 1)."""

LEAST_BATCH = 10
"""Images on each side without which a batch is not tested."""

_LARGEST_BATCH = 500
_PERMUTATIONS = 999
_CHUNK = 2_000_000
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Novelty:
    """How unlike the labelled images each other image is.

    Attributes
    ----------
    distance : ndarray of shape (m,)
        Mean distance to the nearest labelled images.
    p : ndarray of shape (m,)
        Conformal p; NaN with less than `LEAST_LABELLED` labelled images.
    n_labelled : int
        Images that p is calibrated on.
    """

    distance: np.ndarray = field(repr=False)
    p: np.ndarray = field(repr=False)
    n_labelled: int

    @property
    def is_enough(self) -> bool:
        """Whether there are enough labelled images to call any other one novel."""
        return self.n_labelled >= LEAST_LABELLED

    def is_novel(self) -> np.ndarray:
        """Which images are novel, bool (m,); none where there is not enough to tell."""
        return np.asarray(self.p <= NOVEL_P)  # NaN is not


def novelty(rows: ArrayLike, labelled: ArrayLike, *, k: int = N_NEIGHBOURS) -> Novelty:
    """Conformal p of each image among the labelled ones.

    The score of an image is its mean distance to the k nearest labelled images. p is the share
    of scores at least as large among the labelled images and the image itself, every one of
    them scored against all others of that set [1]_: full, not split conformal, so that p <= a
    happens with probability at most a, exactly, where image and labelled images are
    exchangeable. Images that were chosen to lie far apart are not quite: they are wider spread
    than the pool, and fewer others are called novel.

    Parameters
    ----------
    rows : array_like of shape (m, d)
        The images to judge, standardised.
    labelled : array_like of shape (n, d)
        The labelled images, in the same coordinates. At least one.
    k : int
        Neighbours; all labelled ones where there are fewer.

    Returns
    -------
    Novelty

    Raises
    ------
    SettingError
        If the tables do not fit each other, nothing is labelled or k is not positive.

    References
    ----------
    .. [1] Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005,
       section 2.2; Laxhammar and Falkman, "Conformal prediction for distribution-independent
       anomaly detection in streaming vessel data", 2010, for distances to neighbours as score.

    Examples
    --------
    >>> line = np.arange(20.0)[:, None]
    >>> novelty([[9.5], [60.0]], line).p.round(3).tolist()
    [1.0, 0.048]
    """
    new, known = _tables(rows, labelled)
    if k < 1:
        raise SettingError(f"{k} neighbours are asked for. Give at least 1.")
    k = min(k, len(known))
    own = _neighbours(known, k)
    distance, p = np.empty(len(new)), np.full(len(new), np.nan)
    for start in range(0, len(new), step := max(1, _CHUNK // len(known))):
        part = slice(start, start + step)
        to_known = cdist(new[part], known)
        distance[part] = np.partition(to_known, k - 1, axis=1)[:, :k].mean(axis=1)
        if len(known) >= LEAST_LABELLED:
            # The image itself may be among the neighbours of a labelled one.
            theirs = own[:, :-1].sum(axis=1) + np.minimum(own[:, -1], to_known)
            least = distance[part, None] * k * (1 - _ROUNDING)
            p[part] = (1 + (theirs >= least).sum(axis=1)) / (1 + len(known))
    return Novelty(distance, p, len(known))


@dataclass(frozen=True)
class Coverage:
    """How well the labelled images cover the others.

    Attributes
    ----------
    q95 : float
        Distance to the nearest labelled image that 95 % of the others do not exceed.
    own_q95 : float
        The same among the labelled images, each against the rest; NaN for less than two.
    share_beyond : float
        Share of the others farther from a labelled image than ``own_q95``; NaN with less than
        `LEAST_LABELLED` labelled images.
    """

    q95: float
    own_q95: float
    share_beyond: float


def coverage(rows: ArrayLike, labelled: ArrayLike) -> Coverage:
    """Distances from the images to their nearest labelled one.

    Parameters
    ----------
    rows : array_like of shape (m, d)
        The images without a label, standardised. At least one.
    labelled : array_like of shape (n, d)
        The labelled images, in the same coordinates. At least one.

    Returns
    -------
    Coverage

    Raises
    ------
    SettingError
        If the tables do not fit each other or one of them is empty.

    Examples
    --------
    >>> coverage([[0.5], [4.0]], [[0.0], [1.0], [2.0]]).own_q95
    1.0
    """
    new, known = _tables(rows, labelled)
    if not len(new):
        raise SettingError("Every image is labelled: there is none whose coverage could be told.")
    nearest = np.empty(len(new))
    for start in range(0, len(new), step := max(1, _CHUNK // len(known))):
        part = slice(start, start + step)
        nearest[part] = cdist(new[part], known).min(axis=1)
    own = _neighbours(known, 1)[:, 0]
    own_q95 = float(np.quantile(own, 0.95)) if len(known) > 1 else float("nan")
    is_enough = len(known) >= LEAST_LABELLED
    beyond = float((nearest > own_q95).mean()) if is_enough else float("nan")
    return Coverage(float(np.quantile(nearest, 0.95)), own_q95, beyond)


def batch_drift(rows: ArrayLike, known: ArrayLike, *, rng: np.random.Generator) -> float:
    """Test whether a batch of images comes from the same source as those known before.

    Energy distance [1]_ under 999 permutations of who belongs to which side. Of more than 500
    images a side, 500 are drawn.

    Parameters
    ----------
    rows : array_like of shape (m, d)
        The batch, standardised.
    known : array_like of shape (n, d)
        The images known before, in the same coordinates.
    rng : numpy.random.Generator
        Draws images and permutations.

    Returns
    -------
    float
        p of the permutations, 0.001 to 1; NaN where a side has less than `LEAST_BATCH` images.

    Raises
    ------
    SettingError
        If the tables do not fit each other.

    References
    ----------
    .. [1] Székely and Rizzo, "Energy statistics: a class of statistics based on distances",
       Journal of Statistical Planning and Inference 143, 2013.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> known = rng.normal(size=(30, 3))
    >>> batch_drift(known[:15] + 3, known, rng=rng)
    0.001
    """
    new, before = (_drawn(side, rng) for side in _tables(rows, known))
    if min(len(new), len(before)) < LEAST_BATCH:
        return float("nan")
    both = np.concatenate([new, before])
    distance = cdist(both, both)
    total, of_each = distance.sum(), distance.sum(axis=1)
    sides = np.zeros((_PERMUTATIONS + 1, len(both)))
    sides[:, : len(new)] = 1.0
    sides[1:] = rng.permuted(sides[1:], axis=1)
    within = ((sides @ distance) * sides).sum(axis=1)
    reach = sides @ of_each
    across, without = reach - within, total - 2 * reach + within
    m, n = len(new), len(before)
    energy = 2 * across / (m * n) - within / m**2 - without / n**2
    slack = _ROUNDING * total / len(both) ** 2
    return float((energy >= energy[0] - slack).mean())


def _tables(rows: ArrayLike, labelled: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    new, known = np.asarray(rows, np.float64), np.asarray(labelled, np.float64)
    if new.ndim != 2 or known.ndim != 2 or new.shape[1] != known.shape[1] or not len(known):
        raise SettingError(
            f"Embeddings of shapes {new.shape} and {known.shape} cannot be compared. Give one row "
            "an image, equally many columns, and at least one image known before."
        )
    return new, known


def _neighbours(rows: np.ndarray, k: int) -> np.ndarray:
    """Distances of each row to its k nearest others, rising, (n, k); infinite where missing."""
    found = np.full((len(rows), k), np.inf)
    kept = min(k, len(rows) - 1)
    for start in range(0, len(rows), step := max(1, _CHUNK // len(rows))):
        distance = cdist(rows[start : start + step], rows)
        own = np.arange(len(distance))
        distance[own, start + own] = np.inf
        if kept:
            nearest = np.partition(distance, kept - 1, axis=1)[:, :kept]
            found[start : start + step, :kept] = np.sort(nearest, axis=1)
    return found


def _drawn(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if len(rows) <= _LARGEST_BATCH:
        return rows
    return rows[rng.choice(len(rows), _LARGEST_BATCH, replace=False)]
