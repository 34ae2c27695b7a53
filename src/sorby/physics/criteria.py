"""When a setting should give lack of fusion, keyholes or balling: priors, never a verdict.

Every threshold belongs to the definition written here; published values for other definitions of
the same name are not interchangeable. The geometric criterion is sharp only for pools of constant
size: with the scatter of real tracks unmelted area appears from about C = 0.7, so draw the band
``LACK_OF_FUSION_BAND`` and not a line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sorby.physics._check import positive
from sorby.physics.alloys import Alloy

LACK_OF_FUSION_BAND = (0.7, 1.0)
"""Values of the lack of fusion criterion between which defects set in."""

BALLING_RATIO = 2.3
"""Ratio of pool length to width from which tracks tend to break into balls."""


def lack_of_fusion_criterion(
    width_um: ArrayLike, depth_um: ArrayLike, *, hatch_um: ArrayLike, layer_um: ArrayLike
) -> np.ndarray:
    """Geometric criterion of full melting, C = (h/W)² + (t/D)²; dense where C <= 1.

    Half an ellipse of width W and depth D has the depth D √(1 - (h/W)²) midway between two
    tracks; there it must reach through the layer.

    Parameters
    ----------
    width_um, depth_um : array_like of shape (n,)
        Width W of the melt pool and its depth D below the top of the consolidated layer, in µm.
    hatch_um, layer_um : array_like of shape (n,) or float
        Hatch distance h and layer thickness t, in µm.

    Returns
    -------
    ndarray of shape (n,)
        C, without unit.

    Raises
    ------
    SettingError
        If any input is not positive.

    References
    ----------
    .. [1] M. Tang, P. C. Pistorius, J. L. Beuth, "Prediction of lack-of-fusion porosity for powder
       bed fusion", Additive Manufacturing 14 (2017) 39-48.

    Examples
    --------
    >>> float(lack_of_fusion_criterion(100, 50, hatch_um=80, layer_um=30))
    1.0
    """
    across = positive("hatch_um", hatch_um) / positive("width_um", width_um)
    down = positive("layer_um", layer_um) / positive("depth_um", depth_um)
    return across**2 + down**2


def normalised_enthalpy(
    laser_power_w: ArrayLike,
    scan_speed_mm_s: ArrayLike,
    *,
    alloy: Alloy,
    beam_um: ArrayLike,
    absorptivity: float | None = None,
    preheat_c: float = 20.0,
) -> np.ndarray:
    """Deposited over melting enthalpy, A P / (π ρ c_p (T_m - T0) √(α v a³)).

    Parameters
    ----------
    laser_power_w : array_like of shape (n,)
        Laser power P, in W.
    scan_speed_mm_s : array_like of shape (n,)
        Scan speed v, in mm/s.
    alloy : Alloy
        Its constants; T_m is the liquidus.
    beam_um : array_like of shape (n,) or float
        D4σ diameter of the beam, in µm; half of it is the 1/e² radius a of the formula.
    absorptivity : float, optional
        Share A of the power that is absorbed; the alloy's typical value if not given.
    preheat_c : float
        Temperature T0 of the plate, in °C.

    Returns
    -------
    ndarray of shape (n,)
        Normalised enthalpy, without unit.

    Raises
    ------
    SettingError
        If any input is not positive, or the plate is hotter than the liquidus.

    References
    ----------
    .. [1] W. E. King et al., "Observation of keyhole-mode laser melting in laser powder-bed fusion
       additive manufacturing", J. Materials Processing Technology 214 (2014) 2915-2925.

    Examples
    --------
    >>> from sorby.physics import find_alloy
    >>> in625 = find_alloy("IN625")
    >>> round(float(normalised_enthalpy(200, 800, alloy=in625, beam_um=100)), 1)
    4.6
    """
    share = positive("absorptivity", alloy.absorptivity if absorptivity is None else absorptivity)
    power_w = positive("laser_power_w", laser_power_w)
    speed_m_s = positive("scan_speed_mm_s", scan_speed_mm_s) / 1e3
    radius_m = beam_radius_um(beam_um) / 1e6
    volume_heat = alloy.density_kg_m3 * alloy.heat_capacity_j_kg_k * alloy.superheat_k(preheat_c)
    return (share * power_w) / (
        np.pi * volume_heat * np.sqrt(alloy.diffusivity_m2_s * speed_m_s * radius_m**3)
    )


def keyhole_threshold(alloy: Alloy) -> float:
    """Normalised enthalpy from which a keyhole opens, π T_b / T_m (in kelvin).

    Parameters
    ----------
    alloy : Alloy
        Its constants.

    Returns
    -------
    float
        Threshold for `normalised_enthalpy`, without unit. The best threshold found on measured
        tracks ranged from 5 to 17: draw a band.

    References
    ----------
    .. [1] W. E. King et al., J. Materials Processing Technology 214 (2014) 2915-2925.

    Examples
    --------
    >>> from sorby.physics import find_alloy
    >>> round(keyhole_threshold(find_alloy("IN625")), 1)
    5.8
    """
    return float(np.pi * alloy.boiling_k / (alloy.liquidus_c + 273.15))


def balling_ratio(length_um: ArrayLike, width_um: ArrayLike) -> np.ndarray:
    """Length over width of the melt pool; balling tends to set in from `BALLING_RATIO`.

    Parameters
    ----------
    length_um, width_um : array_like of shape (n,)
        Length and width of the melt pool, in µm.

    Returns
    -------
    ndarray of shape (n,)
        Ratio, without unit.

    Raises
    ------
    SettingError
        If any input is not positive.

    Examples
    --------
    >>> float(balling_ratio(230, 100))
    2.3
    """
    return positive("length_um", length_um) / positive("width_um", width_um)


def beam_radius_um(beam_um: ArrayLike) -> np.ndarray:
    """1/e² radius of a Gaussian beam from its D4σ diameter.

    Parameters
    ----------
    beam_um : array_like of shape (n,) or float
        D4σ diameter, in µm. Positive.

    Returns
    -------
    ndarray of shape (n,)
        Half the diameter, in µm.

    Raises
    ------
    SettingError
        If a diameter is not positive.

    Examples
    --------
    >>> float(beam_radius_um(100))
    50.0
    """
    return positive("beam_um", beam_um) / 2
