"""A field as darkness: seen block by block, cleaned of hot pixels, as quiet as it must be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from sorby.core.planes import Plane
from sorby.core.tiling import Window, windows
from sorby.segment.flatfield import FlatField, model_flat_field
from sorby.segment.gray import GrayHistogram, valid_block

NOISE_GOAL = 0.03
"""Darkness noise (standard deviation) that is quiet enough: beyond it smoothing costs small pores
more than the noise does (on synthetic fields 0.03 beat 0.02 and 0.04)."""

SMOOTHINGS_PX = (0.0, 0.7, 1.0, 1.5, 2.0)
"""Gaussians tried in turn until the noise goal is met. No stronger one: sigma 2 px already
halves the depth of a pore 4 px wide."""

HALO_PX = 8
"""Reach of the filters: 6 px of the widest Gaussian, 1 px of the hot pixel filter."""

_SAMPLE_EDGE_PX = 64
_SAMPLES_PER_AXIS = 8
_ROUNDS = 6
_RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)


@dataclass(frozen=True)
class DarknessField:
    """Darkness of any part of a field, the same whichever way the field is cut in parts.

    Attributes
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample.
    flat : FlatField
        Background and polarity.
    smoothing_px : float
        Standard deviation of the Gaussian that quiets the noise; 0 for none.
    """

    pixels: Plane
    valid: Plane | None
    flat: FlatField
    smoothing_px: float = 0.0

    def block(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Darkness of a window's core and which of its pixels count.

        Parameters
        ----------
        window : Window
            With a halo of `HALO_PX`.

        Returns
        -------
        darkness : ndarray of float32
            Share of the way from metal to a perfect hole; 0 where nothing counts.
        counted : ndarray of bool
            Finite and valid.
        """
        gray, counted = valid_block(self.pixels, self.valid, window.padded)
        dark = np.where(counted, self.flat.darkness(gray, window.padded), np.float32(0))
        dark = without_hot_pixels(dark)
        if self.smoothing_px:
            dark = ndimage.gaussian_filter(dark, self.smoothing_px, truncate=3)
        dark[~counted] = 0
        return dark[window.inner], counted[window.inner]

    def noise(self) -> float:
        """Standard deviation of the darkness of sound metal, from sampled squares.

        Returns
        -------
        float
            The larger of two robust estimates: from the darkness itself, which also sees relief
            and texture, and from steps between neighbours, which also sees the noise of metal
            that is overexposed in more than half of its pixels.
        """
        sizes, steps = [], []
        for window in _sample_windows(self.pixels.shape):
            dark, counted = self.block(window)
            sizes.append(np.abs(dark[counted]))
            steps.append(np.abs(np.diff(dark))[counted[:, 1:] & counted[:, :-1]])
        return max(_spread(np.concatenate(sizes)), _spread_of_steps(np.concatenate(steps)))


def quiet_darkness(
    pixels: Plane, valid: Plane | None, histogram: GrayHistogram
) -> tuple[DarknessField, float]:
    """Darkness of a field, smoothed no more than its noise asks for.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample.
    histogram : GrayHistogram
        Of the valid pixels.

    Returns
    -------
    field : DarknessField
    noise : float
        Standard deviation of the darkness that is left.
    """
    gray_range = histogram.black_and_white(is_integer=pixels.dtype.kind in "bui")
    field = DarknessField(pixels, valid, model_flat_field(pixels, valid, gray_range))
    noise = np.inf
    for smoothing in SMOOTHINGS_PX:
        field = replace(field, smoothing_px=smoothing)
        noise = field.noise()
        if noise <= NOISE_GOAL:
            break
    return field, noise


def _spread(sizes: np.ndarray) -> float:
    """1.4826 x the median of the sizes that lie within three of the result."""
    sizes = np.sort(sizes)
    spread = np.inf
    for _ in range(_ROUNDS):
        within = sizes[: np.searchsorted(sizes, 3 * spread)]
        spread = 1.4826 * float(within[within.size // 2]) if within.size else 0.0
    return spread


def _spread_of_steps(steps: np.ndarray) -> float:
    """Deviation of the values between which 80 % of the steps are no larger than found."""
    return float(np.quantile(steps, 0.8)) / (1.2816 * np.sqrt(2)) if steps.size else 0.0


def without_hot_pixels(values: np.ndarray) -> np.ndarray:
    """Each pixel held within the range of its eight neighbours (conservative smoothing)."""
    # "mirror" repeats no pixel, so that none on the border is its own neighbour
    low = ndimage.minimum_filter(values, footprint=_RING, mode="mirror")
    high = ndimage.maximum_filter(values, footprint=_RING, mode="mirror")
    return np.clip(values, low, high)


def _sample_windows(shape: tuple[int, ...]) -> list[Window]:
    """Squares spread evenly over the field; all of it if it is small."""
    tiles = list(windows(shape, size=_SAMPLE_EDGE_PX, halo=HALO_PX))
    n_columns = -(-shape[1] // _SAMPLE_EDGE_PX)
    rows, columns = (
        np.unique(np.linspace(0, n - 1, min(n, _SAMPLES_PER_AXIS)).round().astype(int))
        for n in (len(tiles) // n_columns, n_columns)
    )
    return [tiles[row * n_columns + column] for row in rows for column in columns]
