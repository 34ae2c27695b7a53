"""Fields brought to the µm/px of a model and back, as a whole or window by window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

SCALE_LIMITS = (0.25, 4.0)
"""Fields are enlarged or reduced by no more than this: beyond it detail is invented or lost."""


def scale_factor(um_per_px: float | None, wanted: float | None) -> float:
    """Factor by which a field is enlarged to come to a scale; 1 where either is unknown.

    Examples
    --------
    >>> scale_factor(0.5, 1.0), scale_factor(None, 1.0), scale_factor(100.0, 1.0)
    (0.5, 1.0, 4.0)
    """
    if um_per_px is None or wanted is None:
        return 1.0
    return float(np.clip(um_per_px / wanted, *SCALE_LIMITS))


def scaled_shape(shape: tuple[int, ...], factor: float) -> tuple[int, int]:
    """Rows and columns of a field (M, N) enlarged by a factor.

    Examples
    --------
    >>> scaled_shape((100, 1), 0.25)
    (25, 1)
    """
    n_rows, n_columns = (max(1, round(length * factor)) for length in shape)
    return n_rows, n_columns


def resized(values: np.ndarray, factor: float) -> np.ndarray:
    """Planes (channels, M, N) enlarged by a factor, averaged where they shrink."""
    return resized_to(values, scaled_shape(values.shape[1:], factor))


def resized_to(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Planes (channels, m, n) brought to (channels, M, N), averaged where they shrink."""
    import torch
    from torch.nn import functional

    if values.shape[1:] == shape:
        return values
    stack = torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]
    return functional.interpolate(
        stack, size=shape, mode="bilinear", align_corners=False, antialias=True
    )[0].numpy()


@dataclass(frozen=True)
class Stretch:
    """An axis brought to another length, span by span: the numbers of `resized_to`.

    Attributes
    ----------
    n_in, n_out : int
        Its length, before and after.

    Examples
    --------
    >>> Stretch(8, 4).source(slice(1, 3))
    slice(1, 7, None)
    >>> Stretch(4, 8).weights(slice(0, 3)).toarray().tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75]]
    """

    n_in: int
    n_out: int

    def source(self, span: slice) -> slice:
        """Pixels before that a span of pixels after is averaged from."""
        first, _ = self._reach(span.start)
        _, last = self._reach(span.stop - 1)
        return slice(first, last)

    def weights(self, span: slice) -> sparse.csr_array:
        """Matrix from the pixels of the `source` to those of a span, float32."""
        start = self.source(span).start
        width = max(self.n_in / self.n_out, 1.0)
        places, ends, shares = [], [0], []
        for place in range(span.start, span.stop):
            first, last = self._reach(place)
            off = np.arange(first, last) + 0.5 - self._centre(place)
            share = np.maximum(1 - np.abs(off) / width, 0)
            places.append(np.arange(first, last) - start)
            shares.append(share / share.sum())
            ends.append(ends[-1] + last - first)
        values = np.concatenate(shares).astype(np.float32)
        shape = (span.stop - span.start, self.source(span).stop - start)
        return sparse.csr_array((values, np.concatenate(places), ends), shape=shape)

    def _centre(self, place: int) -> float:
        step = np.float32(self.n_in / self.n_out)  # single precision, as torch has it
        return float(np.float32((place + 0.5) * float(step)))

    def _reach(self, place: int) -> tuple[int, int]:
        if self.n_in == self.n_out:
            return place, place + 1
        width = max(self.n_in / self.n_out, 1.0)
        centre = self._centre(place)
        return max(int(centre - width + 0.5), 0), min(int(centre + width + 0.5), self.n_in)


def stretched(
    block: np.ndarray, rows: tuple[Stretch, slice], columns: tuple[Stretch, slice]
) -> np.ndarray:
    """Window of a plane at another scale.

    Parameters
    ----------
    block : ndarray of shape (m, n), float32
        What the two spans are averaged from, see `Stretch.source`.
    rows, columns : tuple
        Each axis, and the span of it that is wanted.

    Returns
    -------
    ndarray of float32
    """
    (down, row_span), (along, column_span) = rows, columns
    if down.n_in == down.n_out and along.n_in == along.n_out:
        return block
    high = down.weights(row_span) @ block
    return np.ascontiguousarray((along.weights(column_span) @ high.T).T)
