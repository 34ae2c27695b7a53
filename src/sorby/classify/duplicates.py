"""Patches that show the same spot of metal, shifted: they must stay on one side of a split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sorby.classify.patches import as_patches
from sorby.core.errors import SettingError
from sorby.metrics.shifted import ShiftedViews

SAME_SPOT = 0.95
"""Shift-maximised correlation from which two patches count as views of one spot."""

_SUSPECT = 0.9
_SMALLEST_OVERLAP = 0.2
_FLAT = 2.0


def near_duplicate_groups(
    patches: np.ndarray, groups: Sequence[object] | np.ndarray | None = None
) -> np.ndarray:
    """Group patches that show the same spot, so that cross-validation does not leak.

    Two patches belong together if, at some shift that leaves at least 20 % of the area common,
    the correlation of their common part reaches 0.95; and so do the friends of friends. A coarse
    look at every fourth pixel finds the suspects, a look at all pixels decides. A pair joined
    by chance only makes cross-validation stricter.

    Parameters
    ----------
    patches : ndarray of shape (n, 128, 128)
        Gray values.
    groups : sequence of length n, optional
        Groups already known (micrograph, specimen); patches of one group stay together.

    Returns
    -------
    ndarray of shape (n,)
        int64, numbered 0.. in the order of first appearance.

    Raises
    ------
    SettingError
        If ``groups`` does not have one entry for each patch.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> noise = np.random.default_rng(0).normal(size=(160, 160))
    >>> wall = (128 + 400 * gaussian_filter(noise, 3)).astype(np.uint8)
    >>> views = np.stack([wall[:128, :128], wall[::-1][:128, :128], wall[10:138, 20:148]])
    >>> near_duplicate_groups(views).tolist()
    [0, 1, 0]
    """
    patches = as_patches(patches)
    n = len(patches)
    links = [(int(a), int(b)) for a, b in _same_spot_pairs(patches)]
    if groups is not None:
        if len(groups) != n:
            raise SettingError(f"{len(groups)} groups for {n} patches: give one for each patch.")
        links += _links_of(groups)
    first, second = np.array(links, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _links_of(groups: Sequence[object] | np.ndarray) -> list[tuple[int, int]]:
    founder: dict[object, int] = {}
    return [(founder.setdefault(group, number), number) for number, group in enumerate(groups)]


def _same_spot_pairs(patches: np.ndarray) -> Iterator[tuple[int, int]]:
    if len(patches) < 2:
        return
    coarse = _views(patches, 4)
    for number in range(1, len(patches)):
        surfaces = coarse.correlation(number, coarse, np.arange(number))
        alike = surfaces.max(axis=(1, 2)) >= _SUSPECT
        for other in np.flatnonzero(alike):
            pair = _views(np.stack([patches[other], patches[number]]), 1)
            if pair.correlation(0, pair, np.array([1])).max() >= SAME_SPOT:
                yield int(other), number


def _views(patches: np.ndarray, shrink: int) -> ShiftedViews:
    """Smoothed and shrunk patches."""
    smooth = gaussian_filter(patches.astype(np.float32), (0, 0.75 * shrink, 0.75 * shrink))
    small = smooth[:, shrink // 2 :: shrink, shrink // 2 :: shrink]
    return ShiftedViews(small, smallest_overlap=_SMALLEST_OVERLAP, flat=_FLAT)
