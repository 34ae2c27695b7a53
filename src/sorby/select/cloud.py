"""Points of a cluster on the unit square: their distances, and their bins in a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist


def grid_bins(points: np.ndarray, k: int) -> np.ndarray:
    """Row and column of each point in a k x k grid over the cloud.

    Parameters
    ----------
    points : ndarray of shape (m, 2)
        Coordinates from 0 to 1, see `unit_square`.
    k : int
        Bins along each axis.

    Returns
    -------
    ndarray of int of shape (m, 2)
        From 0 to k - 1; the upper edge belongs to the last bin.

    Examples
    --------
    >>> grid_bins(np.array([[0.0, 0.5], [1.0, 0.49]]), 2).tolist()
    [[0, 1], [1, 0]]
    """
    return np.clip(np.floor(points * k), 0, k - 1).astype(int)


def unit_square(points: np.ndarray) -> np.ndarray:
    """Coordinates stretched to 0..1 along each axis; 0 where an axis has no extent.

    Parameters
    ----------
    points : ndarray of shape (m, 2)
        Any coordinates.

    Returns
    -------
    ndarray of shape (m, 2)

    Examples
    --------
    >>> unit_square(np.array([[2.0, 5.0], [4.0, 5.0], [3.0, 5.0]])).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    return (points - low) / np.where(extent > 0, extent, 1.0)


@dataclass(frozen=True)
class Cloud:
    """Points with their distances and bins.

    Attributes
    ----------
    distance : ndarray of shape (m, m)
        Between points; between a point and itself infinite.
    to_anchor : ndarray of shape (m,)
        To the nearest anchor; infinite without anchors.
    bins : ndarray of int of shape (m, 2)
        Row and column in the grid.
    """

    distance: np.ndarray
    to_anchor: np.ndarray
    bins: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, k: int, anchors: np.ndarray | None = None) -> Cloud:
        """Cloud of points on the unit square, and their k x k grid."""
        distance = cdist(points, points)
        np.fill_diagonal(distance, np.inf)
        to_anchor = np.full(len(points), np.inf)
        if anchors is not None and len(anchors):
            to_anchor = cdist(points, anchors).min(axis=1)
        return cls(distance, to_anchor, grid_bins(points, k))

    def smallest(self, chosen: list[int]) -> float:
        """Smallest distance of a choice."""
        return float(self.sorted_distances(chosen)[0])

    def sorted_distances(self, chosen: list[int]) -> np.ndarray:
        """Distances of a choice to its anchors and among one another, rising."""
        pairs = self.distance[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
        return np.sort(np.concatenate([pairs, self.to_anchor[chosen]]))

    def allowed(self, rule: str) -> np.ndarray:
        """Which pairs of points the rule lets stand together, (m, m) bool."""
        same = self.bins[:, None] == self.bins[None]
        if rule == "strict":
            pairs = ~same.any(axis=2)
        elif rule == "bins":
            pairs = ~same.all(axis=2)
        else:
            pairs = ~np.eye(len(self.bins), dtype=bool)
        return pairs
