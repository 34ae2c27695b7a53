"""Whether the common part of two views agrees everywhere, and not in one place only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

_BLOCKS = 4
_SEARCH_PX = 3
_SMALLEST_PX = 6
_FLAT = 0.1


def block_correlation(first: np.ndarray, second: np.ndarray, shift: tuple[int, int]) -> float:
    """Median over the blocks of the common part of how well each block is found again.

    The common part is cut into 4 x 4 blocks. Each is looked for within 3 px of where the shift
    says, so that a ratio of sizes that is a little off does no harm.

    Parameters
    ----------
    first, second : ndarray of shape (M, N) and (m, n)
        Views.
    shift : tuple of int
        Row and column of the first view where the second's first pixel lies, in px.

    Returns
    -------
    float
        Median correlation of the blocks; 0 where fewer than half show anything.

    Examples
    --------
    >>> wall = np.random.default_rng(0).normal(size=(80, 99))
    >>> round(block_correlation(wall, wall[10:, 20:], (10, 20)), 3)
    1.0
    """
    found = [
        _best_correlation(
            first[rows, columns], second, (rows.start - shift[0], columns.start - shift[1])
        )
        for rows, columns in _common_blocks(first.shape, second.shape, shift)
    ]
    return float(np.median(found)) if found else 0.0


def _common_blocks(
    first: tuple[int, ...], second: tuple[int, ...], shift: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    """Blocks of the first view that the second covers, a margin for the search included."""
    cuts = []
    for own, other, offset in zip(first, second, shift, strict=True):
        low, high = max(0, offset + _SEARCH_PX), min(own, offset + other - _SEARCH_PX)
        if high - low < _BLOCKS * _SMALLEST_PX:
            return
        cuts.append(np.linspace(low, high, _BLOCKS + 1).astype(int))
    for top, bottom in zip(cuts[0][:-1], cuts[0][1:], strict=True):
        for left, right in zip(cuts[1][:-1], cuts[1][1:], strict=True):
            yield slice(int(top), int(bottom)), slice(int(left), int(right))


def _best_correlation(block: np.ndarray, view: np.ndarray, corner: tuple[int, int]) -> float:
    top, left = (place - _SEARCH_PX for place in corner)
    rows, columns = (length + 2 * _SEARCH_PX for length in block.shape)
    around = view[top : top + rows, left : left + columns]
    tries = sliding_window_view(around, block.shape)
    centred = block - block.mean()
    if centred.std() < _FLAT:
        return 0.0
    covariance = np.einsum("ijkl,kl->ij", tries, centred)
    deviation = tries.std(axis=(2, 3))
    scale = np.where(deviation < _FLAT, np.inf, deviation * centred.std() * block.size)
    return float((covariance / scale).max())
