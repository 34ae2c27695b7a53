"""Embedding by a pretrained network: what its mid-level maps see, wherever in the field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph
from sorby.features.fields import Tile, field_tiles, paired_fields

if TYPE_CHECKING:
    from torch import Tensor

_SMALLEST_TILE = 32
_HALO = 32


def network(
    micrographs: Iterable[Micrograph],
    *,
    rng: np.random.Generator,
    valid: Sequence[np.ndarray | None] | None = None,
    um_per_px: float | None = None,
    tile_px: int = 1024,
) -> np.ndarray:
    """Mean and deviation of the mid-level maps of EfficientNet-lite0 with ImageNet weights.

    Each field is brought to the common scale and its median gray to 127; pixels that are not
    valid become 127. The 40 maps of stride 8 and the 112 maps of stride 16 are averaged over
    the field, each position weighted by the valid part of its area.

    Parameters
    ----------
    micrographs : iterable of Micrograph
        The fields; at least one. Taken one at a time (a generator may read them from disk).
    rng : numpy.random.Generator
        Not used: nothing is drawn.
    valid : sequence of (ndarray of shape (M, N) or None), optional
        Pixels that are sample, one mask or None for each field.
    um_per_px : float, optional
        Common scale; by default the median of those known. A field without scale, and one whose
        factor would leave 1/4 to 4, is resized no further.
    tile_px : int
        Edge of the tiles that large fields are cut into, in px; at least 32.

    Returns
    -------
    ndarray of shape (n, 304)
        float32: means of 40 and 112 maps, then their standard deviations.

    Raises
    ------
    ModelError
        If the extra ``pretrained`` is not installed.
    SettingError
        If there is no field, one is not a gray plane, masks do not fit, or fields of a generator
        have different scales and ``um_per_px`` is not given.

    Examples
    --------
    >>> gray = np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8)
    >>> network([Micrograph(gray)], rng=np.random.default_rng(0)).shape
    (1, 304)
    """
    if tile_px < _SMALLEST_TILE:
        raise SettingError(f"Tiles of {tile_px} px are too small. Use {_SMALLEST_TILE} or more.")
    rows = [
        _pooled(field_tiles(micrograph, mask, factor, size=tile_px, halo=_HALO))
        for micrograph, mask, factor in paired_fields(micrographs, valid, um_per_px)
    ]
    if not rows:
        raise SettingError("There is no field to embed. Import at least one image.")
    return np.stack(rows).astype(np.float32)


def _pooled(tiles: Iterable[Tile]) -> np.ndarray:
    """Mean and standard deviation of each map over all tiles."""
    total = np.zeros((3, 2, 112))  # weight, sum, sum of squares; stride 8 and 16; channels
    flat = np.zeros_like(total)
    for tile in tiles:
        maps = _maps(tile.gray)
        total += _sums(maps, tile.counted)
        if not total[0].any():
            flat += _sums(maps, np.ones_like(tile.counted))
    weight, first, second = total if total[0].any() else flat
    mean = first / np.maximum(weight, 1e-12)
    deviation = np.sqrt(np.maximum(second / np.maximum(weight, 1e-12) - mean**2, 0))
    return np.concatenate([mean[0, :40], mean[1], deviation[0, :40], deviation[1]])


def _maps(gray: np.ndarray) -> tuple[Tensor, Tensor]:
    import torch

    from sorby.learn.efficientnet import frozen_lite0, normalised

    with torch.inference_mode():
        image = normalised(gray[None]).contiguous(memory_format=torch.channels_last)
        maps = frozen_lite0().maps(image)
        return maps.stride8[0], maps.stride16[0]


def _sums(maps: tuple[Tensor, Tensor], counted: np.ndarray) -> np.ndarray:
    import torch
    from torch.nn import functional

    mask = torch.from_numpy(counted.astype(np.float32))[None, None]
    sums = np.zeros((3, 2, 112))
    for place, (grid, stride) in enumerate(zip(maps, (8, 16), strict=True)):
        rows, columns = grid.shape[-2:]
        area = functional.adaptive_avg_pool2d(mask, (rows, columns))[0].double() * stride**2
        values = grid.double()
        for power in range(3):
            sums[power, place, : len(grid)] = (area * values**power).sum(dim=(1, 2)).numpy()
    return sums
