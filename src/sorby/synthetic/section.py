"""A vertical section through a specimen: pools and defects, before any image is made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from sorby.core.records import ProcessPoint
from sorby.physics import (
    find_alloy,
    keyhole_threshold,
    lack_of_fusion_criterion,
    melt_pool_depth,
    normalised_enthalpy,
    rosenthal_width,
)
from sorby.synthetic.melting import last_melted, scatter_pools, voids_of
from sorby.synthetic.micrographs import discs
from sorby.synthetic.pores import PoreFamily, keyhole_pores, uniform_pores

GAS = PoreFamily(per_mm2=7.0, median_um=11.0, sigma=0.4)
"""Gas pores: the same at every setting."""

KEYHOLES_PER_MM2 = 30.0
"""Keyhole pores in a mm² where the normalised enthalpy is twice the keyhole threshold."""

FIELD_SHAPE = 6.0
"""Shape of the gamma factor by which pore rates vary between fields: counts are negative binomial.
"""

SMALLEST_HOLLOW_UM = 4.5
"""Voids narrower than twice this hold no powder particle."""


@dataclass(frozen=True)
class Section:
    """Pools and defects of a section; layers added towards row 0.

    Attributes
    ----------
    owner : ndarray of shape (M, N)
        int32: number of the pool that melted each pixel last, 0 for none.
    lack_of_fusion, keyhole, gas : ndarray of shape (M, N)
        bool: pixels of each true type.
    particles : ndarray of shape (M, N)
        bool: powder inside the lack of fusion, and not part of it.
    """

    owner: np.ndarray
    lack_of_fusion: np.ndarray
    keyhole: np.ndarray
    gas: np.ndarray
    particles: np.ndarray

    def flipped(self) -> Section:
        """The same with layers added towards the last row."""
        return replace(self, **{name: array[::-1] for name, array in vars(self).items()})


def cut_section(
    process: ProcessPoint,
    *,
    rng: np.random.Generator,
    shape: tuple[int, int],
    um_per_px: float,
    size_factor: float = 1.0,
) -> Section:
    """Section through a specimen built with known settings.

    Parameters
    ----------
    process : ProcessPoint
        Every setting known.
    rng : numpy.random.Generator
        Source of all scatter.
    shape : tuple of int
        (M, N) of the field, in px.
    um_per_px : float
        Edge length of a pixel, in µm.
    size_factor : float
        Width and depth of this specimen's pools over the expected ones.

    Returns
    -------
    Section
        Its pools and defects.
    """
    width_um, depth_um, enthalpy_ratio = expected_pool(process)
    pools = scatter_pools(
        shape,
        rng=rng,
        um_per_px=um_per_px,
        width_um=width_um * size_factor,
        depth_um=depth_um * size_factor,
        hatch_um=float(process.known()["hatch_um"]),
        layer_um=float(process.known()["layer_um"]),
    )
    owner = last_melted(pools, shape)
    voids = voids_of(owner == 0, rng=rng, um_per_px=um_per_px)
    factors = rng.gamma(FIELD_SHAPE, 1 / FIELD_SHAPE, 2)
    keyhole = keyhole_pores(
        keyhole_family(enthalpy_ratio),
        pools,
        owner,
        rng=rng,
        um_per_px=um_per_px,
        field_factor=factors[0],
    )
    gas = uniform_pores(GAS, shape, rng=rng, um_per_px=um_per_px, field_factor=factors[1])
    particles = _powder(voids, rng, um_per_px) & ~keyhole & ~gas
    return Section(owner, voids & ~particles, keyhole, gas, particles)


def expected_pool(process: ProcessPoint) -> tuple[float, float, float]:
    """Mean pool of a setting, and how near it is to keyholing.

    Parameters
    ----------
    process : ProcessPoint
        Power, speed, beam, preheat and alloy known.

    Returns
    -------
    width_um, depth_um : float
        Mean width and depth of the melt pools, in µm.
    enthalpy_ratio : float
        Normalised enthalpy over the keyhole threshold.

    Examples
    --------
    >>> point = ProcessPoint(200, 800, 80, 30, beam_um=100, preheat_c=20, alloy="IN625")
    >>> [round(value, 2) for value in expected_pool(point)]
    [112.16, 56.08, 0.8]
    """
    alloy = find_alloy(str(process.alloy))
    known = process.known()
    power_w, speed_mm_s = float(known["laser_power_w"]), float(known["scan_speed_mm_s"])
    beam_um, preheat_c = float(known["beam_um"]), float(known["preheat_c"])
    width = rosenthal_width(power_w, speed_mm_s, alloy=alloy, preheat_c=preheat_c)
    depth = melt_pool_depth(power_w, speed_mm_s, alloy=alloy, beam_um=beam_um, preheat_c=preheat_c)
    enthalpy = normalised_enthalpy(
        power_w, speed_mm_s, alloy=alloy, beam_um=beam_um, preheat_c=preheat_c
    )
    return float(width), float(depth), float(enthalpy) / keyhole_threshold(alloy)


def geometric_criterion(process: ProcessPoint) -> float:
    """Lack of fusion criterion of a setting for its mean pool.

    Parameters
    ----------
    process : ProcessPoint
        Every setting known.

    Returns
    -------
    float
        (h/W)² + (t/D)².

    Raises
    ------
    SettingError
        If a setting is not positive or the alloy unknown.

    Examples
    --------
    >>> point = ProcessPoint(200, 800, 80, 30, beam_um=100, preheat_c=20, alloy="IN625")
    >>> round(geometric_criterion(point), 2)
    0.79
    """
    width_um, depth_um, _ = expected_pool(process)
    known = process.known()
    hatch_um, layer_um = float(known["hatch_um"]), float(known["layer_um"])
    return float(lack_of_fusion_criterion(width_um, depth_um, hatch_um=hatch_um, layer_um=layer_um))


def keyhole_family(enthalpy_ratio: float) -> PoreFamily:
    """Keyhole pores at a given excess of enthalpy.

    Parameters
    ----------
    enthalpy_ratio : float
        Normalised enthalpy over the keyhole threshold.

    Returns
    -------
    PoreFamily
        Their number rises in proportion to the excess, from none at the threshold.

    Examples
    --------
    >>> keyhole_family(0.9).per_mm2, keyhole_family(1.5).per_mm2
    (0.0, 15.0)
    """
    rate = KEYHOLES_PER_MM2 * max(enthalpy_ratio - 1, 0.0)
    return PoreFamily(per_mm2=rate, median_um=20.0, sigma=0.45, largest_aspect=1.5)


def _powder(voids: np.ndarray, rng: np.random.Generator, um_per_px: float) -> np.ndarray:
    """Up to three powder particles in each void that has room, never touching its wall."""
    distance = ndimage.distance_transform_edt(np.pad(voids, 1))[1:-1, 1:-1]
    labels, _ = ndimage.label(voids)
    particles = np.zeros(voids.shape, dtype=bool)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        room = np.where(labels[box] == number, distance[box], 0)
        for _ in range(rng.integers(0, 4)):
            row, column = np.unravel_index(int(room.argmax()), room.shape)
            if room[row, column] * um_per_px < SMALLEST_HOLLOW_UM:
                break
            radius = rng.uniform(0.4, 0.65) * room[row, column]
            particles[box] |= discs(room.shape, [(row, column)], radius)
            room[discs(room.shape, [(row, column)], 1.8 * radius + 2)] = 0
    return particles
