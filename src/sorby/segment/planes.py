"""What a network sees of a field: planes at a common µm/px, robust against one odd pixel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph
from sorby.segment.classical import darkness_and_noise, probability_from_darkness
from sorby.segment.darkness import without_hot_pixels
from sorby.segment.gray import check_field, valid_block

SCALE_LIMITS = (0.25, 4.0)
"""Fields are enlarged or reduced by no more than this: beyond it detail is invented or lost."""

CLIP = 4.0
"""Gray planes are cut to this many spreads, so that no pixel shouts."""


@dataclass(frozen=True)
class Planes:
    """Input of a network.

    Attributes
    ----------
    values : ndarray of shape (channels, m, n), float32
        At the model's µm/px.
    shape : tuple of int
        (M, N) of the micrograph.
    outside : ndarray of shape (M, N), bool
        Resin or outside, as the zero-label method sees it.
    """

    values: np.ndarray = field(repr=False)
    shape: tuple[int, int]
    outside: np.ndarray = field(repr=False)


def field_planes(
    micrograph: Micrograph,
    valid: np.ndarray | None,
    *,
    channels: tuple[str, ...],
    um_per_px: float | None = None,
) -> Planes:
    """Planes of a field.

    Parameters
    ----------
    micrograph : Micrograph
        The image, (M, N).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample; the others have no say.
    channels : tuple of str
        Names among ``gray`` (level against the median, in spreads), ``darkness`` (share of the
        way from the metal around to black), ``classical`` (probability of the zero-label method),
        ``minmax`` (the paper's: 0 at the darkest pixel, 1 at the brightest).
    um_per_px : float, optional
        Scale to bring the field to, if it knows its own.

    Returns
    -------
    Planes
        float32, finite.

    Raises
    ------
    SettingError
        If a channel is unknown, or the image is not one gray plane.

    Examples
    --------
    >>> pixels = np.full((40, 40), 200, np.uint8)
    >>> pixels[10:14, 10:14] = 20
    >>> planes = field_planes(Micrograph(pixels), None, channels=("gray", "darkness"))
    >>> planes.values.shape, bool(planes.values[1, 12, 12] > 0.5 > planes.values[1, 30, 30])
    ((2, 40, 40), True)
    """
    check_channels(channels)
    check_field(micrograph.pixels, valid)
    seen = _Field(micrograph, valid)
    factor = scale_factor(micrograph.um_per_px, um_per_px)
    values = np.stack([_CHANNELS[name](seen) for name in channels])
    return Planes(resized(values, factor), micrograph.pixels.shape, np.isnan(seen.probability))


def check_channels(channels: tuple[str, ...]) -> None:
    """Refuse names that are no channels, see `field_planes`.

    Raises
    ------
    SettingError
        With the names that there are.
    """
    unknown = set(channels) - set(_CHANNELS)
    if unknown or not channels:
        raise SettingError(
            f"{sorted(unknown)} are not channels. Choose from: {', '.join(_CHANNELS)}."
        )


class PlaneCache:
    """Planes of fields that are seen again and again, as in a run of many rounds.

    Parameters
    ----------
    limit_bytes : int
        What it may hold; the fields seen longest ago are forgotten first.
    """

    def __init__(self, limit_bytes: int = 1 << 30) -> None:
        self._kept: dict[object, Planes] = {}
        self._limit = limit_bytes

    def __call__(
        self,
        micrograph: Micrograph,
        valid: np.ndarray | None,
        *,
        channels: tuple[str, ...],
        um_per_px: float | None = None,
    ) -> Planes:
        """`field_planes`, computed once for an image, mask and scale."""
        parts = [micrograph.pixels, np.zeros(0) if valid is None else valid]
        digests = [hashlib.sha256(np.ascontiguousarray(part).data).digest() for part in parts]
        key = (*digests, micrograph.pixels.shape, micrograph.um_per_px, channels, um_per_px)
        found = self._kept.pop(key, None)
        if found is None:
            found = field_planes(micrograph, valid, channels=channels, um_per_px=um_per_px)
        self._kept[key] = found
        while len(self._kept) > 1 and self._held() > self._limit:
            del self._kept[next(iter(self._kept))]
        return found

    def _held(self) -> int:
        return sum(planes.values.nbytes + planes.outside.nbytes for planes in self._kept.values())


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


def resized(values: np.ndarray, factor: float) -> np.ndarray:
    """Planes (channels, M, N) enlarged by a factor, averaged where they shrink."""
    shape = [max(1, round(length * factor)) for length in values.shape[1:]]
    return resized_to(values, (shape[0], shape[1]))


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


class _Field:
    """A field and what the zero-label method makes of it."""

    def __init__(self, micrograph: Micrograph, valid: np.ndarray | None) -> None:
        self.micrograph, self.valid = micrograph, valid
        self.darkness, noise = darkness_and_noise(micrograph, valid)
        self.probability = probability_from_darkness(self.darkness, noise)[:, :, 0]


def _gray(seen: _Field) -> np.ndarray:
    gray, counted = valid_block(seen.micrograph.pixels, seen.valid, (slice(None), slice(None)))
    if not counted.any():
        return np.zeros(gray.shape, np.float32)
    low, middle, high = np.percentile(gray[counted], [2, 50, 98])
    gray = without_hot_pixels(np.where(counted, gray, np.float32(middle)))
    spread = max((high - low) / 2, 1e-3 * abs(middle), 1e-12)
    return np.clip((gray - middle) / spread, -CLIP, CLIP).astype(np.float32)


def _darkness(seen: _Field) -> np.ndarray:
    return np.clip(seen.darkness, -1, 1.5)


def _classical(seen: _Field) -> np.ndarray:
    return np.nan_to_num(seen.probability, nan=0.0)


def _minmax(seen: _Field) -> np.ndarray:
    from sorby.learn.legacy import paper_normalised

    gray, _ = valid_block(seen.micrograph.pixels, None, (slice(None), slice(None)))
    return paper_normalised(gray)


_CHANNELS: dict[str, Callable[[_Field], np.ndarray]] = {
    "gray": _gray,
    "darkness": _darkness,
    "classical": _classical,
    "minmax": _minmax,
}
