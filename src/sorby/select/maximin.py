"""Well-spread points under the rule of a Latin hypercube: one in each row and column of a grid.

The largest smallest distance is found by binary search over the distances that occur, each
step asking whether enough points lie that far apart. That question is answered by a depth-first
search over sets of points kept as the bits of whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sorby.select.cloud import Cloud
from sorby.select.lhs_search import Search

EXACT_POINTS = 1200
"""Clouds of more points are thinned, farthest first, before the search."""


@dataclass(frozen=True)
class Spread:
    """The points chosen, and how far apart they are.

    Attributes
    ----------
    indices : tuple of int
        Rows of the cloud, rising.
    distance : float
        Smallest distance between two of them or to an anchor; infinite for one point alone.
    rule : str
        "strict": one point in each row and each column of the grid; "bins": no two points in one
        bin; "points": any points, because too few bins hold any.
    is_proved : bool
        Whether no better choice exists under this rule.
    """

    indices: tuple[int, ...]
    distance: float
    rule: str
    is_proved: bool


def maximin_lhs(points: np.ndarray, k: int, *, anchors: np.ndarray | None = None) -> Spread:
    """Choose k points of a cloud that form a Latin hypercube and lie as far apart as possible.

    The strictest rule that some choice of k points satisfies holds: one point in each row and
    column of a k x k grid; else no two points in one bin; else any points. Under it the
    smallest distance (between two points, or from a point to an anchor) is the largest
    possible, and among such choices exchanges of single points improve the other distances.

    Parameters
    ----------
    points : ndarray of shape (m, 2)
        The cloud; m >= k. Coordinates from 0 to 1, see `unit_square`.
    k : int
        How many to choose. Positive.
    anchors : ndarray of shape (a, 2), optional
        Points that were chosen before.

    Returns
    -------
    Spread
        Proved best, unless ``is_proved`` is False: the search sees 1,200 points at most and
        gives a question up after 10 million (k up to 6) or 100,000 looks at a group of points.

    References
    ----------
    .. [1] Johnson, Moore and Ylvisaker, "Minimax and maximin distance designs", Journal of
       Statistical Planning and Inference 26, 1990.

    Examples
    --------
    >>> corners = np.array([[0, 0], [0.1, 0.1], [0.9, 0.9], [1, 1], [0.1, 0.9]])
    >>> maximin_lhs(corners, 2).indices
    (0, 3)
    """
    kept = _thinned(points, max(EXACT_POINTS, k))
    cloud = Cloud.of(points[kept], k, anchors)
    is_proved = len(kept) == len(points)
    for rule in ("strict", "bins", "points"):
        search = Search(cloud, rule, k)
        best = search.best()
        is_proved = is_proved and search.is_proved
        if best:
            break
    best = best or list(range(k))  # no question was answered in time
    best = _exchanged(cloud, best, rule)
    if k == 1 and np.isinf(cloud.smallest(best)):
        best = [int(np.argmin(np.linalg.norm(points[kept] - points.mean(axis=0), axis=1)))]
    chosen = tuple(sorted(int(kept[i]) for i in best))
    return Spread(chosen, cloud.smallest(best), rule, is_proved)


def _thinned(points: np.ndarray, most: int) -> np.ndarray:
    """At most so many points, rising; each the farthest from those before."""
    if len(points) <= most:
        return np.arange(len(points))
    kept = [0]
    nearest = np.linalg.norm(points - points[0], axis=1)
    while len(kept) < most:
        kept.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[kept[-1]], axis=1))
        nearest[kept[-1]] = -1.0
    return np.sort(kept)


def _exchanged(cloud: Cloud, chosen: list[int], rule: str) -> list[int]:
    """Exchange single points while that improves the sorted distances, smallest first."""
    allowed, chosen = cloud.allowed(rule), list(chosen)
    improves = True
    while improves:
        improves = False
        for place in range(len(chosen)):
            others = chosen[:place] + chosen[place + 1 :]
            fits = np.flatnonzero(allowed[:, others].all(axis=1))
            own = np.column_stack([cloud.distance[fits][:, others], cloud.to_anchor[fits]])
            own.sort(axis=1)
            winner = int(fits[np.lexsort(own.T[::-1])[-1]])
            before = own[fits == chosen[place]][0]
            if tuple(own[fits == winner][0]) > tuple(before):
                chosen[place], improves = winner, True
    return chosen
