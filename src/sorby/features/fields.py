"""Fields made comparable: common scale, common gray, tile by tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph
from sorby.core.tiling import windows

GRAY_MEDIAN = 127.0
"""Gray of the median pixel after normalisation, on the scale 0..255."""

_FACTORS = (0.25, 4.0)
_SAMPLE_PX = 1 << 20
_LOW, _HIGH = 0.001, 0.999
_SAME_SCALE = 0.01


@dataclass(frozen=True)
class Tile:
    """Part of a field at the common scale.

    Attributes
    ----------
    gray : ndarray of float32 of shape (m, n)
        From 0 to 255, the field's median at 127; pixels that do not count are 127.
    counted : ndarray of bool of shape (m, n)
        Pixels that are sample.
    """

    gray: np.ndarray
    counted: np.ndarray


@dataclass(frozen=True)
class GrayScale:
    """Straight line that takes a field's gray values to 0..255 with the median at 127.

    Attributes
    ----------
    black, gain : float
        The line is (gray - black) * gain.
    """

    black: float
    gain: float

    @classmethod
    def of(cls, pixels: np.ndarray, valid: np.ndarray | None) -> GrayScale:
        """Line of a field, from about a million of its pixels.

        Black is 0, or the darkest gray (0.1 %) where gray values are negative. The gain takes
        the median to 127; where half the field is black, white (99.9 %) to 255. A factor on all
        gray values, as between 8 and 16 bits, therefore changes nothing.
        """
        step = max(1, int(np.sqrt(pixels.size / _SAMPLE_PX)))
        sample = np.asarray(pixels[::step, ::step], np.float64)
        counted = np.isfinite(sample)
        if valid is not None:
            counted &= np.asarray(valid[::step, ::step], bool)
        values = sample[counted]
        if not values.size:
            return cls(0.0, 0.0)
        low, median, high = np.quantile(values, [_LOW, 0.5, _HIGH])
        black = min(0.0, float(low))
        if median > black:
            return cls(black, GRAY_MEDIAN / float(median - black))
        return cls(black, 255.0 / float(high - black) if high > black else 0.0)

    def apply(self, pixels: np.ndarray, counted: np.ndarray) -> np.ndarray:
        """Gray of each pixel, float32; 127 where the pixel does not count or all is flat."""
        if not self.gain:
            return np.full(pixels.shape, GRAY_MEDIAN, np.float32)
        gray = (np.where(counted, pixels, 0).astype(np.float32) - self.black) * self.gain
        return np.where(counted, gray.clip(0, 255), GRAY_MEDIAN).astype(np.float32)


def common_scale(scales: Iterable[float | None]) -> float | None:
    """Median of the pixel sizes that are known.

    Parameters
    ----------
    scales : iterable of float or None
        Edge of a pixel of each field in µm, None where unknown.

    Returns
    -------
    float or None
        In µm/px; None if none is known.

    Examples
    --------
    >>> common_scale([0.5, None, 2.0, 0.5])
    0.5
    """
    known = [scale for scale in scales if scale is not None]
    return float(np.median(known)) if known else None


def paired_fields(
    micrographs: Iterable[Micrograph],
    valid: Sequence[np.ndarray | None] | None,
    um_per_px: float | None,
) -> Iterator[tuple[Micrograph, np.ndarray | None, float]]:
    """Each micrograph with its valid mask and the factor that brings it to the common scale.

    Parameters
    ----------
    micrographs : iterable of Micrograph
        Taken one at a time, and forgotten.
    valid : sequence of (ndarray or None), optional
        Masks of the pixels that are sample, in the same order.
    um_per_px : float, optional
        The common scale. By default the median of those known; an iterable that can be read
        only once must then have one scale.

    Yields
    ------
    micrograph : Micrograph
    mask : ndarray of shape (M, N) or None
    factor : float
        Size after over size before, from 1/4 to 4; 1 where the scale is unknown.

    Raises
    ------
    SettingError
        If a field is not one gray plane, masks do not fit, or the common scale is not positive
        or cannot be known.
    """
    if um_per_px is not None and not 0 < um_per_px < np.inf:
        raise SettingError(f"The common scale is {um_per_px} µm/px. It must be positive.")
    once = iter(micrographs) is micrographs
    guesses = um_per_px is None and once
    if um_per_px is None and not once:
        um_per_px = common_scale(micrograph.um_per_px for micrograph in micrographs)
    number = -1
    for number, micrograph in enumerate(micrographs):
        mask = _mask_of(number, micrograph, valid)
        if guesses:
            um_per_px = _single_scale(micrograph, um_per_px)
        yield micrograph, mask, _factor(micrograph.um_per_px, um_per_px)
    if valid is not None and len(valid) != number + 1:
        raise SettingError(f"{len(valid)} valid masks for {number + 1} fields: give one for each.")


def field_tiles(
    micrograph: Micrograph,
    valid: np.ndarray | None,
    factor: float,
    *,
    size: int,
    halo: int = 0,
) -> Iterator[Tile]:
    """A field at the common scale, tile by tile.

    Parameters
    ----------
    micrograph : Micrograph
        The field.
    valid : ndarray of shape (M, N) or None
        Pixels that are sample. If none is, all count as flat.
    factor : float
        Size after over size before.
    size : int
        Largest edge of a tile after resizing, in px.
    halo : int
        Pixels seen around a tile after resizing; they do not count.

    Yields
    ------
    Tile
        What counts in them covers the field once.
    """
    pixels = micrograph.pixels
    scale = GrayScale.of(pixels, valid)
    before = max(1, int(size / factor)), int(halo / factor)
    for window in windows(pixels.shape, size=before[0], halo=before[1]):
        block = pixels[window.padded]
        sample = np.isfinite(block)
        if valid is not None:
            sample &= np.asarray(valid[window.padded], bool)
        gray = scale.apply(block, sample)
        counted = np.zeros(block.shape, np.float32)
        counted[window.inner] = sample[window.inner]
        yield Tile(_resized(gray, factor), _resized(counted, factor) > 0.5)


def _resized(image: np.ndarray, factor: float) -> np.ndarray:
    """Bilinear, averaging where the image shrinks."""
    if factor == 1:
        return image
    rows, columns = (max(1, round(length * factor)) for length in image.shape)
    return np.asarray(Image.fromarray(image).resize((columns, rows), Image.Resampling.BILINEAR))


def _mask_of(
    number: int, micrograph: Micrograph, valid: Sequence[np.ndarray | None] | None
) -> np.ndarray | None:
    shape = micrograph.pixels.shape
    if len(shape) != 2 or 0 in shape:
        raise SettingError(
            f"{micrograph.name or f'Field {number}'} has shape {shape}. Embedding needs one gray "
            "plane (rows, columns): convert it to gray first."
        )
    if valid is None:
        return None
    if number >= len(valid):
        raise SettingError(f"{len(valid)} valid masks for more fields: give one for each.")
    mask = valid[number]
    if mask is not None and np.shape(mask) != shape:
        raise SettingError(
            f"The valid mask of field {number} has shape {np.shape(mask)} and the image {shape}. "
            "Give a mask of the same field."
        )
    return mask


def _single_scale(micrograph: Micrograph, found: float | None) -> float | None:
    own = micrograph.um_per_px
    if own is not None and found is not None and abs(own / found - 1) > _SAME_SCALE:
        raise SettingError(
            f"The fields have {found:g} and {own:g} µm/px and can be read only once. "
            f"Give um_per_px, for example {min(own, found):g}."
        )
    return own if found is None else found


def _factor(own: float | None, common: float | None) -> float:
    if own is None or common is None:
        return 1.0
    factor = float(np.clip(own / common, *_FACTORS))
    return 1.0 if abs(factor - 1) < _SAME_SCALE else factor
