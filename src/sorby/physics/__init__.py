"""Process physics of laser powder bed fusion: energies, melt pools, criteria, constants.

These are priors with wide uncertainty (measured widths scatter by a factor 0.4 to 1.6 around
Rosenthal's): they may be drawn beside measured cells and never in their place.
"""

from sorby.physics.alloys import ALLOYS, Alloy, find_alloy
from sorby.physics.criteria import (
    BALLING_RATIO,
    LACK_OF_FUSION_BAND,
    balling_ratio,
    beam_radius_um,
    keyhole_threshold,
    lack_of_fusion_criterion,
    normalised_enthalpy,
)
from sorby.physics.energy import linear_energy_density, volumetric_energy_density
from sorby.physics.meltpool import (
    KEYHOLE_DEPTH_SLOPE,
    melt_pool_depth,
    pool_length,
    rosenthal_width,
    rosenthal_width_high_speed,
)

__all__ = [
    "ALLOYS",
    "BALLING_RATIO",
    "KEYHOLE_DEPTH_SLOPE",
    "LACK_OF_FUSION_BAND",
    "Alloy",
    "balling_ratio",
    "beam_radius_um",
    "find_alloy",
    "keyhole_threshold",
    "lack_of_fusion_criterion",
    "linear_energy_density",
    "melt_pool_depth",
    "normalised_enthalpy",
    "pool_length",
    "rosenthal_width",
    "rosenthal_width_high_speed",
    "volumetric_energy_density",
]
