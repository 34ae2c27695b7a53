"""Polished micrograph of a section with known defects."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sorby.synthetic.imaging import recorded, scratches, smooth_noise, uneven_light


def render_polished(
    instances: np.ndarray, particles: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Bright metal, dark defects, and what preparation and microscope add.

    Parameters
    ----------
    instances : ndarray of shape (M, N)
        0 on sound metal.
    particles : ndarray of shape (M, N)
        bool: metal powder that is seen inside defects.
    rng : numpy.random.Generator
        Source of light, scratches, stains and noise.

    Returns
    -------
    ndarray of shape (M, N)
        uint8.
    """
    shape = (instances.shape[0], instances.shape[1])
    metal = rng.uniform(195, 222) + 1.5 * smooth_noise(shape, 1.2, rng=rng)
    metal -= rng.uniform(15, 60) * scratches(shape, int(rng.integers(3, 14)), rng=rng)
    metal -= _stains(shape, rng)
    metal -= _comet_tails(instances, rng)
    floors = rng.uniform(35, 75) + rng.exponential(15, int(instances.max()) + 1)
    floor = np.minimum(floors, 140)[instances] + 8 * smooth_noise(shape, 2.0, rng=rng)
    image = np.where(instances > 0, floor, metal)
    image = np.where(particles, rng.uniform(0.75, 0.95) * metal, image)
    image = image * uneven_light(shape, rng.uniform(0.06, 0.2), rng=rng)
    return recorded(image, rng=rng, blur_px=rng.uniform(0.6, 1.3), noise=rng.uniform(1.5, 4))


def _stains(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Few soft, low-contrast patches left by drying."""
    field = smooth_noise(shape, min(shape) / 14, rng=rng)
    return rng.uniform(6, 20) * np.clip(field - 1.8, 0, 1)


def _comet_tails(instances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Faint tails that the polishing cloth drags out of some pores, all in one direction."""
    n_defects = int(instances.max())
    tailed = np.concatenate([[False], rng.random(n_defects) < 0.12])[instances]
    step = np.array([np.sin(angle := rng.uniform(0, 2 * np.pi)), np.cos(angle)])
    tail = np.zeros(instances.shape, dtype=np.float32)
    source = ndimage.gaussian_filter(tailed.astype(np.float32), 1.0)
    for k in range(1, 13):
        rows, columns = np.rint(step * 2 * k).astype(int)
        np.maximum(tail, _moved(source, rows, columns) * (1 - k / 13), out=tail)
    return 22 * tail


def _moved(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    moved = np.zeros_like(image)
    height, width = image.shape
    moved[max(0, rows) : height + min(0, rows), max(0, columns) : width + min(0, columns)] = image[
        max(0, -rows) : height + min(0, -rows), max(0, -columns) : width + min(0, -columns)
    ]
    return moved
