"""How dark a pixel is against the metal around it: background, polarity, noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from sorby.core.planes import Plane
from sorby.segment.gray import strips, valid_block

VIEW_PX = 512
"""Longest side of the reduced view that the background is modelled on."""

SIGMA_SHARE = 1 / 8
"""Reach of the background (sigma of a Gaussian) as a share of the field's short side: larger
than any defect should be, smaller than the unevenness of a lamp. It scales with the field, so
that a field and its enlargement get the same background."""

PASSES = 4
"""Rounds of reweighting of each of the two models; on synthetic fields they then stand still."""

_LIGHT_FACTOR = 2.0
"""A lamp is even within this factor: what is farther from the gray of the metal is pore, resin
or surroundings and has no say in the first model."""

_LARGE_SHARE = 0.15
"""A bright region over so much of a dark field is metal in resin, not a bright defect."""

_FINEST_SPREAD = 0.005
"""Least spread of metal around its background, as a share of the gray range: about one gray
level of an 8-bit camera, which even a flat or overexposed field has."""

_DARK_METAL = 0.4
"""Bright defects are believed only where the metal is below this share of the gray range."""

_ANCHOR = 1e-4
"""Weight of the smooth surface, which holds where no metal is near (deep in resin)."""

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
    pixels: Plane, valid: Plane | None, gray_range: tuple[float, float]
) -> FlatField:
    """Fit background and polarity to a field.

    The background is a surface of second degree (vignetting, tilt), and a Gaussian average of
    what is left over. In both a pixel counts the less, the further it lies from the last
    estimate (Tukey's biweight), in either direction: pores, resin and bright particles do not
    pull it. Then the side with the heavier tail tells the polarity; bright defects are believed
    only on dark metal.

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
    black, white = gray_range
    trust = weight * _is_like_metal(view - black, weight > 0, white - black)
    finest = _FINEST_SPREAD * (white - black)
    surface, trust, _ = _robust_fit(view, weight, trust, finest, _quadratic_surface)
    background, _, spread = _robust_fit(
        view, weight, trust, finest, lambda view, trust: _average(view, trust, surface)
    )
    middle = float(np.median(background[weight > 0]))
    excess = np.maximum(np.abs(view - background) - 6 * spread, 0) * weight
    brighter = float(excess[view > background].sum())
    darker = float(excess[view < background].sum())
    is_inverted = brighter > 2 * darker and middle - black < _DARK_METAL * (white - black)
    return FlatField(background.astype(np.float32), block, white if is_inverted else black)


def _reduced_view(pixels: Plane, valid: Plane | None) -> tuple[np.ndarray, np.ndarray, int]:
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


def _is_like_metal(light: np.ndarray, counted: np.ndarray, full_scale: float) -> np.ndarray:
    """Pixels that can be metal by their gray: near that of most of the field."""
    metal = _middle(light[counted])
    regions, _ = ndimage.label((light > _LIGHT_FACTOR * metal) & counted)
    sizes = np.bincount(regions.ravel())[1:]
    if sizes.size and sizes.max() > _LARGE_SHARE * np.count_nonzero(counted):
        metal = _middle(light[regions == 1 + np.argmax(sizes)])
    brightest = _LIGHT_FACTOR * max(metal, 0.1 * full_scale)
    return (light >= metal / _LIGHT_FACTOR) & (light <= brightest) | (light == metal)


def _middle(values: np.ndarray) -> float:
    """Median that is one of the values."""
    return float(np.quantile(values, 0.5, method="higher"))


def _robust_fit(
    view: np.ndarray,
    weight: np.ndarray,
    trust: np.ndarray,
    finest: float,
    model: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit a model again and again, each time trusting what lay near it the time before."""
    for _ in range(PASSES):
        fitted = model(view, trust)
        off = view - fitted
        spread = max(_robust_deviation(off[trust > 0]), finest)
        near = weight * (1 - np.clip(off / (6 * spread), -1, 1) ** 2) ** 2
        trust = near if near.any() else trust
    return fitted, trust, spread


def _quadratic_surface(view: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Least-squares surface of second degree, held near the gray values it was fitted to."""
    row, column = (np.linspace(-1, 1, n) for n in view.shape)
    powers = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    terms = [np.multiply.outer(row**i, column**j) for i, j in powers]
    normal = np.array([[np.sum(trust * a * b) for b in terms] for a in terms])
    wanted = np.array([np.sum(trust * a * view) for a in terms])
    factors, *_ = np.linalg.lstsq(normal, wanted, rcond=1e-9)
    surface = sum(factor * term for factor, term in zip(factors, terms, strict=True))
    lowest, highest = np.quantile(view[trust > 0], [0.01, 0.99])
    margin = (highest - lowest) / 2
    return np.clip(surface, lowest - margin, highest + margin)


def _average(view: np.ndarray, trust: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """Surface plus the Gaussian average of what lies above and below it."""
    sigma = max(1.0, min(view.shape) * SIGMA_SHARE)
    total = _gaussian((view - surface) * trust, sigma)
    return surface + total / (_gaussian(trust, sigma) + _ANCHOR)


def _gaussian(values: np.ndarray, sigma: float) -> np.ndarray:
    """`scipy.ndimage.gaussian_filter` of a small array by a wide Gaussian, as matrix products."""
    down, along = (_gaussian_matrix(length, sigma) for length in values.shape)
    return down @ values @ along.T


@lru_cache(maxsize=8)
def _gaussian_matrix(length: int, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter1d(np.eye(length), sigma, axis=0, truncate=3)


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
