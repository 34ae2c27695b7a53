"""Whether two gray views show the same spot, shifted: correlation of their common part."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft2, rfft2


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
        self._sums: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

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
            -1 where the common part is too small or flat; for the shifts see `shifts`.
        """
        product = self._spectrum[number] * partner._spectrum[others].conj()
        wrapped = irfft2(product, s=self._frame, axes=(1, 2))
        rows, columns = self.shifts(partner)
        cross = wrapped[:, rows % self._frame[0]][:, :, columns % self._frame[1]]
        area, own_sum, own_variance = self._overlap(partner.shape)
        # The partner sees the same overlap from the opposite shift.
        _, sums, variances = partner._overlap(self.shape)
        other_sum, other_variance = (part[others][:, ::-1, ::-1] for part in (sums, variances))
        covariance = cross - own_sum[number] * other_sum / area
        floor = self._flat**2 * area
        smaller = min(np.prod(self.shape), np.prod(partner.shape))
        usable = (area >= self._smallest * smaller) & (own_variance[number] > floor)
        textured = usable & (other_variance > floor)
        scale = np.sqrt(np.where(textured, own_variance[number] * other_variance, 1.0))
        return np.where(textured, covariance / scale, -1.0)

    def _reach(self, own: int, other: int) -> np.ndarray:
        least = max(1, min(own, other) - round(min(own, other) * (1 - self._smallest)))
        return np.arange(least - other, own - least + 1)

    def _overlap(self, partner: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Area (R, C), sum and sum of squared deviations (n, R, C) of the common parts."""
        if partner not in self._sums:
            area = self._window_sums(np.ones_like(self._views[:1]), partner)[0]
            total = self._window_sums(self._views, partner)
            squares = self._window_sums(self._views**2, partner)
            self._sums[partner] = area, total, squares - total**2 / area
        return self._sums[partner]

    def _window_sums(self, views: np.ndarray, partner: tuple[int, int]) -> np.ndarray:
        table = np.pad(views.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
        for axis, (own, other) in enumerate(zip(self.shape, partner, strict=True), 1):
            shift = self._reach(own, other)
            low, high = np.maximum(shift, 0), np.minimum(own, other + shift)
            table = table.take(high, axis) - table.take(low, axis)
        return table.astype(np.float32)
