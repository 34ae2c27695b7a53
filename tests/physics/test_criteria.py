import numpy as np
import pytest

from sorby.physics import (
    balling_ratio,
    find_alloy,
    keyhole_threshold,
    lack_of_fusion_criterion,
    normalised_enthalpy,
)


def test_criterion_is_one_where_neighbouring_pools_just_meet_the_layer():
    width, depth, hatch = 120.0, 70.0, 90.0
    reached = depth * np.sqrt(1 - (hatch / width) ** 2)
    assert lack_of_fusion_criterion(
        width, depth, hatch_um=hatch, layer_um=reached
    ) == pytest.approx(1)


def test_normalised_enthalpy_by_hand():
    alpha = 32.3 / (7918 * 663)
    heat = np.pi * 7918 * 663 * (1350 - 20)
    expected = 0.4 * 200 / (heat * np.sqrt(alpha * 0.8 * 50e-6**3))
    found = normalised_enthalpy(200, 800, alloy=find_alloy("IN625"), beam_um=100, absorptivity=0.4)
    assert found == pytest.approx(expected)


def test_beam_enters_as_a_diameter_to_the_power_of_three_halves():
    in625 = find_alloy("IN625")
    wide = normalised_enthalpy(200, 800, alloy=in625, beam_um=200)
    narrow = normalised_enthalpy(200, 800, alloy=in625, beam_um=100)
    assert narrow / wide == pytest.approx(2**1.5)


def test_keyhole_threshold_is_near_six_for_steel():
    assert keyhole_threshold(find_alloy("316L")) == pytest.approx(np.pi * 3090 / 1693.15)


def test_balling_ratio_is_length_over_width():
    np.testing.assert_allclose(balling_ratio([230, 460], 100), [2.3, 4.6])
