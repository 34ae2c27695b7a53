"""What a network sees of a field: planes at a common µm/px, robust against one odd pixel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.planes import NewPlane, Plane
from sorby.core.records import Micrograph
from sorby.segment.classical import darkness_and_noise, probability_from_darkness
from sorby.segment.darkness import without_hot_pixels
from sorby.segment.gray import check_field, gray_percentiles, strips, valid_block
from sorby.segment.scaling import (
    Stretch,
    resized,
    scale_factor,
    scaled_shape,
    stretched,
)

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
        Resin or outside, as the zero-label method sees it; False where nobody asked.
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
    sees_outside: bool = True,
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
    sees_outside : bool
        Whether resin and outside are looked for, which takes the zero-label method.

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
    view = FieldView(micrograph, valid, channels=channels, um_per_px=um_per_px)
    rows, columns = (slice(0, length) for length in view.shape)
    values = np.stack([view.channel(name, rows, columns) for name in channels])
    outside = view.outside(rows, columns) if sees_outside else np.zeros(view.shape, bool)
    return Planes(resized(values, view.factor), view.shape, outside)


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
        sees_outside: bool = True,
    ) -> Planes:
        """`field_planes`, computed once for an image, mask and scale."""
        parts = [micrograph.pixels, np.zeros(0) if valid is None else valid]
        digests = [hashlib.sha256(np.ascontiguousarray(part).data).digest() for part in parts]
        about: dict[str, Any] = {
            "channels": channels,
            "um_per_px": um_per_px,
            "sees_outside": sees_outside,
        }
        key = (*digests, micrograph.pixels.shape, micrograph.um_per_px, *about.values())
        found = self._kept.pop(key, None)
        if found is None:
            found = field_planes(micrograph, valid, **about)
        self._kept[key] = found
        while len(self._kept) > 1 and self._held() > self._limit:
            del self._kept[next(iter(self._kept))]
        return found

    def _held(self) -> int:
        return sum(planes.values.nbytes + planes.outside.nbytes for planes in self._kept.values())


class FieldView:
    """What a network sees of a field, window by window: the same however it is cut.

    Parameters
    ----------
    micrograph, valid, channels, um_per_px
        As for `field_planes`; pixels and valid may lie on the disk.
    tile_px : int
        Edge of the tiles that darkness and guess are made in.
    new_plane : callable
        Makes the planes that hold them, see `sorby.core.planes`.

    Attributes
    ----------
    shape : tuple of int
        (M, N) of the field.
    factor : float
        By which it is enlarged.
    axes : tuple of Stretch
        Rows and columns, from the field to the model's scale.
    """

    def __init__(
        self,
        micrograph: Micrograph,
        valid: Plane | None,
        *,
        channels: tuple[str, ...],
        um_per_px: float | None = None,
        tile_px: int = 2048,
        new_plane: NewPlane = np.zeros,
    ) -> None:
        check_channels(channels)
        check_field(micrograph.pixels, valid)
        self.pixels, self.valid, self.channels = micrograph.pixels, valid, channels
        self.shape: tuple[int, int] = micrograph.pixels.shape
        self.factor = scale_factor(micrograph.um_per_px, um_per_px)
        seen = scaled_shape(self.shape, self.factor)
        self.axes = Stretch(self.shape[0], seen[0]), Stretch(self.shape[1], seen[1])
        self._micrograph = micrograph
        self._worked: dict[str, Any] = {"tile_px": tile_px, "new_plane": new_plane}

    @cached_property
    def _darkness_and_noise(self) -> tuple[Plane, float]:
        return darkness_and_noise(self._micrograph, self.valid, **self._worked)

    @property
    def darkness(self) -> Plane:
        """Share of the way from the metal around to black, made when first asked for."""
        return self._darkness_and_noise[0]

    @cached_property
    def guess(self) -> Plane:
        """Probability of the zero-label method, (M, N, 1), made when first asked for."""
        return probability_from_darkness(*self._darkness_and_noise, **self._worked)

    def block(self, rows: slice, columns: slice) -> np.ndarray:
        """Planes of a window, float32 of shape (channels, m, n), at the model's scale."""
        down, along = self.axes
        source = down.source(rows), along.source(columns)
        found = np.empty((len(self.channels), *map(_length, (rows, columns))), np.float32)
        for number, name in enumerate(self.channels):
            seen = self.channel(name, *source)
            found[number] = stretched(seen, (down, rows), (along, columns))
        return found

    def channel(self, name: str, rows: slice, columns: slice) -> np.ndarray:
        """One plane of a window, float32 of shape (M, N), at the field's scale."""
        return _CHANNELS[name](self, rows, columns)

    def outside(self, rows: slice, columns: slice) -> np.ndarray:
        """Whether pixels of a window are resin or outside, as the zero-label method sees it."""
        return np.isnan(self.guess[rows, columns][..., 0])

    @cached_property
    def levels(self) -> tuple[Any, ...] | None:
        """Gray that 2, 50 and 98 % of the valid pixels do not exceed."""
        return gray_percentiles(self.pixels, self.valid, (2, 50, 98))

    @cached_property
    def gray_range(self) -> tuple[float, float]:
        """Darkest and brightest gray of the whole image."""
        parts = (valid_block(self.pixels, None, (r, slice(None)))[0] for r in strips(self.shape))
        ends = [(float(part.min()), float(part.max())) for part in parts]
        return min(low for low, _ in ends), max(high for _, high in ends)


def _length(span: slice) -> int:
    return span.stop - span.start


def _gray(view: FieldView, rows: slice, columns: slice) -> np.ndarray:
    grown, inner = zip(*map(_with_neighbours, (rows, columns), view.shape), strict=True)
    gray, counted = valid_block(view.pixels, view.valid, grown)
    if view.levels is None:
        return np.zeros(gray[inner].shape, np.float32)
    low, middle, high = view.levels
    gray = without_hot_pixels(np.where(counted, gray, np.float32(middle)))[inner]
    spread = max((high - low) / 2, 1e-3 * abs(middle), 1e-12)
    return np.clip((gray - middle) / spread, -CLIP, CLIP).astype(np.float32)


def _with_neighbours(span: slice, length: int) -> tuple[slice, slice]:
    """A span and the pixel at either end; where it lies in that."""
    start, stop = max(0, span.start - 1), min(length, span.stop + 1)
    return slice(start, stop), slice(span.start - start, span.stop - start)


def _darkness(view: FieldView, rows: slice, columns: slice) -> np.ndarray:
    return np.clip(view.darkness[rows, columns], -1, 1.5)


def _classical(view: FieldView, rows: slice, columns: slice) -> np.ndarray:
    return np.nan_to_num(view.guess[rows, columns][..., 0], nan=0.0)


def _minmax(view: FieldView, rows: slice, columns: slice) -> np.ndarray:
    gray, _ = valid_block(view.pixels, None, (rows, columns))
    low, high = view.gray_range
    return ((gray.astype(np.float64) - low) / (high - low or 1.0)).astype(np.float32)


_CHANNELS: dict[str, Callable[[FieldView, slice, slice], np.ndarray]] = {
    "gray": _gray,
    "darkness": _darkness,
    "classical": _classical,
    "minmax": _minmax,
}
