"""Patches that show the same spot of metal, shifted: they must stay on one side of a split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sorby.classify.patches import as_patches
from sorby.core.errors import SettingError

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
    coarse = _Views(patches, 4)
    for number in range(1, len(patches)):
        alike = coarse.correlation(number, np.arange(number)) >= _SUSPECT
        for other in np.flatnonzero(alike):
            pair = _Views(np.stack([patches[other], patches[number]]), 1)
            if pair.correlation(0, np.array([1]))[0] >= SAME_SPOT:
                yield int(other), number


class _Views:
    """Smoothed and shrunk patches, with all that does not depend on the partner."""

    def __init__(self, patches: np.ndarray, shrink: int) -> None:
        smooth = gaussian_filter(patches.astype(np.float32), (0, 0.75 * shrink, 0.75 * shrink))
        small = smooth[:, shrink // 2 :: shrink, shrink // 2 :: shrink]
        small -= small.mean(axis=(1, 2), keepdims=True)
        self._edge = small.shape[1]
        self._reach = round(self._edge * (1 - _SMALLEST_OVERLAP))
        self._spectrum = rfft2(small, s=(2 * self._edge,) * 2, axes=(1, 2))
        self._area = self._overlap_sums(np.ones_like(small[:1]))[0]
        self._sum = self._overlap_sums(small)
        self._variance = self._overlap_sums(small**2) - self._sum**2 / self._area
        self._usable = self._area >= _SMALLEST_OVERLAP * self._edge**2

    def _overlap_sums(self, small: np.ndarray) -> np.ndarray:
        """Sum over the part that is common with a partner moved by each shift (n, S, S)."""
        edge, reach = self._edge, self._reach
        table = np.pad(small.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
        shift = np.arange(-reach, reach + 1)
        low, high = np.maximum(shift, 0), np.minimum(edge + shift, edge)
        rows = table[:, high] - table[:, low]
        return (rows[:, :, high] - rows[:, :, low]).astype(np.float32)

    def correlation(self, number: int, others: np.ndarray) -> np.ndarray:
        """Largest correlation of one patch with each of the others over all shifts."""
        edge, reach = self._edge, self._reach
        product = self._spectrum[number] * self._spectrum[others].conj()
        wrapped = irfft2(product, s=(2 * edge,) * 2, axes=(1, 2))
        shift = np.arange(-reach, reach + 1) % (2 * edge)
        cross = wrapped[:, shift][:, :, shift]
        # The partner sees the same overlap from the opposite shift.
        partner_sum = self._sum[others][:, ::-1, ::-1]
        partner_variance = self._variance[others][:, ::-1, ::-1]
        covariance = cross - self._sum[number] * partner_sum / self._area
        floor = _FLAT**2 * self._area
        textured = (self._variance[number] > floor) & (partner_variance > floor) & self._usable
        scale = np.sqrt(np.where(textured, self._variance[number] * partner_variance, 1.0))
        return np.where(textured, covariance / scale, -1.0).max(axis=(1, 2))
