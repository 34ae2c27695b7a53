"""Gas and keyhole pores: how many, how large, where, as seen in a section."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sorby.synthetic.melting import Pools
from sorby.synthetic.micrographs import ellipses


@dataclass(frozen=True)
class PoreFamily:
    """Log-normal spheres in the volume, seen in a section.

    Attributes
    ----------
    per_mm2 : float
        Mean number of sections in a mm² of the plane.
    median_um : float
        Median diameter of the spheres, in µm.
    sigma : float
        Standard deviation of the logarithm of the diameter.
    largest_aspect : float
        Sections are stretched by 1 to this ratio.
    """

    per_mm2: float
    median_um: float
    sigma: float
    largest_aspect: float = 1.0

    @property
    def area_fraction(self) -> float:
        """Expected area fraction of the sections: the volume fraction of the spheres."""
        mu, variance = np.log(self.median_um / 1e3), self.sigma**2
        mean_section_mm2 = np.pi / 6 * np.exp(2 * mu + 4 * variance)
        return self.per_mm2 * float(mean_section_mm2)


def section_diameters(
    family: PoreFamily, n_sections: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Diameters of the circles in which a plane cuts spheres.

    Large spheres are hit more often (in proportion to their diameter), and the cut is at a
    uniform distance from the centre.

    Parameters
    ----------
    family : PoreFamily
        Sizes in the volume.
    n_sections : int
        How many.
    rng : numpy.random.Generator
        Source of sizes and distances.

    Returns
    -------
    ndarray of shape (n_sections,)
        Diameters, in µm.

    References
    ----------
    .. [1] S. D. Wicksell, "The corpuscle problem", Biometrika 17 (1925) 84-99.

    Examples
    --------
    >>> family = PoreFamily(per_mm2=10, median_um=10, sigma=0.0)
    >>> mean = section_diameters(family, 100_000, rng=np.random.default_rng(0)).mean()
    >>> bool(abs(mean - 10 * np.pi / 4) < 0.02)
    True
    """
    hit = rng.lognormal(np.log(family.median_um) + family.sigma**2, family.sigma, n_sections)
    return hit * np.sqrt(1 - rng.uniform(0, 1, n_sections) ** 2)


def uniform_pores(
    family: PoreFamily,
    shape: tuple[int, int],
    *,
    rng: np.random.Generator,
    um_per_px: float,
    field_factor: float = 1.0,
) -> np.ndarray:
    """Pores that lie anywhere (gas).

    Parameters
    ----------
    family : PoreFamily
        Number and sizes.
    shape : tuple of int
        (M, N) of the field, in px.
    rng : numpy.random.Generator
        Source of number, places and sizes.
    um_per_px : float
        Edge length of a pixel, in µm.
    field_factor : float
        This field's rate over the mean rate.

    Returns
    -------
    ndarray of shape (M, N)
        bool.
    """
    margin = 4 * family.median_um / um_per_px
    height, width = shape[0] + 2 * margin, shape[1] + 2 * margin
    area_mm2 = height * width * (um_per_px / 1e3) ** 2
    n_pores = rng.poisson(family.per_mm2 * field_factor * area_mm2)
    centres = rng.uniform((-margin, -margin), (height - margin, width - margin), (n_pores, 2))
    return _drawn(centres, family, shape, rng, um_per_px)


def keyhole_pores(
    family: PoreFamily,
    pools: Pools,
    owner: np.ndarray,
    *,
    rng: np.random.Generator,
    um_per_px: float,
    field_factor: float = 1.0,
) -> np.ndarray:
    """Pores left near the bottom of pools where a keyhole collapsed.

    Parameters
    ----------
    family : PoreFamily
        Number and sizes.
    pools : Pools
        The melt pools.
    owner : ndarray of shape (M, N)
        Number of the pool that melted each pixel last: a later pool wipes the pore out.
    rng : numpy.random.Generator
        Source of number, places and sizes.
    um_per_px : float
        Edge length of a pixel, in µm.
    field_factor : float
        This field's rate over the mean rate.

    Returns
    -------
    ndarray of shape (M, N)
        bool.
    """
    area_mm2 = owner.size * (um_per_px / 1e3) ** 2
    n_pores = rng.poisson(family.per_mm2 * field_factor * area_mm2)
    tries = rng.integers(0, len(pools), 60 * n_pores + 60)
    row = pools.row[tries] + pools.depth[tries] * rng.uniform(0.75, 0.95, len(tries))
    column = pools.column[tries] + pools.half_width[tries] * rng.normal(0, 0.12, len(tries))
    rows, columns = np.rint(row).astype(int), np.rint(column).astype(int)
    seen = (rows >= 0) & (rows < owner.shape[0]) & (columns >= 0) & (columns < owner.shape[1])
    kept = np.flatnonzero(seen)
    kept = kept[owner[rows[kept], columns[kept]] == tries[kept] + 1][:n_pores]
    return _drawn(np.stack([row, column], axis=1)[kept], family, owner.shape, rng, um_per_px)


def _drawn(
    centres: np.ndarray,
    family: PoreFamily,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    um_per_px: float,
) -> np.ndarray:
    radii = section_diameters(family, len(centres), rng=rng) / 2 / um_per_px
    stretch = np.sqrt(rng.uniform(1, family.largest_aspect, len(centres)))
    axes = np.maximum(np.stack([radii * stretch, radii / stretch], axis=1), 1e-6)
    angles = rng.uniform(0, 180, len(centres))
    return ellipses((shape[0], shape[1]), centres, axes, angles_deg=angles)
