"""How dark a pixel is against the metal around it: background, polarity, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from sorby.segment.gray import strips, valid_block

VIEW_PX = 512
"""Longest side of the reduced view that the background is modelled on."""

SIGMA_SHARE = 1 / 8
"""Reach of the background (sigma of a Gaussian) as a share of the field's short side: larger
than any defect should be, smaller than the unevenness of a lamp. It scales with the field, so
that a field and its enlargement get the same background."""

PASSES = 6
"""Rounds of reweighting; on synthetic fields the background stands still after four."""

_FAINTEST_METAL = 0.5
"""Metal is lit evenly within this factor; what is darker than this share of the bright parts
(90th percentile) is resin, surroundings or pore and has no say in the first background."""

_DARK_METAL = 0.4
"""Bright defects are believed only where the metal is below this share of the gray range."""

_ANCHOR = 1e-4
"""Weight of the mean gray of metal, which holds where no metal is near (deep in resin)."""

_TINY = np.float32(1e-6)


@dataclass(frozen=True)
class FlatField:
    """Background of a field, and what "dark" means in it.

    Attributes
    ----------
    background : ndarray of float32 of shape (h, w)
        Gray of sound metal, one value for each block of ``block`` x ``block`` px.
    block : int
        Edge of a block, in px.
    zero : float
        Gray of a perfect hole: black, or white where the field is inverted.
    """

    background: np.ndarray
    block: int
    zero: float

    def darkness(self, gray: np.ndarray, where: tuple[slice, slice]) -> np.ndarray:
        """Depth below the background as a share of the way from it to ``zero``.

        Parameters
        ----------
        gray : ndarray of float32 of shape (m, n)
            Gray values of the pixels ``where``.
        where : tuple of slice
            Rows and columns, with start and stop.

        Returns
        -------
        ndarray of float32 of shape (m, n)
            0 for sound metal, 1 for a perfect hole, negative for brighter than metal.
            Each value depends on its own pixel only, so any tiling gives the same.
        """
        metal = _interpolated(self.background, self.block, where)
        reach = metal - np.float32(self.zero)
        return (metal - gray) / np.where(np.abs(reach) < _TINY, _TINY, reach)


def model_flat_field(
    pixels: np.ndarray, valid: np.ndarray | None, gray_range: tuple[float, float]
) -> FlatField:
    """Fit background and polarity to a field.

    The background is a Gaussian average in which a pixel counts the less, the further it lies
    from the last estimate (Tukey's biweight), in either direction: pores, resin and bright
    particles do not pull it. Then the side with the heavier tail tells the polarity; bright
    defects are believed only on dark metal.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample; at least one.
    gray_range : tuple of float
        Gray of black and of white.

    Returns
    -------
    FlatField
    """
    view, weight, block = _reduced_view(pixels, valid)
    background, spread = _robust_background(view, weight)
    black, white = gray_range
    middle = float(np.median(background[weight > 0]))
    excess = np.maximum(np.abs(view - background) - 6 * spread, 0) * weight
    brighter = float(excess[view > background].sum())
    darker = float(excess[view < background].sum())
    is_inverted = brighter > 2 * darker and middle - black < _DARK_METAL * (white - black)
    return FlatField(background, block, white if is_inverted else black)


def _reduced_view(
    pixels: np.ndarray, valid: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Means of blocks, the valid share of each block, and the edge of a block."""
    block = -(-max(pixels.shape) // VIEW_PX)
    shape = tuple(-(-length // block) for length in pixels.shape)
    total, share = np.zeros(shape), np.zeros(shape)
    starts = np.arange(0, pixels.shape[1], block)
    for rows in strips(pixels.shape, multiple=block):
        gray, counted = valid_block(pixels, valid, (rows, slice(None)))
        lines = slice(rows.start // block, -(-rows.stop // block))
        down = np.arange(0, rows.stop - rows.start, block)
        for target, values in ((total, np.where(counted, gray, 0)), (share, counted)):
            columns = np.add.reduceat(values, starts, axis=1, dtype=np.float64)
            target[lines] = np.add.reduceat(columns, down, axis=0)
    view = total / np.maximum(share, 1)
    return view.astype(np.float32), (share / block**2).astype(np.float32), block


def _robust_background(view: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Background of a view and the robust standard deviation of the view around it."""
    sigma = max(1.0, min(view.shape) * SIGMA_SHARE)
    bright = np.quantile(view[weight > 0], 0.9)
    trust = np.where(view >= _FAINTEST_METAL * bright, weight, 0)
    for _ in range(PASSES):
        anchor = np.average(view, weights=trust)
        total = ndimage.gaussian_filter(view * trust, sigma, truncate=3) + _ANCHOR * anchor
        background = total / (ndimage.gaussian_filter(trust, sigma, truncate=3) + _ANCHOR)
        off = view - background
        spread = _robust_deviation(off[trust > 0])
        reach = np.clip(off / max(6 * spread, _TINY), -1, 1)
        trust = weight * (1 - reach**2) ** 2
    return background.astype(np.float32), spread


def _robust_deviation(values: np.ndarray) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _interpolated(background: np.ndarray, block: int, where: tuple[slice, slice]) -> np.ndarray:
    """Bilinear interpolation between block centres, constant beyond the outermost."""
    if block == 1:
        return background[where]
    (top, low_row), (left, low_column) = (
        _position(span, block, length) for span, length in zip(where, background.shape, strict=True)
    )
    rows = (
        background[top]
        + (background[_next(top, background.shape[0])] - background[top]) * (low_row[:, None])
    )
    right = _next(left, background.shape[1])
    return rows[:, left] + (rows[:, right] - rows[:, left]) * low_column[None, :]


def _position(span: slice, block: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    place = (np.arange(span.start, span.stop) + 0.5) / block - 0.5
    place = place.clip(0, length - 1)
    lower = place.astype(np.intp)
    return lower, (place - lower).astype(np.float32)


def _next(index: np.ndarray, length: int) -> np.ndarray:
    return np.minimum(index + 1, length - 1)
