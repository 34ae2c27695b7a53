"""Statistics of patterns that can be worked out on paper."""

import numpy as np
import pytest

from sorby.core.records import Micrograph
from sorby.features.fields import GrayScale
from sorby.features.statistics import haar_energies, statistics


def described(gray, **options):
    return statistics([Micrograph(gray)], rng=np.random.default_rng(0), **options)[0]


def energies(gray, levels=5):
    whole = np.ones(gray.shape, bool)
    return np.array([sums[0] / sums[1] for sums in haar_energies(gray, whole, levels)])


def test_stripes_of_one_pixel_have_all_energy_at_the_finest_scale():
    stripes = np.tile([[100.0], [140.0]], (32, 64))
    expected = np.zeros((5, 3))
    expected[0, 0] = 20**2
    np.testing.assert_allclose(energies(stripes), expected, atol=1e-9)


def test_a_ramp_doubles_its_detail_from_scale_to_scale():
    ramp = np.tile(np.arange(64.0), (64, 1))
    np.testing.assert_allclose(energies(ramp)[:, 1], [0.25, 1, 4, 16, 64])


def test_white_noise_loses_three_quarters_of_its_energy_a_scale(rng):
    found = energies(rng.normal(size=(900, 900)), 3)
    np.testing.assert_allclose(
        found, np.array([[1 / 4], [1 / 16], [1 / 64]]) * [[1, 1, 1]], rtol=0.1
    )


def test_positions_next_to_invalid_pixels_are_left_out():
    gray = np.full((40, 40), 100.0)
    gray[20] = 0
    counted = np.ones((40, 40), bool)
    counted[20] = False
    assert all(sums[0].sum() == 0 for sums in haar_energies(gray, counted, 4))


def test_quantiles_and_shares_count_pixels():
    gray = np.full((100, 100), 200, np.uint8)
    gray[:10] = 40
    row = described(gray)
    assert row[33:40].tolist() == [25, 25, 127, 127, 127, 127, 127]
    assert row[40] == 0
    assert row[41] == pytest.approx(0.1)
    assert row[42] == 0


def test_a_checkerboard_has_the_contrast_of_its_two_levels():
    board = np.where(np.indices((64, 64)).sum(axis=0) % 2, 200, 100).astype(np.uint8)
    contrast = described(board)[15:18]
    # The median 150 becomes 127: 100 and 200 are levels 10 and 21 of 32. Of the neighbours in
    # four directions half, those across a corner, are equal.
    assert contrast[0] == pytest.approx(0.5 * 11**2, rel=0.02)


@pytest.mark.parametrize("factor", [1, 0.01, 257])
def test_gray_scale_takes_the_median_to_127(factor):
    gray = np.array([[50.0, 100.0, 150.0]]) * factor
    scaled = GrayScale.of(gray, None).apply(gray, np.ones((1, 3), bool))
    np.testing.assert_allclose(scaled, [[63.5, 127, 190.5]], rtol=1e-5)
