"""Whether two gray views show the same spot, shifted: correlation of their common part."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft2, rfft2


class _Overlap(NamedTuple):
    """What views show in the part common with a partner, at every shift: (n, R, C)."""

    area: np.ndarray  # (R, C), in px
    sums: np.ndarray
    means: np.ndarray
    weights: np.ndarray  # 1 / root of the sum of squared deviations; 0 where flat or too small


class ShiftedViews:
    """Gray views of one size, with all of their correlation that depends on no partner.

    Parameters
    ----------
    views : ndarray of shape (n, M, N)
        Gray values.
    frame : tuple of int, optional
        Rows and columns of the Fourier transform, at least those of both partners together and
        the same for both; by default twice the views' own.
    smallest_overlap : float
        Part of the smaller view's area that a shift must leave common.
    flat : float
        Standard deviation of gray below which a common part shows nothing.

    Examples
    --------
    >>> wall = np.random.default_rng(0).normal(size=(12, 16))
    >>> views = ShiftedViews(np.stack([wall[:, :12], wall[:, 4:]]), flat=0.1)
    >>> best = views.correlation(0, views, np.array([1])).max()
    >>> round(float(best), 3)
    1.0
    """

    def __init__(
        self,
        views: np.ndarray,
        *,
        frame: tuple[int, int] | None = None,
        smallest_overlap: float = 0.2,
        flat: float = 2.0,
    ) -> None:
        views = views - views.mean(axis=(1, 2), keepdims=True)
        self.shape: tuple[int, int] = (views.shape[1], views.shape[2])
        self._frame = frame or (2 * self.shape[0], 2 * self.shape[1])
        self._smallest, self._flat = smallest_overlap, flat
        self._views = views
        self._spectrum = rfft2(views, s=self._frame, axes=(1, 2))
        self._overlaps: dict[tuple[int, int], _Overlap] = {}

    def shifts(self, partner: ShiftedViews) -> tuple[np.ndarray, np.ndarray]:
        """Row and column shifts that are looked at.

        Parameters
        ----------
        partner : ShiftedViews
            The other views.

        Returns
        -------
        rows, columns : ndarray of int of shape (R,) and (C,)
            Where the partner's first pixel lies in these views, in px.
        """
        rows, columns = (
            self._reach(own, other) for own, other in zip(self.shape, partner.shape, strict=True)
        )
        return rows, columns

    def correlation(self, number: int, partner: ShiftedViews, others: np.ndarray) -> np.ndarray:
        """Correlation of one view with each of some partners at every shift.

        Parameters
        ----------
        number : int
            The view.
        partner : ShiftedViews
            Views of any size, with the same frame.
        others : ndarray of int of shape (k,)
            Numbers of the partner's views.

        Returns
        -------
        ndarray of shape (k, R, C)
            0 where the common part is too small or flat; for the shifts see `shifts`.
        """
        product = self._spectrum[number] * partner._spectrum[others].conj()
        wrapped = irfft2(product, s=self._frame, axes=(1, 2))
        rows, columns = self.shifts(partner)
        cross = wrapped.take(rows % self._frame[0], 1).take(columns % self._frame[1], 2)
        own = self._overlap(partner.shape)
        # The partner sees the same overlap from the opposite shift.
        other = partner._overlap(self.shape)
        cross -= own.sums[number] * other.means[others, ::-1, ::-1]
        cross *= own.weights[number]
        cross *= other.weights[others, ::-1, ::-1]
        return cross

    def most_significant(
        self, number: int, partner: ShiftedViews, others: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """How far the best correlation is from what unrelated views give, and its shift.

        Fisher's z times sqrt(N - 3), where N is the common area in areas of one grain of texture
        (the geometric mean of both views' sum of squared autocorrelation). The best shift is
        that of the largest correlation times sqrt(N - 3).

        Parameters
        ----------
        number, partner, others
            As for `correlation`.

        Returns
        -------
        significance : ndarray of shape (k,)
            In standard deviations; 0 where every common part is smaller than three grains.
        shifts : ndarray of int of shape (k, 2)
            Row and column of the partner's first pixel.
        """
        grain = np.sqrt(self._grain_px[number] * partner._grain_px[others])[:, None, None]
        root = np.sqrt(np.maximum(self._overlap(partner.shape).area / grain - 3, 0))
        surfaces = self.correlation(number, partner, others)
        flat = (surfaces * root).reshape(len(others), -1)
        each, place = np.arange(len(others)), flat.argmax(axis=1)
        best = surfaces.reshape(flat.shape)[each, place].clip(-0.9999, 0.9999)
        row, column = np.unravel_index(place, surfaces.shape[1:])
        rows, columns = self.shifts(partner)
        significance = np.arctanh(best) * root.reshape(flat.shape)[each, place]
        return significance, np.stack([rows[row], columns[column]], axis=1)

    @functools.cached_property
    def _grain_px(self) -> np.ndarray:
        spread = irfft2(np.abs(self._spectrum) ** 2, s=self._frame, axes=(1, 2))
        grains = (spread**2).sum(axis=(1, 2)) / np.maximum(spread[:, 0, 0] ** 2, 1e-12)
        return np.maximum(grains, 1.0)

    def _reach(self, own: int, other: int) -> np.ndarray:
        least = max(1, min(own, other) - round(min(own, other) * (1 - self._smallest)))
        return np.arange(least - other, own - least + 1)

    def _overlap(self, partner: tuple[int, int]) -> _Overlap:
        if partner not in self._overlaps:
            area = self._window_sums(np.ones_like(self._views[:1]), partner)[0]
            sums = self._window_sums(self._views, partner)
            means = sums / area
            variance = self._window_sums(self._views**2, partner) - sums * means
            smaller = min(self.shape[0] * self.shape[1], partner[0] * partner[1])
            usable = (area >= self._smallest * smaller) & (variance > self._flat**2 * area)
            weights = usable / np.sqrt(np.where(usable, variance, 1))
            self._overlaps[partner] = _Overlap(area, sums, means, weights.astype(np.float32))
        return self._overlaps[partner]

    def _window_sums(self, views: np.ndarray, partner: tuple[int, int]) -> np.ndarray:
        table = np.pad(views.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
        for axis, (own, other) in enumerate(zip(self.shape, partner, strict=True), 1):
            shift = self._reach(own, other)
            low, high = np.maximum(shift, 0), np.minimum(own, other + shift)
            table = table.take(high, axis) - table.take(low, axis)
        return table.astype(np.float32)
