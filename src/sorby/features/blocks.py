"""Whether the common part of two views agrees everywhere, and not in one place only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import irfft2, next_fast_len, rfft2

_BLOCKS = 4
_SEARCH_PX = 3
_SMALLEST_PX = 6
_FLAT = 0.1


def likeliest_shift(
    first: np.ndarray, second: np.ndarray, *, smallest_overlap: float
) -> tuple[int, int]:
    """Shift with the largest sum of products, relative to the root of the common area.

    Parameters
    ----------
    first, second : ndarray of shape (M, N) and (m, n)
        Evened views: mean 0 and the same deviation everywhere.
    smallest_overlap : float
        Part of the smaller view's area that must be common.

    Returns
    -------
    tuple of int
        Row and column of the first view where the second's first pixel lies, in px.

    Examples
    --------
    >>> wall = np.random.default_rng(0).normal(size=(80, 99))
    >>> likeliest_shift(wall[:, :70], wall[10:, 20:], smallest_overlap=0.2)
    (10, 20)
    """
    rows, columns = (
        np.arange(1 - other, own) for own, other in zip(first.shape, second.shape, strict=True)
    )
    frame = next_fast_len(len(rows)), next_fast_len(len(columns), real=True)
    cross = irfft2(rfft2(first, s=frame) * rfft2(second, s=frame).conj(), s=frame)
    cross = cross.take(rows % frame[0], 0).take(columns % frame[1], 1)
    height, width = (
        np.minimum(own, other + shift) - np.maximum(shift, 0)
        for own, other, shift in zip(first.shape, second.shape, (rows, columns), strict=True)
    )
    area = np.outer(height, width)
    usable = area >= smallest_overlap * min(first.size, second.size)
    score = np.where(usable, cross / np.sqrt(area), -np.inf)
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    return int(rows[row]), int(columns[column])


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
        Median correlation of the blocks, a flat one counted as 0; NaN where the common part is
        too small to be cut.

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
    return float(np.median(found)) if found else float("nan")


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
