"""Differences that are paired over seeds and fields."""

import numpy as np
import pytest
from scipy import stats

from sorby.core.errors import SettingError
from sorby.quantify import paired_difference


def test_one_seed_gives_the_paired_t_interval_over_fields(rng):
    first, second = rng.normal(size=(2, 1, 12))
    found = paired_difference(first, second)
    expected = stats.ttest_rel(first[0], second[0]).confidence_interval(0.95)
    assert found.interval == pytest.approx((expected.low, expected.high))
    assert (found.n_seeds, found.n_fields) == (1, 12)


def test_what_fields_and_seeds_share_does_not_count(rng):
    hard, lucky = rng.normal(size=(1, 9)), rng.normal(size=(3, 1))
    base = 0.8 + hard + lucky
    found = paired_difference(base + 0.01, base)
    assert found.mean == pytest.approx(0.01)
    assert found.interval == pytest.approx((0.01, 0.01))
    assert found.is_told_apart


def test_seeds_that_are_copies_of_one_another_are_worth_one():
    field = np.array([0.01, 0.05, -0.02, 0.04, 0.03])
    once = paired_difference(field[None], np.zeros((1, 5)))
    thrice = paired_difference(np.tile(field, (3, 1)), np.zeros((3, 5)))
    assert thrice.interval == pytest.approx(once.interval)


def test_two_seeds_that_disagree_make_no_claim_however_many_fields():
    difference = np.repeat([[0.03], [0.09]], 400, axis=1)
    found = paired_difference(difference, np.zeros_like(difference))
    assert found.mean == pytest.approx(0.06)
    assert not found.is_told_apart
    assert found.interval.high == pytest.approx(0.06 + stats.t.ppf(0.975, 1) * 0.03)


@pytest.mark.parametrize("sizes", [(0.0, 0.05, 0.05), (0.05, 0.02, 0.02), (0.03, 0.03, 0.0)])
@pytest.mark.parametrize("shape", [(3, 4), (5, 12)])
def test_interval_holds_the_true_mean_about_as_often_as_it_says(sizes, shape):
    rng = np.random.default_rng(1)
    n_held = 0
    for _ in range(600):
        seeds, fields, rest = (
            size * rng.normal(size=form)
            for size, form in zip(sizes, ((shape[0], 1), (1, shape[1]), shape), strict=True)
        )
        low, high = paired_difference(seeds + fields + rest, np.zeros(shape)).interval
        n_held += low <= 0 <= high
    assert n_held / 600 >= 0.92


def test_one_field_says_nothing():
    found = paired_difference([[0.9], [0.8]], [[0.5], [0.5]])
    assert np.isnan(found.interval.low)
    assert not found.is_told_apart


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ([[1.0, 2.0]], [[1.0]], "cannot be paired"),
        ([1.0], [1.0], "cannot be paired"),
        ([[1.0, np.nan]], [[1.0, 1.0]], "missing"),
    ],
)
def test_scores_that_cannot_be_paired_are_refused(first, second, told):
    with pytest.raises(SettingError, match=told):
        paired_difference(first, second)
