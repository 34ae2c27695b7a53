"""Defects of any shape and size, drawn at random: what a segmenter must find whatever the build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from sorby.synthetic.imaging import smooth_noise

_NOISE_SIGMA_PX = 3.0
_LARGEST_SHARE = 0.3


@dataclass(frozen=True)
class Holes:
    """Defects of a field, before the microscope.

    Attributes
    ----------
    instances : ndarray of shape (M, N), int32
        0 on sound metal, else the number of the defect on top.
    depths : ndarray of shape (k + 1,), float32
        How much less light each defect sends back than the metal, 0 to 1; 0 for number 0.
    """

    instances: np.ndarray = field(repr=False)
    depths: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class _Family:
    """Defects that look alike."""

    median_px: float
    sigma: float
    aspect: float
    roughness: float
    angle: float
    angle_scatter: float


def random_holes(shape: tuple[int, int], *, rng: np.random.Generator) -> Holes:
    """Round pores, flat and jagged lack of fusion, and cracks, in a mixture drawn anew each time.

    Parameters
    ----------
    shape : tuple of int
        (M, N), in px.
    rng : numpy.random.Generator
        Source of number, sizes, shapes, places and depths.

    Returns
    -------
    Holes
        About one field in twelve holds none.

    Examples
    --------
    >>> holes = random_holes((200, 300), rng=np.random.default_rng(1))
    >>> holes.instances.shape, bool(holes.depths.max() < 1)
    ((200, 300), True)
    """
    instances = np.zeros(shape, np.int32)
    number = 0
    if rng.random() > 1 / 12:
        wanted_px = np.exp(rng.uniform(np.log(2e-4), np.log(0.15))) * shape[0] * shape[1]
        noise = [smooth_noise((512, 512), _NOISE_SIGMA_PX, rng=rng) for _ in range(2)]
        crowding = _crowding(shape, rng)
        for family in _families(rng):
            drawn_px = 0.0
            while drawn_px < wanted_px / 2 and number < 1500:
                number += 1
                drawn_px += _draw_hole(instances, number, family, noise, crowding, rng)
    if rng.random() < 0.2:
        for line in _cracks(shape, rng):
            number += 1
            instances[line] = number
    return Holes(instances, _depths(number, rng))


def _families(rng: np.random.Generator) -> Iterator[_Family]:
    direction = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.2)
    for _ in range(2):
        median_px = np.exp(rng.uniform(np.log(4), np.log(60)))
        sigma = rng.uniform(0.2, 0.8)
        if rng.random() < 0.45:
            yield _Family(median_px, sigma, rng.uniform(1, 1.5), rng.uniform(0, 0.25), 0, np.pi)
        else:
            scatter = rng.uniform(0.1, 1)
            aspect, roughness = rng.uniform(1.2, 4), rng.uniform(0.1, 1.1)
            yield _Family(median_px, sigma, aspect, roughness, direction, scatter)


def _crowding(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Places, in px: anywhere, or crowded where a smooth random field is high (bands of tracks)."""
    across, along = rng.uniform(1.5, 9), rng.uniform(3, 25)
    reach = (across, along) if rng.random() < 0.5 else (along, across)
    coarse = smooth_noise((shape[0] // 8 + 1, shape[1] // 8 + 1), reach, rng=rng)
    weight = np.exp(rng.uniform(0, 2.0) * coarse).ravel()
    picks = rng.choice(weight.size, 4096, p=weight / weight.sum())
    return np.stack(np.unravel_index(picks, coarse.shape), axis=1) * 8.0


def _draw_hole(
    instances: np.ndarray,
    number: int,
    family: _Family,
    noise: list[np.ndarray],
    crowding: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """Draw one hole and tell how many pixels it has."""
    largest = _LARGEST_SHARE * min(instances.shape)
    size = min(family.median_px * np.exp(rng.normal(0, family.sigma)), largest)
    aspect = 1 + (family.aspect - 1) * rng.uniform(0.4, 1.6)
    along, across = size / 2 * np.sqrt(aspect), size / 2 / np.sqrt(aspect)
    angle = family.angle + rng.uniform(-1, 1) * family.angle_scatter
    place = crowding[rng.integers(len(crowding))] + rng.uniform(-8, 8, 2)
    reach = int(1.5 * along) + 2
    top, left = np.floor(place).astype(int) - reach
    rows = slice(max(top, 0), max(min(top + 2 * reach, instances.shape[0]), 0))
    columns = slice(max(left, 0), max(min(left + 2 * reach, instances.shape[1]), 0))
    window = instances[rows, columns]
    if not window.size:
        return 0.0
    y = (np.arange(rows.start, rows.stop) - place[0])[:, None]
    x = (np.arange(columns.start, columns.stop) - place[1])[None, :]
    u = (x * np.cos(angle) + y * np.sin(angle)) / along
    v = (y * np.cos(angle) - x * np.sin(angle)) / across
    rough = family.roughness * _rough(noise, size, y, x, rng)
    inside = np.hypot(u, v) + rough < 1
    window[inside] = number
    return float(np.count_nonzero(inside))


def _rough(
    noise: list[np.ndarray], size: float, y: np.ndarray, x: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Random field with bumps of a fifth and a twelfth of a hole's size, around 0."""
    total = np.zeros((y.size, x.size), np.float32)
    for field_, bump, weight in zip(noise, (size / 5, size / 12), (0.35, 0.15), strict=True):
        step = _NOISE_SIGMA_PX / max(bump, 1.0)
        shift = rng.integers(0, 512, 2)
        rows = (np.floor(y * step).astype(int) + shift[0]) % 512
        columns = (np.floor(x * step).astype(int) + shift[1]) % 512
        total += np.float32(weight) * field_[rows, columns]
    return total


def _cracks(shape: tuple[int, int], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Winding lines whose width changes on the way."""
    direction = rng.uniform(0, np.pi)
    for _ in range(int(rng.integers(1, 9))):
        canvas = Image.new("1", (shape[1], shape[0]), 0)
        draw = ImageDraw.Draw(canvas)
        heading = direction + rng.normal(0, 0.3)
        place = rng.uniform((0, 0), shape)
        width, step = rng.uniform(1.5, 6), rng.uniform(4, 14)
        for _ in range(int(rng.integers(5, 40))):
            heading += rng.normal(0, 0.35)
            heading += 0.2 * (direction - heading)
            end = place + step * np.array([np.sin(heading), np.cos(heading)])
            ends = [tuple(place[::-1]), tuple(end[::-1])]
            draw.line(ends, fill=1, width=max(1, round(width * rng.uniform(0.5, 1.5))))
            place = end
        yield np.asarray(canvas)


def _depths(n_holes: int, rng: np.random.Generator) -> np.ndarray:
    """Depth of each hole: most of a field's are as dark as its darkest, some are lighter."""
    deepest = rng.uniform(0.35, 0.6) if rng.random() < 0.2 else rng.uniform(0.6, 0.97)
    lighter = rng.exponential(rng.uniform(0.02, 0.25), n_holes + 1)
    depths = deepest * (1 - np.minimum(lighter, 0.85))
    depths[0] = 0
    return depths.astype(np.float32)
