"""Size of the melt pool: Rosenthal's point source, solved numerically."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from sorby.physics._check import positive
from sorby.physics.alloys import Alloy
from sorby.physics.criteria import beam_radius_um, keyhole_threshold, normalised_enthalpy

KEYHOLE_DEPTH_SLOPE = 0.4
"""Depth gained per unit of enthalpy above the threshold, in beam radii (0.17-0.7 measured)."""


def rosenthal_width(
    laser_power_w: ArrayLike,
    scan_speed_mm_s: ArrayLike,
    *,
    alloy: Alloy,
    absorptivity: float | None = None,
    preheat_c: float = 20.0,
) -> np.ndarray:
    """Width of the melt pool of a moving point source on a half-space.

    The liquidus isotherm of T - T0 = A P / (2 π k R) exp(-v (ξ + R) / 2α) at its widest place.
    The pool is half a body of revolution: its conduction depth is half its width.

    Parameters
    ----------
    laser_power_w : array_like of shape (n,)
        Laser power P, in W. Positive; NaN where unknown gives NaN.
    scan_speed_mm_s : array_like of shape (n,)
        Scan speed v, in mm/s.
    alloy : Alloy
        Its constants.
    absorptivity : float, optional
        Share A of the power that is absorbed; the alloy's typical value if not given.
    preheat_c : float
        Temperature T0 of the plate, in °C.

    Returns
    -------
    ndarray of shape (n,)
        Width W, in µm.

    Raises
    ------
    SettingError
        If any input is not positive, or the plate is hotter than the liquidus.

    References
    ----------
    .. [1] D. Rosenthal, "The theory of moving sources of heat and its application to metal
       treatments", Transactions of the ASME 68 (1946) 849-866.

    Examples
    --------
    >>> from sorby.physics import find_alloy
    >>> in625 = find_alloy("IN625")
    >>> round(float(rosenthal_width(200, 800, alloy=in625, absorptivity=0.4)))
    112
    """
    tail_um = pool_length(
        laser_power_w, alloy=alloy, absorptivity=absorptivity, preheat_c=preheat_c
    )
    decay_um = 2 * alloy.diffusivity_m2_s / positive("scan_speed_mm_s", scan_speed_mm_s) * 1e9
    tails, decays = np.broadcast_arrays(tail_um, decay_um)
    widths = [_widest(tail, decay) for tail, decay in zip(tails.flat, decays.flat, strict=True)]
    return np.reshape(np.array(widths, dtype=float), tails.shape)


def _widest(tail_um: float, decay_um: float) -> float:
    """Twice the largest √(R² - ξ²) on the isotherm ξ(R) = decay ln(tail / R) - R."""
    if np.isnan(tail_um) or np.isnan(decay_um):
        return float("nan")

    def along(radius: float) -> float:
        return decay_um * np.log(tail_um / radius) - radius

    def slope(radius: float) -> float:
        return radius + along(radius) * (decay_um / radius + 1)

    radius = brentq(slope, 1e-9 * tail_um, tail_um, xtol=1e-9, rtol=1e-12)
    return 2 * float(np.sqrt(radius**2 - along(radius) ** 2))


def rosenthal_width_high_speed(
    laser_power_w: ArrayLike,
    scan_speed_mm_s: ArrayLike,
    *,
    alloy: Alloy,
    absorptivity: float | None = None,
    preheat_c: float = 20.0,
) -> np.ndarray:
    """Width of the melt pool for fast scanning, √(8 A P / (π e ρ c_p v (T_m - T0))).

    Closed form of `rosenthal_width`: too wide by 2-5 % for nickel alloys and steels at
    0.8-1.2 m/s, by up to 115 % for aluminium. For orientation, and to check the numbers.

    Parameters
    ----------
    laser_power_w, scan_speed_mm_s, alloy, absorptivity, preheat_c
        As for `rosenthal_width`.

    Returns
    -------
    ndarray of shape (n,)
        Width W, in µm.

    Raises
    ------
    SettingError
        If any input is not positive, or the plate is hotter than the liquidus.

    Examples
    --------
    >>> from sorby.physics import find_alloy
    >>> in625 = find_alloy("IN625")
    >>> round(float(rosenthal_width_high_speed(200, 800, alloy=in625, absorptivity=0.4)))
    116
    """
    absorbed_w = _absorbed_power_w(laser_power_w, alloy, absorptivity)
    speed_m_s = positive("scan_speed_mm_s", scan_speed_mm_s) / 1e3
    volume_heat = alloy.density_kg_m3 * alloy.heat_capacity_j_kg_k * alloy.superheat_k(preheat_c)
    return 1e6 * np.sqrt(8 * absorbed_w / (np.pi * np.e * volume_heat * speed_m_s))


def pool_length(
    laser_power_w: ArrayLike,
    *,
    alloy: Alloy,
    absorptivity: float | None = None,
    preheat_c: float = 20.0,
) -> np.ndarray:
    """Distance from the source to the tail of the melt pool, A P / (2 π k (T_m - T0)).

    Parameters
    ----------
    laser_power_w, alloy, absorptivity, preheat_c
        As for `rosenthal_width`; the speed has no influence.

    Returns
    -------
    ndarray of shape (n,)
        Length L, in µm.

    Raises
    ------
    SettingError
        If any input is not positive, or the plate is hotter than the liquidus.

    Examples
    --------
    >>> from sorby.physics import find_alloy
    >>> round(float(pool_length(200, alloy=find_alloy("IN625"), absorptivity=0.4)))
    296
    """
    absorbed_w = _absorbed_power_w(laser_power_w, alloy, absorptivity)
    return 1e6 * absorbed_w / (2 * np.pi * alloy.conductivity_w_m_k * alloy.superheat_k(preheat_c))


def melt_pool_depth(
    laser_power_w: ArrayLike,
    scan_speed_mm_s: ArrayLike,
    *,
    alloy: Alloy,
    beam_um: ArrayLike,
    absorptivity: float | None = None,
    preheat_c: float = 20.0,
) -> np.ndarray:
    """Depth of the melt pool: half the Rosenthal width, deeper once a keyhole opens.

    Above the keyhole threshold the depth grows in proportion to the normalised enthalpy, by
    `KEYHOLE_DEPTH_SLOPE` beam radii a unit: an orientation, the slope varies between alloys.

    Parameters
    ----------
    laser_power_w, scan_speed_mm_s, alloy, absorptivity, preheat_c
        As for `rosenthal_width`.
    beam_um : array_like of shape (n,) or float
        D4σ diameter of the beam, in µm.

    Returns
    -------
    ndarray of shape (n,)
        Depth D below the top of the consolidated layer, in µm.

    Raises
    ------
    SettingError
        If any input is not positive, or the plate is hotter than the liquidus.

    Examples
    --------
    >>> from sorby.physics import find_alloy
    >>> in625 = find_alloy("IN625")
    >>> melt_pool_depth([200, 350], [800, 400], alloy=in625, beam_um=100).round()
    array([ 56., 218.])
    """
    width_um = rosenthal_width(
        laser_power_w, scan_speed_mm_s, alloy=alloy, absorptivity=absorptivity, preheat_c=preheat_c
    )
    enthalpy = normalised_enthalpy(
        laser_power_w,
        scan_speed_mm_s,
        alloy=alloy,
        beam_um=beam_um,
        absorptivity=absorptivity,
        preheat_c=preheat_c,
    )
    excess = np.maximum(enthalpy - keyhole_threshold(alloy), 0)
    return width_um / 2 + KEYHOLE_DEPTH_SLOPE * beam_radius_um(beam_um) * excess


def _absorbed_power_w(
    laser_power_w: ArrayLike, alloy: Alloy, absorptivity: float | None
) -> np.ndarray:
    share = positive("absorptivity", alloy.absorptivity if absorptivity is None else absorptivity)
    return share * positive("laser_power_w", laser_power_w)
