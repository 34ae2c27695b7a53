"""SMILE's choice inside a cluster, by the rules as published."""

from __future__ import annotations

import numpy as np

from sorby.select.cloud import Cloud, grid_bins, unit_square
from sorby.select.lhs_search import Search

_DECIMALS = 10


def paper_picks(points: np.ndarray, k: int) -> list[int]:
    """Choose k points of a cluster as the reference does.

    The cluster is stretched to the unit square and cut into k x k bins; the first point of each
    bin, in the order of the table, stands for it. Of all choices of one bin in every row and
    column the one with the best maximin tuple wins: smallest distance (larger is better), how
    often it occurs (fewer is better), the next distance, and so on. Where no such choice exists,
    all choices of k bins compete. The result is that of trying all k! permutations; the search
    does not try those that cannot win.

    Parameters
    ----------
    points : ndarray of shape (m, 2)
        Coordinates on the map, in the order of the table.
    k : int
        How many to choose. Positive.

    Returns
    -------
    list of int
        Rows, rising. With fewer than k bins that hold a point, where the reference chooses
        nothing: the first points of all bins and then the first others, up to m.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, and the repository they published with it.

    Examples
    --------
    >>> paper_picks(np.array([[0, 0], [0.1, 0.1], [0.9, 0.9], [1, 1], [0.1, 0.9]]), 2)
    [0, 2]
    """
    square = unit_square(points)
    bins = grid_bins(square, k)
    first = np.unique(bins[:, 0] * k + bins[:, 1], return_index=True)[1]
    if len(first) < k:
        others = [row for row in range(len(points)) if row not in set(first.tolist())]
        return sorted([*first.tolist(), *others[: k - len(first)]])
    cloud = Cloud.of(square[first], k)
    for rule in ("strict", "bins"):
        search = Search(cloud, rule, k)
        widest = search.best()
        if widest:
            break
    alike = search.all_from(cloud.smallest(widest) - 10.0**-_DECIMALS)
    best = max(alike, key=lambda choice: maximin_tuple(cloud, choice), default=widest)
    return sorted(int(first[i]) for i in best)


def maximin_tuple(cloud: Cloud, chosen: list[int]) -> tuple[float, ...]:
    """What the reference compares: each distance and, negative, how often it occurs."""
    pairs = cloud.distance[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    distances, counts = np.unique(np.round(pairs, _DECIMALS), return_counts=True)
    return tuple(float(x) for x in np.column_stack([distances, -counts]).ravel())
