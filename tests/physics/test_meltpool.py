import numpy as np
import pytest

from sorby.physics import (
    find_alloy,
    lack_of_fusion_criterion,
    melt_pool_depth,
    pool_length,
    rosenthal_width,
    rosenthal_width_high_speed,
)

IN625 = find_alloy("IN625")


def width_on_a_grid(power_w, speed_mm_s, alloy, absorptivity):
    """Widest extent of the liquidus isotherm, from temperatures on a fine grid."""
    xi = np.linspace(-800e-6, 100e-6, 1801)[:, None]
    y = np.linspace(0.05e-6, 150e-6, 1500)[None, :]
    radius = np.hypot(xi, y)
    decay = speed_mm_s / 1e3 / (2 * alloy.diffusivity_m2_s)
    rise = absorptivity * power_w / (2 * np.pi * alloy.conductivity_w_m_k * radius)
    molten = rise * np.exp(-decay * (xi + radius)) >= alloy.liquidus_c - 20
    return 2e6 * y[0, np.flatnonzero(molten.any(axis=0)).max()]


def test_width_of_the_worked_example():
    assert rosenthal_width(200, 800, alloy=IN625, absorptivity=0.4) == pytest.approx(112, abs=0.5)
    assert rosenthal_width_high_speed(200, 800, alloy=IN625, absorptivity=0.4) == pytest.approx(
        116, abs=0.5
    )


@pytest.mark.parametrize("name, power_w, speed_mm_s", [("IN625", 200, 800), ("Ti64", 100, 300)])
def test_width_is_that_of_the_isotherm_on_a_grid(name, power_w, speed_mm_s):
    alloy = find_alloy(name)
    grid = width_on_a_grid(power_w, speed_mm_s, alloy, 0.4)
    found = rosenthal_width(power_w, speed_mm_s, alloy=alloy, absorptivity=0.4)
    assert found == pytest.approx(grid, rel=2e-3)


def test_closed_form_is_reached_at_high_speed_and_far_off_for_aluminium():
    fast = [float(f(800, 1e5, alloy=IN625)) for f in (rosenthal_width_high_speed, rosenthal_width)]
    assert fast[0] / fast[1] == pytest.approx(1, abs=5e-3)
    hot = find_alloy("AlSi10Mg")
    assert rosenthal_width_high_speed(100, 1200, alloy=hot) > 1.18 * rosenthal_width(
        100, 1200, alloy=hot
    )


def test_depth_is_half_the_width_until_a_keyhole_opens():
    shallow = {"alloy": IN625, "absorptivity": 0.4}
    assert melt_pool_depth(200, 800, beam_um=100, **shallow) == pytest.approx(
        rosenthal_width(200, 800, **shallow) / 2
    )
    assert melt_pool_depth(350, 400, beam_um=100, **shallow) > rosenthal_width(350, 400, **shallow)


def test_length_does_not_depend_on_speed_and_grows_with_preheat():
    by_hand = 0.4 * 200 / (2 * np.pi * 32.3 * 1330) * 1e6
    assert pool_length(200, alloy=IN625) == pytest.approx(by_hand)
    assert pool_length(200, alloy=IN625, preheat_c=685) == pytest.approx(2 * by_hand)


def test_less_energy_moves_towards_lack_of_fusion():
    speeds = np.array([400, 800, 1200, 1600])
    width = rosenthal_width(200, speeds, alloy=IN625)
    depth = melt_pool_depth(200, speeds, alloy=IN625, beam_um=100)
    criterion = lack_of_fusion_criterion(width, depth, hatch_um=80, layer_um=30)
    assert (np.diff(criterion) > 0).all()


def test_arrays_broadcast_and_unknown_stays_unknown():
    width = rosenthal_width([[200], [np.nan]], [800, 1200, np.nan], alloy=IN625)
    assert width.shape == (2, 3)
    np.testing.assert_array_equal(np.isnan(width), [[False, False, True], [True, True, True]])
