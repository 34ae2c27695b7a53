"""Which pool melted each point of a vertical section last, and what no pool ever reached.

Layers are added upwards (towards row 0). A pool is half an ellipse that hangs from the top of
its layer. Tracks that cross the section at the angle φ are seen stretched by 1/|sin φ|, hatch and
width alike, which leaves the geometric criterion (h/W)² + (t/D)² <= 1 as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

LARGEST_STRETCH = 3.0
"""Tracks nearly parallel to the section are drawn as if they crossed it at 19.5°."""


@dataclass(frozen=True)
class Pools:
    """Melt pools cut by the section, in the order of melting.

    Attributes
    ----------
    row, column : ndarray of shape (k,)
        Top of the layer and centre line of the track, in px.
    half_width, depth : ndarray of shape (k,)
        Semi-axes of the half ellipse in the section, in px.
    """

    row: np.ndarray
    column: np.ndarray
    half_width: np.ndarray
    depth: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def scatter_pools(
    shape: tuple[int, int],
    *,
    rng: np.random.Generator,
    um_per_px: float,
    width_um: float,
    depth_um: float,
    hatch_um: float,
    layer_um: float,
    rotation_deg: float = 67.0,
    width_scatter: float = 0.12,
    depth_scatter: float = 0.20,
) -> Pools:
    """Melt pools of all layers that reach into the field.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the field, in px.
    rng : numpy.random.Generator
        Source of the first direction, the offsets of the layers and the scatter.
    um_per_px : float
        Edge length of a pixel, in µm.
    width_um, depth_um : float
        Mean width and depth of the pools, in µm.
    hatch_um, layer_um : float
        Hatch distance and layer thickness, in µm.
    rotation_deg : float
        Turn of the scan direction from layer to layer.
    width_scatter, depth_scatter : float
        Standard deviation of width and depth from pool to pool, relative.

    Returns
    -------
    Pools
        Lower layers first, tracks of a layer from left to right.
    """
    top_um = shape[0] * um_per_px
    reach_um = depth_um * (1 + 4 * depth_scatter)
    n_layers = int(np.ceil((top_um + reach_um) / layer_um)) + 1
    angles = np.radians(rng.uniform(0, 360) + rotation_deg * np.arange(n_layers))
    stretches = np.minimum(1 / np.maximum(np.abs(np.sin(angles)), 1e-9), LARGEST_STRETCH)
    rows, columns, halves = [], [], []
    for layer, stretch in enumerate(stretches, start=1):
        pitch = hatch_um * stretch / um_per_px
        half = width_um / 2 * stretch / um_per_px
        first = rng.uniform(-1, 0) * pitch - np.ceil(2 * half / pitch) * pitch
        centres = np.arange(first, shape[1] + 2 * half, pitch)
        columns.append(centres)
        halves.append(np.full(len(centres), half))
        rows.append(np.full(len(centres), (top_um - layer * layer_um) / um_per_px - 0.5))
    row, column, half_width = map(np.concatenate, (rows, columns, halves))
    depth = np.full(len(row), depth_um / um_per_px)
    return Pools(
        row,
        column,
        half_width * np.maximum(rng.normal(1, width_scatter, len(row)), 0.3),
        depth * np.maximum(rng.normal(1, depth_scatter, len(row)), 0.3),
    )


def last_melted(pools: Pools, shape: tuple[int, int]) -> np.ndarray:
    """Number of the pool that melted each pixel last.

    Parameters
    ----------
    pools : Pools
        In the order of melting.
    shape : tuple of int
        (M, N) of the field, in px.

    Returns
    -------
    ndarray of shape (M, N)
        int32: 0 where no pool ever reached, else 1 for the first pool and so on.
    """
    owner = np.zeros(shape, dtype=np.int32)
    for number in range(len(pools)):
        row, depth = pools.row[number], pools.depth[number]
        column, half = pools.column[number], pools.half_width[number]
        rows = slice(max(0, int(np.ceil(row))), max(0, int(row + depth) + 1))
        columns = slice(max(0, int(np.ceil(column - half))), max(0, int(column + half) + 1))
        window = owner[rows, columns]
        if window.size:
            y = (np.arange(rows.start, rows.start + window.shape[0]) - row) / depth
            x = (np.arange(columns.start, columns.start + window.shape[1]) - column) / half
            window[y[:, None] ** 2 + x[None, :] ** 2 <= 1] = number + 1
    return owner


def voids_of(
    unmelted: np.ndarray,
    *,
    rng: np.random.Generator,
    um_per_px: float,
    rounding_um: float = 7.0,
    smallest_um: float = 16.0,
) -> np.ndarray:
    """Voids that the unmelted set leaves once surface tension has drawn the liquid over it.

    Lone slivers close, neighbours join, cusps round off: the set is blurred over ``rounding_um``
    and cut at 0.45, with some roughness from half-molten powder. What is smaller than a powder
    particle fills up.

    Parameters
    ----------
    unmelted : ndarray of shape (M, N)
        bool: pixels that no pool reached.
    rng : numpy.random.Generator
        Source of the roughness.
    um_per_px : float
        Edge length of a pixel, in µm.
    rounding_um : float
        Standard deviation of the blur, in µm.
    smallest_um : float
        Equivalent diameter under which voids fill up, in µm.

    Returns
    -------
    ndarray of shape (M, N)
        bool.
    """
    share = ndimage.gaussian_filter(unmelted.astype(np.float32), rounding_um / um_per_px)
    rough = ndimage.gaussian_filter(rng.standard_normal(share.shape, np.float32), 2 / um_per_px)
    labels, _ = ndimage.label(share + 0.06 * rough / rough.std() * (share > 0.1) > 0.45)
    areas_um2 = np.bincount(labels.ravel()) * um_per_px**2
    kept = areas_um2 >= np.pi / 4 * smallest_um**2
    kept[0] = False
    return kept[labels]
