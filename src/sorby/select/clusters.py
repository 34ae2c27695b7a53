"""Groups of images on the map: K-means, their number by silhouette, and how wide each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

_MOST = 10
_STARTS = 10
_SILHOUETTE_SAMPLE = 2000


@dataclass(frozen=True)
class Clusters:
    """Clusters of a map.

    Attributes
    ----------
    labels : ndarray of int of shape (n,)
        Cluster of every row, 0.. in the order of ``spread``: 0 is the widest.
    spread : ndarray of shape (c,)
        Euclidean norm of the standard deviations along both axes, largest first.
    """

    labels: np.ndarray
    spread: np.ndarray

    def rank_words(self, number: int) -> str:
        """Name of a cluster in a sentence: "the 2nd widest of 5 clusters"."""
        if len(self.spread) == 1:
            return "the only cluster"
        ordinal = {0: "", 1: "2nd ", 2: "3rd "}.get(number, f"{number + 1}th ")
        return f"the {ordinal}widest of {len(self.spread)} clusters"


def cluster_map(
    points: np.ndarray,
    fitted: np.ndarray,
    *,
    n_clusters: int | None = None,
    rng: np.random.Generator,
) -> Clusters:
    """Cluster a map by K-means and rank the clusters by their spread.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        The map.
    fitted : ndarray of int of shape (m,)
        Rows that form the clusters and their spread; the others join the nearest centre.
    n_clusters : int, optional
        Number of clusters; by default that of 2 to 10 (less than m) with the largest mean
        silhouette [1]_. Never more than there are different points.
    rng : numpy.random.Generator
        For the starts of K-means.

    Returns
    -------
    Clusters

    References
    ----------
    .. [1] Rousseeuw, "Silhouettes", Journal of Computational and Applied Mathematics 20, 1987.
    """
    own = points[fitted]
    different = len(np.unique(own, axis=0))
    seed = int(rng.integers(2**31))
    with threadpool_limits(1):
        if n_clusters is not None:
            centres = _centres(own, min(n_clusters, different), seed)
        else:
            centres = _best_centres(own, min(_MOST, different, len(own) - 1), seed)
    labels = np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(axis=1)
    kept = [number for number in range(len(centres)) if (labels[fitted] == number).any()]
    spread = np.array([_spread(own[labels[fitted] == number]) for number in kept])
    order = np.argsort(-spread, kind="stable")
    place = np.full(len(centres), -1)
    place[np.array(kept)[order]] = np.arange(len(kept))
    return Clusters(place[labels], spread[order])


def silhouette(points: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> float:
    """Mean silhouette of a clustering, from at most 2000 points; NaN for one cluster.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Any coordinates.
    labels : ndarray of int of shape (n,)
        Cluster of each point.
    seed : int
        For the draw of the points.

    Returns
    -------
    float
        From -1 to 1.
    """
    from sklearn.metrics import silhouette_score

    if not 2 <= len(np.unique(labels)) < len(points):
        return float("nan")
    if len(points) > _SILHOUETTE_SAMPLE:
        drawn = np.random.default_rng(seed).choice(len(points), _SILHOUETTE_SAMPLE, replace=False)
        return silhouette(points[drawn], labels[drawn])
    return float(silhouette_score(points, labels))


def _best_centres(points: np.ndarray, most: int, seed: int) -> np.ndarray:
    best, best_value = points.mean(axis=0, keepdims=True), -np.inf
    for number in range(2, most + 1):
        centres = _centres(points, number, seed)
        labels = np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(axis=1)
        value = silhouette(points, labels, seed=seed)
        if value > best_value:
            best, best_value = centres, value
    return best


def _centres(points: np.ndarray, number: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    return KMeans(number, n_init=_STARTS, random_state=seed).fit(points).cluster_centers_


def _spread(points: np.ndarray) -> float:
    return float(np.linalg.norm(points.std(axis=0)))
