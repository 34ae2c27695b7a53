"""The strategies that SMILE is compared with, on pools that fit on paper."""

from itertools import combinations

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.select import SELECTORS

LINE = np.array([[0.0], [1.0], [2.0], [6.0], [10.0], [10.5], [20.0], [21.0]])


def choose(name, n_select, embedding=LINE, **options):
    return SELECTORS[name](embedding, n_select, rng=np.random.default_rng(0), **options)


def test_kcenter_starts_from_the_medoid_and_takes_the_farthest():
    assert choose("kcenter", 3).indices == (3, 7, 0)


def test_kcenter_starts_from_what_is_labelled():
    chosen = choose("kcenter", 2, labelled=[0, 7])
    assert chosen.indices == (5, 3)
    assert chosen.scores[[3, 4, 5]].tolist() == [6.0, 10.0, 10.5]


def test_kcenter_leaves_no_image_farther_than_twice_the_best(rng):
    rows = rng.normal(size=(12, 2))
    distance = np.linalg.norm(rows[:, None] - rows[None], axis=2)

    def radius(centres):
        return distance[:, list(centres)].min(axis=1).max()

    best = min(radius(centres) for centres in combinations(range(12), 4))
    assert radius(choose("kcenter", 4, rows).indices) <= 2 * best


def test_uniform_draws_each_image_equally_often():
    counts = np.zeros(8)
    rng = np.random.default_rng(0)
    for _ in range(2000):
        counts[list(SELECTORS["uniform"](LINE, 2, labelled=[3], rng=rng).indices)] += 1
    assert counts[3] == 0
    others = np.delete(counts, 3)
    assert np.abs(others - 4000 / 7).max() < 4 * np.sqrt(4000 / 7)


def test_ensemble_takes_the_least_certain_and_the_first_of_equals():
    values = [0.1, 0.9, 0.5, np.nan, 0.9, 0.2, 0.3, 0.0]
    chosen = choose("ensemble", 3, uncertainty=values, labelled=[3])
    assert chosen.indices == (1, 4, 2)
    assert "Number 1 of 7 in uncertainty (0.9)." in chosen.reasons


def test_ensemble_without_uncertainties_says_what_to_do():
    with pytest.raises(SettingError, match="train a model"):
        choose("ensemble", 2)


def test_ensemble_refuses_an_unlabelled_image_without_a_finite_value():
    with pytest.raises(SettingError, match=r"1 unlabelled images is not finite \(first: row 2"):
        choose("ensemble", 2, uncertainty=[0, 0, np.nan, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ((1,), "1 images are picked and 2"),
        ((1, 1), "twice"),
        ((1, 8), "row 8 is not in the pool of 8"),
        ((1, 3), "Image 3 has a label"),
        (("a", "b"), "row numbers"),
    ],
)
def test_manual_refuses_picks_that_cannot_be(images, message):
    with pytest.raises(SettingError, match=message):
        choose("manual", 2, images=images, labelled=[3])


def test_manual_keeps_the_order_of_the_person():
    assert choose("manual", 3, images=[6, 0, 4]).indices == (6, 0, 4)
