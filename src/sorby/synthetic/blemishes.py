"""What is dark on a polished section and is no defect: scratches, stains, specks, relief, lines."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from sorby.synthetic.imaging import smooth_noise


def random_blemishes(shape: tuple[int, int], *, rng: np.random.Generator) -> np.ndarray:
    """Light that the metal sends back, against clean metal.

    Parameters
    ----------
    shape : tuple of int
        (M, N), in px.
    rng : numpy.random.Generator
        Source of kinds, places and strengths.

    Returns
    -------
    ndarray of shape (M, N)
        float32 around 1.

    Examples
    --------
    >>> light = random_blemishes((100, 120), rng=np.random.default_rng(0))
    >>> light.shape, bool(0.9 < np.median(light) < 1.1)
    ((100, 120), True)
    """
    light = np.ones(shape, np.float32)
    for chance, blemish in (
        (0.7, _relief),
        (0.35, _rough_patches),
        (0.3, _grains),
        (0.45, _stains),
        (0.75, _polishing_lines),
        (0.6, _scratches),
        (0.15, _etched_lines),
        (0.7, _specks),
        (0.06, _indent),
    ):
        if rng.random() < chance:
            light += blemish(shape, rng)
    return np.maximum(light, 0.1)


def _relief(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    sigma = np.exp(rng.uniform(np.log(0.8), np.log(6)))
    return _strength(rng, 0.003, 0.025) * smooth_noise(shape, sigma, rng=rng)


def _rough_patches(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Bumps and dents side by side, in parts of the field."""
    where = np.clip(smooth_noise(shape, min(shape) / 9, rng=rng) - 0.5, 0, 1)
    return _strength(rng, 0.01, 0.1) * where * smooth_noise(shape, rng.uniform(1.5, 4), rng=rng)


def _grains(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Grains that differ a little in brightness: the nearest of random points decides."""
    n_grains = int(rng.integers(20, 300))
    points = rng.uniform((0, 0), shape, (n_grains, 2)).astype(int)
    seeds = np.ones(shape, bool)
    seeds[points[:, 0], points[:, 1]] = False
    nearest = ndimage.distance_transform_edt(seeds, return_distances=False, return_indices=True)
    levels = rng.standard_normal(shape).astype(np.float32)
    return _strength(rng, 0.004, 0.03) * levels[nearest[0], nearest[1]]


def _stains(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Soft patches, some with the sharper rim that drying leaves."""
    field = smooth_noise(shape, min(shape) / rng.uniform(6, 30), rng=rng)
    edge = rng.uniform(1.0, 2.0)
    patch = np.clip((field - edge) * rng.uniform(0.5, 3), 0, 1)
    if rng.random() < 0.3:
        patch = 0.4 * patch + np.exp(-(((field - edge) / 0.12) ** 2))
    return _either_sign(rng) * _strength(rng, 0.02, 0.17) * patch


def _polishing_lines(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Many faint parallel lines."""
    angle, strength = rng.uniform(0, np.pi), _strength(rng, 0.01, 0.06)
    drawn = np.zeros(shape, np.float32)
    for sign in (-1, 1):
        lines = _lines(
            shape, int(rng.integers(10, 120)), angle, 0.05, rng.uniform(1, 2.5), 0.05, rng
        )
        drawn += sign * lines
    return strength * ndimage.gaussian_filter(drawn, rng.uniform(0.5, 1.5))


def _scratches(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Single grooves, straight and of even width, some of them deep."""
    drawn = _lines(
        shape, int(rng.integers(1, 14)), rng.uniform(0, np.pi), 0.6, rng.uniform(1, 4), 0.02, rng
    )
    sign = -1 if rng.random() < 0.85 else 1
    return sign * _strength(rng, 0.05, 0.6) * ndimage.gaussian_filter(drawn, rng.uniform(0.4, 1.2))


def _etched_lines(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Curved lines, as of melt pools and grain boundaries that show through."""
    drawn = _lines(
        shape, int(rng.integers(5, 60)), rng.uniform(0, np.pi), 1.5, rng.uniform(1, 3), 0.9, rng
    )
    return -_strength(rng, 0.03, 0.18) * ndimage.gaussian_filter(drawn, rng.uniform(0.5, 1.5))


def _specks(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Faint points: dirt, carbides, relief of precipitates."""
    drawn = np.zeros(shape, np.float32)
    n_specks = int(np.exp(rng.uniform(np.log(10), np.log(2000))))
    rows, columns = (rng.integers(0, length, n_specks) for length in shape)
    drawn[rows, columns] = rng.uniform(0.2, 1, n_specks)
    sigma = rng.uniform(0.8, 3.0)
    drawn = 2 * np.pi * sigma**2 * ndimage.gaussian_filter(drawn, sigma)
    return _either_sign(rng) * _strength(rng, 0.02, 0.14) * np.minimum(drawn, 1.2)


def _indent(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Square pyramid of a hardness test: dark faces, bright ridges."""
    half = rng.uniform(0.03, 0.1) * min(shape)
    row, column = rng.uniform(half, np.asarray(shape) - half)
    y = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(row)
    x = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(column)
    inside = (np.abs(y) + np.abs(x)) < half
    ridge = np.minimum(np.abs(x), np.abs(y)) < max(1.0, 0.06 * half)
    return np.where(inside, np.where(ridge, 0.1, -rng.uniform(0.2, 0.6)), 0).astype(np.float32)


def _lines(
    shape: tuple[int, int],
    n_lines: int,
    angle: float,
    scatter: float,
    width: float,
    bend: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Lines of random depth, 0 to 1, in about one direction, straight or bent."""
    canvas = Image.new("L", (shape[1], shape[0]), 0)
    draw = ImageDraw.Draw(canvas)
    for _ in range(n_lines):
        heading = angle + rng.normal(0, scatter)
        place = rng.uniform((0, 0), shape)
        length = rng.uniform(0.05, 1.2) * max(shape)
        turn = rng.normal(0, bend) / 12
        points = [place]
        for _ in range(12):
            heading += turn
            points.append(points[-1] + length / 12 * np.array([np.sin(heading), np.cos(heading)]))
        ends = [(float(x), float(y)) for y, x in points]
        depth = int(255 * rng.uniform(0.2, 1))
        draw.line(ends, fill=depth, width=max(1, round(width * rng.uniform(0.6, 1.3))))
    return np.asarray(canvas, np.float32) / 255


def _strength(rng: np.random.Generator, least: float, most: float) -> np.float32:
    return np.float32(np.exp(rng.uniform(np.log(least), np.log(most))))


def _either_sign(rng: np.random.Generator) -> int:
    return -1 if rng.random() < 0.8 else 1
