"""Gray values of any type and size: strips of rows, histograms, what counts as valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.planes import WHOLE_PX, Plane

STRIP_PX = 1 << 22
"""Pixels looked at in one go: bounds the working memory of whole-image statistics."""

_STRAY_PX = 5
_BINS = 1 << 16
_TAIL = 1e-4


@dataclass(frozen=True)
class GrayHistogram:
    """How often each gray level occurs among the valid pixels.

    Attributes
    ----------
    levels : ndarray of float64 of shape (k,)
        Gray levels, rising.
    counts : ndarray of int64 of shape (k,)
        Pixels of each level.
    """

    levels: np.ndarray
    counts: np.ndarray

    def black_and_white(self, *, is_integer: bool) -> tuple[float, float]:
        """Gray of no light and of full scale, as far as the gray levels tell.

        Black is 0, or the darkest level where levels are negative; white is the full scale
        (a power of two, less one for integers) that holds the brightest level, and at least
        255 for integers. A few stray pixels at either end have no say.

        Parameters
        ----------
        is_integer : bool
            Whether the levels are whole numbers of a camera.

        Returns
        -------
        black, white : float
        """
        stray = min(_STRAY_PX, int(self.counts.sum()))
        rising = np.cumsum(self.counts)
        bottom = float(self.levels[np.searchsorted(rising, stray)])
        top = float(self.levels[np.flatnonzero(rising[-1] - rising + self.counts >= stray)[-1]])
        if is_integer:
            return min(0.0, bottom), max(255.0, 2.0 ** np.ceil(np.log2(top + 1)) - 1)
        return min(0.0, bottom), 2.0 ** np.ceil(np.log2(max(top, 1e-30)))


def check_field(pixels: Plane, valid: Plane | None) -> None:
    """Refuse what is not one gray image with a fitting valid mask.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample.

    Raises
    ------
    SettingError
        If the image has not two axes and at least one pixel, or the shapes differ.
    """
    if pixels.ndim != 2 or pixels.size == 0:
        raise SettingError(
            f"The image has shape {pixels.shape}. Segmenting needs one gray plane "
            "(rows, columns): convert it to gray first."
        )
    if valid is not None and np.shape(valid) != pixels.shape:
        raise SettingError(
            f"The valid mask has shape {np.shape(valid)} and the image {pixels.shape}. "
            "Give a mask of the same field."
        )


def strips(shape: tuple[int, ...], *, multiple: int = 1) -> Iterator[slice]:
    """Spans of rows that hold about `STRIP_PX` pixels each.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the image.
    multiple : int
        The number of rows of a strip is a multiple of this one (the last may be shorter).

    Yields
    ------
    slice
        Rows, from the top.
    """
    rows = max(1, STRIP_PX // (shape[1] * multiple)) * multiple
    for start in range(0, shape[0], rows):
        yield slice(start, min(start + rows, shape[0]))


def valid_block(
    pixels: Plane, valid: Plane | None, where: tuple[slice, slice]
) -> tuple[np.ndarray, np.ndarray]:
    """Gray values of a block as float32, and which of them count.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample.
    where : tuple of slice
        Rows and columns of the block.

    Returns
    -------
    gray : ndarray of float32
        Values that are not finite are 0.
    counted : ndarray of bool
        Finite and valid.
    """
    gray = np.asarray(pixels[where], np.float32)
    counted = np.isfinite(gray)
    if not counted.all():
        gray = np.where(counted, gray, np.float32(0))
    if valid is not None:
        counted &= np.asarray(valid[where], bool)
    return gray, counted


def gray_histogram(pixels: Plane, valid: Plane | None = None) -> GrayHistogram | None:
    """Histogram of the valid pixels: exact for integers, 65,536 bins for the rest.

    The bins of a float image span all but its outermost 0.01 % at each end, so that one hot
    pixel does not coarsen them; what lies beyond counts in the end bins.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N), optional
        Pixels that count.

    Returns
    -------
    GrayHistogram or None
        None if no pixel counts.
    """
    if pixels.dtype.kind in "bu" and pixels.dtype.itemsize <= 2:
        low, step, n_bins = 0.0, 1.0, 1 << (8 * pixels.dtype.itemsize)
    else:
        low, high = _robust_range(pixels, valid)
        step, n_bins = max(high - low, 1e-37) / (_BINS - 1), _BINS
    counts = np.zeros(n_bins, np.int64)
    for rows in strips(pixels.shape):
        gray, counted = valid_block(pixels, valid, (rows, slice(None)))
        scaled = np.rint((gray[counted].astype(np.float64) - low) / step)
        counts += np.bincount(scaled.clip(0, n_bins - 1).astype(np.int64), minlength=n_bins)
    if not counts.any():
        return None
    return GrayHistogram(low + step * np.arange(n_bins), counts)


def gray_percentiles(
    pixels: Plane, valid: Plane | None, percents: tuple[float, ...]
) -> tuple[np.float32, ...] | None:
    """Percentiles of the valid pixels.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values.
    valid : ndarray of shape (M, N) or None
        Pixels that count.
    percents : tuple of float
        0 to 100.

    Returns
    -------
    tuple of float32 or None
        As `numpy.percentile`, but of float images above 24 Mpx within 1/65,536 of the range;
        None if no pixel counts.

    Examples
    --------
    >>> gray_percentiles(np.array([[10, 20], [20, 31]], np.uint8), None, (0, 50, 100))
    (np.float32(10.0), np.float32(20.0), np.float32(31.0))
    """
    if pixels.dtype.kind == "f" and pixels.size <= WHOLE_PX:
        gray, counted = valid_block(pixels, valid, (slice(None), slice(None)))
        values = gray[counted]
        return tuple(np.percentile(values, percents)) if values.size else None
    histogram = gray_histogram(pixels, valid)
    if histogram is None:
        return None
    rising, levels = np.cumsum(histogram.counts), histogram.levels.astype(np.float32)
    places = np.array(percents) / 100 * (rising[-1] - 1)
    lower = np.floor(places).astype(np.int64)
    low, high = (
        levels[np.searchsorted(rising, index, side="right")]
        for index in (lower, np.minimum(lower + 1, rising[-1] - 1))
    )
    return tuple(low + (high - low) * (places - lower).astype(np.float32))


def _robust_range(pixels: Plane, valid: Plane | None) -> tuple[float, float]:
    sampled = []
    for rows in strips(pixels.shape):
        gray, counted = valid_block(pixels, valid, (rows, slice(None)))
        step = max(1, pixels.size // STRIP_PX)
        sampled.append(gray[counted][::step])
    values = np.concatenate(sampled)
    if not values.size:
        return 0.0, 0.0
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    return float(low), float(high)
