"""Wasserstein distances that can be worked out on paper."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from sorby.core.errors import SettingError
from sorby.select import coverage, wasserstein_to_pool


def test_the_whole_pool_covers_itself(rng):
    assert wasserstein_to_pool(rng.normal(size=(9, 3)), range(9)) == 0


def test_one_corner_of_a_square_is_as_far_as_the_mean_distance_to_it():
    square = [[0, 0], [3, 0], [0, 4], [3, 4]]
    assert wasserstein_to_pool(square, [0]) == pytest.approx((0 + 3 + 4 + 5) / 4)


def test_two_of_two_distant_pairs_move_half_a_step():
    pairs = [[0, 0], [0, 1], [100, 0], [100, 1]]
    assert wasserstein_to_pool(pairs, [0, 2]) == pytest.approx(0.5)
    assert wasserstein_to_pool(pairs, [0, 1]) == pytest.approx(50)


def test_on_a_line_it_is_the_area_between_the_distribution_functions(rng):
    line = rng.normal(size=(40, 1))
    chosen = [3, 8, 21, 22, 35]
    expected = wasserstein_distance(line[chosen, 0], line[:, 0])
    assert wasserstein_to_pool(line, chosen) == pytest.approx(expected)


def test_beyond_the_exact_size_it_is_a_lower_bound_and_right_on_a_line(rng, monkeypatch):
    plane, chosen = rng.normal(size=(60, 5)), [1, 2, 3, 5, 8, 13]
    exact = wasserstein_to_pool(plane, chosen)
    on_a_line = wasserstein_to_pool(plane[:, :1], chosen)
    monkeypatch.setattr(coverage, "EXACT_UP_TO", 0)
    assert 0.3 * exact < wasserstein_to_pool(plane, chosen) <= exact
    assert wasserstein_to_pool(plane[:, :1], chosen) == pytest.approx(on_a_line)


def test_a_distant_choice_keeps_its_distance_when_sliced(monkeypatch):
    rows = np.zeros((50, 4))
    rows[0, 2] = 10.0
    monkeypatch.setattr(coverage, "EXACT_UP_TO", 0)
    assert wasserstein_to_pool(rows, [0]) == pytest.approx(9.8, rel=0.05)


def test_nothing_chosen_is_refused():
    with pytest.raises(SettingError, match="No image is chosen"):
        wasserstein_to_pool([[0.0], [1.0]], [])
