"""Small copies of a field in which brightness and contrast are evened out."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from sorby.core.records import Micrograph
from sorby.core.tiling import windows
from sorby.features.fields import GRAY_MEDIAN, GrayScale

_STRIP_PX = 1 << 22
_SMOOTH_PX = 1.0
_LOCAL_PX = 8.0
_FLAT_GRAY = 0.3


def thumbnail(micrograph: Micrograph, valid: np.ndarray | None, edge_px: int) -> np.ndarray:
    """Field shrunk to a longer edge of so many pixels, by averaging.

    Parameters
    ----------
    micrograph : Micrograph
        The field.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample; the others become the median.
    edge_px : int
        Longer edge of the thumbnail, in px. Smaller fields are enlarged.

    Returns
    -------
    ndarray of float32 of shape (m, n)
        Gray from 0 to 255, the median at 127.
    """
    pixels = micrograph.pixels
    scale = GrayScale.of(pixels, valid)
    block = max(1, max(pixels.shape) // (4 * edge_px))
    small = np.empty([-(-length // block) for length in pixels.shape], np.float32)
    for window in windows(pixels.shape, size=block * max(1, int(_STRIP_PX**0.5) // block)):
        counted = np.isfinite(pixels[window.core])
        if valid is not None:
            counted &= np.asarray(valid[window.core], bool)
        means = _block_means(scale.apply(pixels[window.core], counted), block)
        row, column = (part.start // block for part in window.core)
        small[row : row + means.shape[0], column : column + means.shape[1]] = means
    return resized(small, edge_px / max(small.shape))


def _block_means(gray: np.ndarray, block: int) -> np.ndarray:
    missing = [(0, -length % block) for length in gray.shape]
    padded = np.pad(gray, missing, mode="edge")
    rows, columns = (length // block for length in padded.shape)
    return padded.reshape(rows, block, columns, block).mean(axis=(1, 3))


def resized(gray: np.ndarray, factor: float) -> np.ndarray:
    """Image resized by a factor, averaging where it shrinks.

    Parameters
    ----------
    gray : ndarray of float32 of shape (M, N)
        An image.
    factor : float
        Size after over size before.

    Returns
    -------
    ndarray of float32
    """
    rows, columns = (max(1, round(length * factor)) for length in gray.shape)
    image = Image.fromarray(np.asarray(gray, np.float32))
    return np.asarray(image.resize((columns, rows), Image.Resampling.BICUBIC))


def evened(gray: np.ndarray) -> np.ndarray:
    """Deviations from the local mean in units of the local deviation.

    Shading, exposure and a single dark pore then say no more than the rest of the field.

    Parameters
    ----------
    gray : ndarray of shape (m, n)
        A thumbnail, gray from 0 to 255.

    Returns
    -------
    ndarray of float32 of shape (m, n)
        About -3 to 3; 0 where all is flat.
    """
    smooth = gaussian_filter(np.asarray(gray, np.float32) - GRAY_MEDIAN, _SMOOTH_PX)
    high = smooth - gaussian_filter(smooth, _LOCAL_PX)
    return high / np.sqrt(gaussian_filter(high**2, _LOCAL_PX) + _FLAT_GRAY**2)
