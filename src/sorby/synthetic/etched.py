"""Etched twin of a polished section: melt-pool arcs, columnar grains, pits, defects."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sorby.synthetic.imaging import recorded, smooth_noise, uneven_light

_TILTS = (-0.5, 0.0, 0.5)


def render_etched(
    owner: np.ndarray,
    voids: np.ndarray,
    pores: np.ndarray,
    particles: np.ndarray,
    *,
    rng: np.random.Generator,
    um_per_px: float,
) -> np.ndarray:
    """Structure that the etchant shows, with the defects at the coordinates of the polished twin.

    Parameters
    ----------
    owner : ndarray of shape (M, N)
        Number of the pool that melted each pixel last.
    voids, pores, particles : ndarray of shape (M, N)
        bool: lack of fusion, gas and keyhole pores, powder inside the voids.
    rng : numpy.random.Generator
        Source of the etch, the texture and the noise.
    um_per_px : float
        Edge length of a pixel, in µm.

    Returns
    -------
    ndarray of shape (M, N)
        uint8.
    """
    shape = (owner.shape[0], owner.shape[1])
    strength = rng.beta(1.3, 1.8)
    image = _matrix(owner, strength, rng)
    image -= _boundaries(owner, rng)
    image -= _pits(shape, rng, um_per_px)
    image *= uneven_light(shape, rng.uniform(0.03, 0.12), rng=rng)
    image = np.clip(image, 45, 253)
    image = _with_pores(image, pores, rng)
    image = _with_voids(image, voids, particles, rng)
    blur = rng.uniform(0.55, 1.7)
    return recorded(image, rng=rng, blur_px=blur, noise=rng.uniform(1, 3), jpeg_quality=88)


def _matrix(owner: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Gray of the metal: darker and rougher the stronger the etch, uneven over the field."""
    shape = (owner.shape[0], owner.shape[1])
    n_pools = int(owner.max()) + 1
    local = np.clip(strength + 0.22 * smooth_noise(shape, 70, rng=rng), 0, 1)
    tint = rng.normal(0, 1, n_pools).astype(np.float32)[owner]
    columns = _columns(shape, rng.integers(0, len(_TILTS), n_pools)[owner], rng)
    grains = _grains(shape, rng)
    mottle = smooth_noise(shape, 3.0, rng=rng)
    rough = smooth_noise(shape, 0.9, rng=rng) * np.where(grains > 0.7, 2.2, 1)
    image = 250 - 150 * local + (8 + 18 * local) * tint + (8 + 28 * local) * grains
    return image + (3 + 9 * local) * mottle + (2 + 9 * local) * columns + (2 + 9 * local) * rough


def _grains(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Patches of even gray, longer along the build direction, that cross pool boundaries."""
    patches = np.zeros(shape, dtype=np.float32)
    for weight in (0.7, 0.5, 0.4):
        field = smooth_noise(shape, (15, 9), rng=rng) + 0.2 * smooth_noise(shape, (3, 1.5), rng=rng)
        patches += weight * np.tanh(6 * field)
    return patches


def _columns(shape: tuple[int, int], tilt: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fine columnar texture, one direction in each pool."""
    reach = int(max(_TILTS) * shape[0]) + 1
    wide = smooth_noise((shape[0], shape[1] + 2 * reach), (5, 0.8), rng=rng)
    shifts = np.arange(shape[0])[:, None]
    columns = np.arange(shape[1])[None, :] + reach
    sheared = [wide[shifts, columns + np.rint(slope * shifts).astype(int)] for slope in _TILTS]
    return np.choose(tilt, sheared)


def _boundaries(owner: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dark lines where one pool ends on another, fading in and out."""
    edge = np.zeros(owner.shape, dtype=np.float32)
    edge[1:] += owner[1:] != owner[:-1]
    edge[:, 1:] += owner[:, 1:] != owner[:, :-1]
    line = ndimage.gaussian_filter(np.minimum(edge, 1), rng.uniform(0.6, 1.1))
    wide = ndimage.gaussian_filter(np.minimum(edge, 1), 3.0)
    fading = np.clip(
        0.6 + 0.5 * smooth_noise((owner.shape[0], owner.shape[1]), 12, rng=rng), 0, 1.3
    )
    return fading * (rng.uniform(70, 130) * line + rng.uniform(0, 50) * wide)


def _pits(shape: tuple[int, int], rng: np.random.Generator, um_per_px: float) -> np.ndarray:
    """Small dark dots where the etchant bit deeper."""
    area_mm2 = shape[0] * shape[1] * (um_per_px / 1e3) ** 2
    pits = np.zeros(shape, dtype=np.float32)
    for sigma_px, depth in ((0.8, 260), (1.5, 700)):
        n_pits = rng.poisson(rng.uniform(60, 450) * area_mm2)
        dots = np.zeros(shape, dtype=np.float32)
        places = rng.integers(0, shape[0], n_pits), rng.integers(0, shape[1], n_pits)
        dots[places] = depth * rng.uniform(0.1, 1, n_pits)
        pits += ndimage.gaussian_filter(dots, sigma_px)
    return pits


def _with_pores(image: np.ndarray, pores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Black, with a sharp edge and a faint bright rim."""
    rim = ndimage.binary_dilation(pores, iterations=3)
    image = image + rng.uniform(0, 25) * ndimage.gaussian_filter(rim.astype(np.float32), 1.0)
    return np.where(pores, rng.uniform(12, 32), image)


def _with_voids(
    image: np.ndarray, voids: np.ndarray, particles: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Dark, ragged, a little out of focus; powder and void floor inside reflect brightly."""
    shape = (image.shape[0], image.shape[1])
    hollows = voids | particles
    if not hollows.any():
        return image
    swollen = ndimage.binary_dilation(hollows, iterations=2).astype(np.float32)
    halo = ndimage.gaussian_filter(swollen, 2.2)
    ragged = np.clip(1 + 0.3 * smooth_noise(shape, 1.5, rng=rng), 0.3, 1.5)
    image = image - rng.uniform(70, 110) * halo * ragged
    floor = 26 + 16 * smooth_noise(shape, 1.3, rng=rng)
    image = np.where(voids, floor, np.maximum(image, 12))
    bright = rng.uniform(185, 255) + 20 * smooth_noise(shape, 1.5, rng=rng)
    image = np.where(particles | _glints(hollows, rng), bright, image)
    return np.where(swollen > 0, ndimage.gaussian_filter(image, rng.uniform(0.6, 1.6)), image)


def _glints(voids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ragged bright patches well inside some voids: half-molten powder and the void's floor."""
    shape = (voids.shape[0], voids.shape[1])
    labels, n_voids = ndimage.label(voids)
    wall_px = rng.uniform(4, 9, n_voids + 1)[labels]
    level = rng.normal(0.9, 0.8, n_voids + 1)[labels]
    inside = ndimage.distance_transform_edt(voids) > wall_px
    return inside & (smooth_noise(shape, 2.0, rng=rng) > level)
