import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.physics import linear_energy_density, volumetric_energy_density


def test_energy_densities_of_the_worked_example():
    assert volumetric_energy_density(200, 800, hatch_um=100, layer_um=40) == pytest.approx(62.5)
    assert linear_energy_density(200, 800) == pytest.approx(0.25)


def test_arrays_give_one_value_a_setting_and_unknown_stays_unknown():
    density = volumetric_energy_density(
        [200, np.nan, 400], [800, 800, 800], hatch_um=100, layer_um=[40, 40, 80]
    )
    np.testing.assert_allclose(density, [62.5, np.nan, 62.5])


@pytest.mark.parametrize("speed", [0, -800, np.inf])
def test_impossible_speed_is_refused_by_name_and_value(speed):
    with pytest.raises(SettingError, match=f"scan_speed_mm_s is {speed:g}"):
        linear_energy_density(200, speed)
