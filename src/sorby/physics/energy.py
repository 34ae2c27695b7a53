"""Energy densities of a laser powder bed fusion setting: reference values, not predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sorby.physics._check import positive


def volumetric_energy_density(
    laser_power_w: ArrayLike,
    scan_speed_mm_s: ArrayLike,
    *,
    hatch_um: ArrayLike,
    layer_um: ArrayLike,
) -> np.ndarray:
    """Volumetric energy density of a laser powder bed fusion setting.

    Parameters
    ----------
    laser_power_w : array_like of shape (n,)
        Laser power P, in W. Positive; NaN where unknown gives NaN.
    scan_speed_mm_s : array_like of shape (n,)
        Scan speed v, in mm/s.
    hatch_um, layer_um : array_like of shape (n,) or float
        Hatch distance h and layer thickness t, in µm.

    Returns
    -------
    ndarray of shape (n,)
        P / (v h t), in J/mm³.

    Raises
    ------
    SettingError
        If any input is not positive.

    References
    ----------
    .. [1] U. Scipioni Bertoli et al., "On the limitations of Volumetric Energy Density as a design
       parameter for Selective Laser Melting", Materials & Design 113 (2017) 331-340.

    Examples
    --------
    >>> float(volumetric_energy_density(200, 800, hatch_um=100, layer_um=40))
    62.5
    """
    area_mm2 = positive("hatch_um", hatch_um) * positive("layer_um", layer_um) / 1e6
    return linear_energy_density(laser_power_w, scan_speed_mm_s) / area_mm2


def linear_energy_density(laser_power_w: ArrayLike, scan_speed_mm_s: ArrayLike) -> np.ndarray:
    """Laser energy put into each millimetre of track.

    Parameters
    ----------
    laser_power_w : array_like of shape (n,)
        Laser power P, in W. Positive; NaN where unknown gives NaN.
    scan_speed_mm_s : array_like of shape (n,)
        Scan speed v, in mm/s.

    Returns
    -------
    ndarray of shape (n,)
        P / v, in J/mm.

    Raises
    ------
    SettingError
        If any input is not positive.

    Examples
    --------
    >>> float(linear_energy_density(200, 800))
    0.25
    """
    speed = positive("scan_speed_mm_s", scan_speed_mm_s)
    return positive("laser_power_w", laser_power_w) / speed
