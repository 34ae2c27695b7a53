"""Polished sections of no build in particular: what the model in the box learns from.

`lpbf_build` follows physics and looks like one microscope. Here every look is drawn at random, much
wider than any one laboratory's (domain randomisation), so that a real section is one more sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from sorby.core.records import IGNORE
from sorby.synthetic.blemishes import random_blemishes
from sorby.synthetic.holes import Holes, random_holes
from sorby.synthetic.imaging import burn_scale_bar, recorded, smooth_noise, uneven_light

FINE = 2
"""Fields are drawn at this many times their resolution: a pixel holds part metal, part hole."""

LEAST_AREA_PX = 4
"""Size floor: what is smaller is not counted, neither as defect nor as metal."""

SURE_DEPTH, DOUBTFUL_DEPTH = 0.6, 0.4
"""A defect as seen is at least so deep as this share of the field's deep ones; between the two a
person may say either, and the pixels are not counted; fainter ones are blemishes of the metal."""

EDGE = 0.6
"""The boundary is where the darkness is this share of the way to the object's depth (for lighter
ones, of the geometric mean with the deep ones of the field). Half would be unbiased under blur;
people who set one gray threshold for a field draw a little inside."""

FAINTEST = 0.05
"""Least share of the metal's gray that a visible defect lacks."""


@dataclass(frozen=True)
class RandomSection:
    """A synthetic polished section and its truth.

    Attributes
    ----------
    pixels : ndarray of shape (M, N), uint8
        The micrograph.
    mask : ndarray of shape (M, N), uint8
        0 metal, 1 defect, 255 not counted (doubtful, resin).
    """

    pixels: np.ndarray = field(repr=False)
    mask: np.ndarray = field(repr=False)


def random_section(shape: tuple[int, int], *, rng: np.random.Generator) -> RandomSection:
    """One polished section with defects, blemishes, light and camera drawn at random.

    Parameters
    ----------
    shape : tuple of int
        (M, N), in px; at least 64.
    rng : numpy.random.Generator
        Source of everything.

    Returns
    -------
    RandomSection
        SYNTHETIC: never mix it with measured fields.

    Examples
    --------
    >>> section = random_section((96, 128), rng=np.random.default_rng(3))
    >>> section.pixels.shape, section.pixels.dtype, set(np.unique(section.mask)) <= {0, 1, 255}
    ((96, 128), dtype('uint8'), True)
    """
    holes_rng, metal_rng, light_rng, camera_rng = rng.spawn(4)
    fine = (FINE * shape[0], FINE * shape[1])
    holes = random_holes(fine, rng=holes_rng)
    solid = _particles(holes, holes_rng)
    depth = holes.depths[holes.instances]
    depth = np.where(solid, np.float32(0.08), depth)
    depth = _inside(depth, holes_rng)
    clean = random_blemishes(fine, rng=metal_rng)
    light = clean * (1 - depth) + _rims(depth, metal_rng) - _tails(depth, metal_rng)
    light, is_resin = _with_resin(light, light_rng)
    camera = _camera(shape, light_rng)
    pixels = camera.record(reduced(light), rng=camera_rng)
    seen_depth = camera.seen_depth(reduced(clean), reduced(clean * (1 - depth)))
    mask = _truth(seen_depth, camera.noise)
    mask[reduced(is_resin.astype(np.float32)) > 0] = IGNORE
    return RandomSection(*_with_bar(pixels, mask, camera_rng))


def reduced(values: np.ndarray) -> np.ndarray:
    """Means of blocks of `FINE` x `FINE` pixels."""
    rows, columns = (length // FINE for length in values.shape)
    return values.reshape(rows, FINE, columns, FINE).mean(axis=(1, 3))


def _particles(holes: Holes, rng: np.random.Generator) -> np.ndarray:
    """Unmelted powder: bright discs in some of the large holes."""
    solid = np.zeros(holes.instances.shape, bool)
    if rng.random() > 0.3:
        return solid
    areas = np.bincount(holes.instances.ravel(), minlength=len(holes.depths))
    boxes = ndimage.find_objects(holes.instances)
    for number in np.flatnonzero(areas > 400)[1:]:
        box = boxes[number - 1]
        if box is None or rng.random() > 0.4:
            continue
        radius = rng.uniform(0.12, 0.35) * np.sqrt(areas[number])
        row, column = (rng.uniform(span.start, span.stop) for span in box)
        y = np.arange(box[0].start, box[0].stop)[:, None] - row
        x = np.arange(box[1].start, box[1].stop)[None, :] - column
        solid[box] |= (y**2 + x**2 < radius**2) & (holes.instances[box] == number)
    return solid


def _inside(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Floors of holes: uneven, brighter in the middle where light comes back."""
    floor = 1 + rng.uniform(0, 0.12) * smooth_noise(
        (depth.shape[0], depth.shape[1]), rng.uniform(2, 8), rng=rng
    )
    if rng.random() < 0.2:
        middle = ndimage.gaussian_filter(depth, rng.uniform(4, 10))
        floor -= rng.uniform(0.1, 0.5) * np.clip(middle, 0, 1)
    if rng.random() < 0.25:
        depth = ndimage.gaussian_filter(depth, rng.uniform(0.5, 3))
    return np.clip(depth * floor, 0, 0.98).astype(np.float32)


def _rims(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bright rims, as of rounded edges and of sharpened images."""
    if rng.random() > 0.3:
        return np.zeros_like(depth)
    wide = ndimage.gaussian_filter(depth, rng.uniform(1.5, 5))
    return np.float32(rng.uniform(0.05, 0.4)) * np.maximum(wide - depth, 0)


def _tails(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Comet tails that the polishing cloth drags out of the holes, all in one direction."""
    if rng.random() > 0.25:
        return np.zeros_like(depth)
    angle, length = rng.uniform(0, 2 * np.pi), int(rng.integers(8, 50))
    step = np.array([np.sin(angle), np.cos(angle)])
    source = ndimage.gaussian_filter(depth, 2)
    tail = np.zeros_like(depth)
    for along in range(2, length, 2):
        moved = ndimage.shift(source, np.rint(step * along), order=0)
        np.maximum(tail, moved * (1 - along / length), out=tail)
    return np.float32(rng.uniform(0.03, 0.25)) * tail * (depth < 0.05)


def _truth(seen_depth: np.ndarray, noise: float) -> np.ndarray:
    """Mask: what is deep enough beside the deep ones, as it is seen, is a defect."""
    numbers, n_found = ndimage.label(seen_depth > FAINTEST, np.ones((3, 3)))
    mask = np.zeros(seen_depth.shape, np.uint8)
    if not n_found:
        return mask
    every = np.arange(1, n_found + 1)
    deepest = ndimage.maximum(seen_depth, numbers, every)
    areas = ndimage.sum_labels(seen_depth > FAINTEST, numbers, every)
    reference = np.average(deepest, weights=areas * deepest**4)
    cut = np.concatenate([[np.inf], EDGE * np.sqrt(deepest * reference)])
    inside = seen_depth >= cut[numbers]
    value = np.where(deepest >= SURE_DEPTH * reference, 1, IGNORE)
    value[(areas < LEAST_AREA_PX) | (255 * deepest < 4 * noise)] = IGNORE
    value[deepest < DOUBTFUL_DEPTH * reference] = 0
    return np.where(inside, np.concatenate([[0], value])[numbers], 0).astype(np.uint8)


def _with_resin(light: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Field at the edge of the sample: beyond a wavy line is dark resin, which does not count."""
    if rng.random() > 0.06:
        return light, np.zeros(light.shape, bool)
    edge = rng.uniform(0.05, 0.3) * light.shape[0] + 4 * smooth_noise(
        (1, light.shape[1]), (1, 20), rng=rng
    )
    is_resin = np.arange(light.shape[0])[:, None] < edge
    is_resin = np.rot90(is_resin, 2 * int(rng.integers(2)))
    return np.where(is_resin, np.float32(rng.uniform(0.05, 0.4)), light), is_resin


@dataclass(frozen=True)
class _Camera:
    """How the light of a field becomes gray values."""

    lamp: np.ndarray
    white: float
    haze: float
    gamma: float
    blur_px: float
    noise: float
    sharpening: float
    jpeg_quality: int
    inverts: bool

    def gray(self, light: np.ndarray) -> np.ndarray:
        light = np.clip((light * self.lamp + self.haze) / (1 + self.haze), 0, None)
        gray = np.minimum(self.white * light**self.gamma, 255)
        return 20 + 0.9 * (255 - gray) if self.inverts else gray

    def seen_depth(self, clean: np.ndarray, light: np.ndarray) -> np.ndarray:
        """Share of the metal's gray that a defect lacks (of its distance to white if inverted)."""
        soft = ndimage.gaussian_filter(light, self.blur_px)
        metal, gray = self.gray(ndimage.gaussian_filter(clean, self.blur_px)), self.gray(soft)
        return np.abs(metal - gray) / np.maximum(255 - metal if self.inverts else metal, 20)

    def record(self, light: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
        gray = self.gray(ndimage.gaussian_filter(light, self.blur_px))
        gray = gray + self.sharpening * (gray - ndimage.gaussian_filter(gray, 1.2))
        return recorded(gray, rng=rng, blur_px=0, noise=self.noise, jpeg_quality=self.jpeg_quality)


def _camera(shape: tuple[int, int], rng: np.random.Generator) -> _Camera:
    """Lamp, exposure up to saturation, haze, gamma, focus, noise, compression."""
    lamp = np.ones(shape, np.float32)
    if rng.random() < 0.85:
        lamp = uneven_light(shape, rng.uniform(0.02, 0.45), rng=rng)
    if rng.random() < 0.15:
        glare = np.clip(smooth_noise(shape, min(shape) / 6, rng=rng) - 1, 0, 2)
        lamp = lamp + np.float32(rng.uniform(0.03, 0.15)) * glare
    inverts = rng.random() < 0.03
    is_overexposed = not inverts and rng.random() < 0.2
    return _Camera(
        lamp,
        white=rng.uniform(240, 300) if is_overexposed else rng.uniform(90, 245),
        haze=rng.uniform(0, 0.2),
        gamma=rng.uniform(0.7, 1.4),
        blur_px=rng.uniform(0.35, 1.0) if rng.random() < 0.6 else rng.uniform(1.0, 2.2),
        noise=np.exp(rng.uniform(np.log(0.5), np.log(9))),
        sharpening=rng.uniform(0.3, 1.2) if rng.random() < 0.25 else 0.0,
        jpeg_quality=int(rng.integers(55, 96)),
        inverts=inverts,
    )


def _with_bar(
    pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A scale bar that nobody left out is metal: the model must not call it."""
    if rng.random() > 0.15:
        return pixels, mask
    burnt, _ = burn_scale_bar(pixels, rng.uniform(0.3, 6))
    return burnt, np.where(burnt != pixels, np.uint8(0), mask)
