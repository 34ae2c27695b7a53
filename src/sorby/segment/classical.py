"""Flat field, noise floor, and each object cut at half its depth: masks before any label."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from sorby.core.planes import DiskPlane, NewPlane, Plane, WritablePlane
from sorby.core.records import Micrograph
from sorby.core.tiling import windows
from sorby.segment.darkness import HALO_PX, DarknessField, quiet_darkness
from sorby.segment.gray import check_field, gray_histogram, strips
from sorby.segment.objects import ObjectShapes, TiledObjects, measure_shapes

SEED_NOISE, EDGE_NOISE = 8.0, 3.0
"""An object is seeded 8 standard deviations of the noise below the metal (metal is rougher than
Gaussian: grain relief and polishing marks reach 5 to 6), and reaches out to 3."""

SEED_DARKNESS, EDGE_DARKNESS = 0.12, 0.06
"""Least darkness of a seed and of an object's skirt: stains and relief are fainter, however
quiet the camera."""

SEED_SHARE = 0.4
"""An object that is less than this share as deep as the deep objects of its field is a stain, a
groove or a speck too small to be resolved."""

REFERENCE_POWER = 4
"""Objects count with this power of their depth in the mean that says how deep the deep ones are.
On synthetic fields 2 to 5 did as well; the higher, the less a field's many faint specks matter."""

LEAST_AREA_PX = 4
"""Size floor, as for instances: smaller objects are not told from noise."""

SCRATCH_ASPECT = 10.0
"""A scratch is straight and at least so many times as long as wide."""

SCRATCH_FILL = 0.1
"""Scratches that cross fill less than this share of the rectangle they span."""

SCRATCH_DARKNESS = 0.35
"""A groove still reflects; a straight thin object darker than this is taken for a crack."""

OUTSIDE_SHARE = 0.5
"""What lies along the border over this share of the short side is resin, not a defect."""


def flatfield_otsu(
    micrograph: Micrograph,
    *,
    valid: np.ndarray | None = None,
    tile_px: int = 2048,
    new_plane: NewPlane = np.zeros,
) -> np.ndarray:
    """Probability of defect from the darkness of each object against the metal around it.

    1. Background: robust Gaussian average of the metal; darkness is the share of the way from
       it to black (to white on dark metal with bright defects).
    2. Objects: connected pixels darker than the noise floor that hold a seed far above it.
       Objects much fainter than the deep ones of the field are dropped.
    3. Boundary: where the darkness is half the object's depth, which is Otsu's midpoint between
       the object and its metal, and is unbiased under blur. Objects that blur made fainter than
       the deep ones are wider than they should be: the geometric mean of both depths is halved.
    4. Objects under 4 px, straight faint scratches, and resin along the border are dropped.

    A bright particle inside a pore stays a hole in the mask, so that the filled and the net
    area of the defect can both be measured.

    Parameters
    ----------
    micrograph : Micrograph
        Gray image of shape (M, N).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample; the others have no say and get probability 0.
    tile_px : int
        Edge of the tiles that are worked on one at a time. It sets the working memory and
        changes no pixel of the result.
    new_plane : callable
        Makes the plane that is worked in, and returned; see `sorby.core.planes`.

    Returns
    -------
    ndarray of float32 of shape (M, N, 1)
        0.5 on the boundary of an object and rising with darkness; below 0.5 outside.

    Raises
    ------
    SettingError
        If the image is not one gray plane, or the valid mask does not fit it.

    Examples
    --------
    >>> rows, columns = np.mgrid[:64, :64]
    >>> pixels = (120 + columns).astype(np.uint8)
    >>> pixels[(rows - 30) ** 2 + (columns - 20) ** 2 <= 36] = 40
    >>> probability = flatfield_otsu(Micrograph(pixels))
    >>> int((probability >= 0.5).sum()), int((pixels == 40).sum())
    (113, 113)
    """
    darkness, noise = darkness_and_noise(micrograph, valid, tile_px=tile_px, new_plane=new_plane)
    return _turned(darkness, noise, tile_px)


def darkness_and_noise(
    micrograph: Micrograph,
    valid: Plane | None,
    *,
    tile_px: int = 2048,
    new_plane: NewPlane = np.zeros,
) -> tuple[Any, float]:
    """Darkness of every pixel against the metal around it, and its noise.

    Parameters
    ----------
    micrograph : Micrograph
        Gray image of shape (M, N).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample.
    tile_px : int
        Edge of the tiles that are worked on one at a time.
    new_plane : callable
        Makes the plane of the darkness.

    Returns
    -------
    darkness : ndarray of float32 of shape (M, N)
        Share of the way from the metal to black; 0 where not valid.
    noise : float
        Standard deviation on sound metal; infinite where no pixel is valid.
    """
    pixels = micrograph.pixels
    check_field(pixels, valid)
    darkness = new_plane(pixels.shape, np.float32)
    histogram = gray_histogram(pixels, valid)
    if histogram is None:
        return darkness, np.inf
    field, noise = quiet_darkness(pixels, valid, histogram)
    _fill_with_darkness(darkness, field, tile_px)
    return darkness, noise


def probability_from_darkness(
    darkness: Plane, noise: float, *, tile_px: int = 2048, new_plane: NewPlane = np.zeros
) -> np.ndarray:
    """Probability of defect from the darkness of a field: steps 2 to 4 of `flatfield_otsu`.

    Parameters
    ----------
    darkness : ndarray of float32 of shape (M, N)
        From `darkness_and_noise`; left as it is.
    noise : float
        Its noise.
    tile_px : int
        Edge of the tiles.
    new_plane : callable
        Makes the plane of the probability.

    Returns
    -------
    ndarray of float32 of shape (M, N, 1)
        As of `flatfield_otsu`.
    """
    plane = new_plane(darkness.shape, np.float32)
    for rows in strips(plane.shape):
        plane[rows] = darkness[rows]
    return _turned(plane, noise, tile_px)


def _turned(plane: WritablePlane, noise: float, tile_px: int) -> np.ndarray:
    """Probability in the place of the darkness: a field is held once."""
    if np.isfinite(noise):
        _turn_into_probability(plane, noise, tile_px)
        _drop_small_and_outside(plane, tile_px)
    return cast(np.ndarray, plane.stacked() if isinstance(plane, DiskPlane) else plane[:, :, None])


def _fill_with_darkness(plane: WritablePlane, field: DarknessField, tile_px: int) -> None:
    for window in windows(plane.shape, size=tile_px, halo=HALO_PX):
        plane[window.core], _ = field.block(window)


def _turn_into_probability(plane: WritablePlane, noise: float, tile_px: int) -> None:
    """Replace darkness by probability, in place.

    Two levels of objects: those above the seed level have a depth of their own; the skirt
    around them, down to the edge level, belongs to the deepest that it connects.
    """
    edge = max(EDGE_NOISE * noise, EDGE_DARKNESS)
    seed = max(SEED_NOISE * noise, SEED_DARKNESS)
    skirts = TiledObjects(plane.shape, tile_px=tile_px, belongs=lambda tile: plane[tile] >= edge)
    around = measure_shapes(skirts, plane)
    reference = _reference_depth(around, seed, min(plane.shape))
    seed = max(seed, SEED_SHARE * reference)
    cores = TiledObjects(plane.shape, tile_px=tile_px, belongs=lambda tile: plane[tile] >= seed)
    core_cut = _cut(measure_shapes(cores, plane), seed, reference)
    skirt_cut = np.maximum(_cut(around, seed, reference), edge)
    for (tile, skirt), (_, core) in zip(skirts, cores, strict=True):
        cut = np.where(core > 0, core_cut[core], skirt_cut[skirt])
        dark = plane[tile]
        faint = np.minimum(dark / (2 * seed), 0.49)
        ramp = np.where(np.isfinite(cut), dark / (2 * cut), faint)
        plane[tile] = np.clip(ramp, 0, 1)


def _reference_depth(shapes: ObjectShapes, seed: float, short_side: int) -> float:
    """Depth of the deep objects of a field, 0 if there are none."""
    counts = (shapes.deepest >= seed) & (shapes.area_px >= LEAST_AREA_PX)
    counts &= ~_is_scratch(shapes) & ~_is_outside(shapes, short_side)
    counts[0] = False
    if not counts.any():
        return 0.0
    depth = shapes.deepest[counts].astype(float)
    return float(np.average(depth, weights=shapes.area_px[counts] * depth**REFERENCE_POWER))


def _cut(shapes: ObjectShapes, seed: float, reference: float) -> np.ndarray:
    """Darkness at the boundary of each object; infinite for what is none."""
    depth = shapes.deepest
    is_object = (depth >= seed) & ~_is_scratch(shapes)
    is_object[0] = False
    half = 0.5 * np.sqrt(depth * np.maximum(depth, np.float32(reference)))
    return np.where(is_object, half, np.float32(np.inf)).astype(np.float32)


def _is_scratch(shapes: ObjectShapes) -> np.ndarray:
    """One long straight line, or several that cross, and not very dark."""
    is_line = shapes.length_px >= SCRATCH_ASPECT * shapes.width_px
    is_web = shapes.area_px < SCRATCH_FILL * shapes.length_px * shapes.width_px
    return (is_line | is_web) & (shapes.deepest < SCRATCH_DARKNESS)


def _is_outside(shapes: ObjectShapes, short_side: int) -> np.ndarray:
    return shapes.border_px >= max(OUTSIDE_SHARE * short_side, 2 * LEAST_AREA_PX)


def _drop_small_and_outside(plane: WritablePlane, tile_px: int) -> None:
    objects = TiledObjects(plane.shape, tile_px=tile_px, belongs=lambda tile: plane[tile] >= 0.5)
    shapes = measure_shapes(objects, plane)
    outside = _is_outside(shapes, min(plane.shape))
    dropped = (shapes.area_px < LEAST_AREA_PX) & ~outside
    dropped[0] = outside[0] = False
    for tile, numbers in objects:
        part = plane[tile]
        part[dropped[numbers]] = 0
        part[outside[numbers]] = np.nan
        plane[tile] = part
