import math

import numpy as np
import pytest
from scipy import stats

from sorby.core.errors import SettingError
from sorby.quantify.intervals import (
    Interval,
    fields_needed,
    ratio_interval,
    relative_accuracy_percent,
    studentised_bootstrap,
    t_interval,
    wilson_interval,
    zero_count_upper_bound,
)


def test_t_interval_by_hand():
    # mean 5, s = 2.5820, t(0.975, 3) = 3.1824: 5 ± 3.1824 * 2.5820 / 2
    low, high = t_interval([2, 4, 6, 8])
    assert (low, high) == pytest.approx((0.8914, 9.1086), abs=2e-4)


def test_t_interval_is_that_of_scipy(rng):
    values = rng.lognormal(size=17)
    reference = stats.t.interval(0.9, 16, loc=values.mean(), scale=stats.sem(values))
    assert t_interval(values, confidence=0.9) == pytest.approx(reference)


def test_t_interval_covers_the_mean_of_normal_fields_95_times_in_100():
    rng = np.random.default_rng(11)
    n_runs = 2000
    covered = sum(low <= 3 <= high for low, high in map(t_interval, rng.normal(3, 2, (n_runs, 6))))
    assert stats.binomtest(covered, n_runs, 0.95).pvalue > 0.01


def test_ratio_interval_equals_t_interval_of_fractions_where_areas_are_equal(rng):
    fractions = rng.random(9)
    assert ratio_interval(fractions * 640.0, np.full(9, 640.0)) == pytest.approx(
        t_interval(fractions)
    )


def test_ratio_interval_of_unequal_areas_by_hand():
    # y = 1, 4; x = 10, 30: R = 0.125, residuals -0.25, 0.25,
    # se = sqrt(2 / 1 * 0.125) / 40 = 0.0125, t(0.975, 1) = 12.706
    low, high = ratio_interval([1, 4], [10, 30])
    assert (low, high) == pytest.approx((0.125 - 0.15883, 0.125 + 0.15883), abs=1e-5)


def test_ratio_interval_covers_the_ratio_of_unequal_fields():
    rng = np.random.default_rng(12)
    n_runs = 1500
    covered = 0
    for _ in range(n_runs):
        x = rng.uniform(1, 4, 20)
        y = 0.3 * x + rng.normal(0, 0.1 * np.sqrt(x))
        low, high = ratio_interval(y, x)
        covered += low <= 0.3 <= high
    assert covered / n_runs == pytest.approx(0.945, abs=0.015)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_less_than_two_fields_have_no_t_interval(values):
    assert np.isnan(t_interval(values)).all()


def test_studentised_bootstrap_covers_skewed_fields_better_than_t():
    rng = np.random.default_rng(13)
    truth, n_runs = math.exp(0.5), 300
    covered = {"t": 0, "bootstrap": 0}
    for fields in rng.lognormal(0, 1, (n_runs, 10)):
        area = np.ones(10)
        low, high = t_interval(fields)
        covered["t"] += low <= truth <= high
        low, high = studentised_bootstrap(fields, area, rng=rng, n_resamples=499)
        covered["bootstrap"] += low <= truth <= high
    assert covered["bootstrap"] / n_runs > 0.89
    assert covered["bootstrap"] > covered["t"]


def test_studentised_bootstrap_of_many_normal_fields_is_near_t(rng):
    fields, area = rng.normal(10, 1, 200), np.ones(200)
    bootstrap = studentised_bootstrap(fields, area, rng=rng)
    assert bootstrap == pytest.approx(t_interval(fields), abs=0.03)


def test_studentised_bootstrap_of_fields_with_a_long_upper_tail_reaches_further_up():
    fields = np.array([1.0, 1.2, 0.9, 1.1, 1.3, 0.8, 1.0, 5.0])
    low, high = studentised_bootstrap(fields, np.ones(8), rng=np.random.default_rng(2))
    assert high - fields.mean() > 2 * (fields.mean() - low)


def test_same_seed_same_bootstrap(rng):
    fields, area = rng.lognormal(size=8), rng.uniform(1, 2, 8)
    first, second, other = (
        studentised_bootstrap(fields, area, rng=np.random.default_rng(seed)) for seed in (4, 4, 5)
    )
    assert first == second != other


def test_bootstrap_is_not_given_without_spread_or_for_two_fields(rng):
    assert np.isnan(studentised_bootstrap([1, 2], [1, 1], rng=rng)).all()
    assert np.isnan(studentised_bootstrap([1, 2, 3], [10, 20, 30], rng=rng)).all()
    assert np.isnan(studentised_bootstrap([0, 0, 0], [10, 20, 30], rng=rng)).all()


def test_wilson_interval_of_the_papers_20_of_23():
    assert wilson_interval(20, 23) == pytest.approx((0.68, 0.95), abs=0.005)


@pytest.mark.parametrize(("k", "n"), [(0, 9), (3, 9), (9, 9), (500, 1000)])
def test_wilson_interval_is_that_of_scipy(k, n):
    reference = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert wilson_interval(k, n) == pytest.approx((reference.low, reference.high))


def test_wilson_interval_of_nothing_is_empty():
    assert np.isnan(wilson_interval(0, 0)).all()


def test_bound_for_none_seen_leaves_5_percent_chance_of_none():
    bound = zero_count_upper_bound(2.5)
    assert bound == 1.2
    assert stats.poisson.pmf(0, bound * 2.5) == pytest.approx(0.05, abs=0.0005)
    assert zero_count_upper_bound(0) == math.inf


def test_relative_accuracy_is_half_the_interval_in_percent():
    assert relative_accuracy_percent(4.0, Interval(3.0, 5.0)) == 25.0
    assert math.isnan(relative_accuracy_percent(0.0, Interval(0.0, 0.0)))


@pytest.mark.parametrize(("sd", "target"), [(1.0, 0.2), (0.05, 0.3), (3.0, 0.05), (0.0, 0.1)])
def test_fields_needed_is_the_smallest_number_that_reaches_the_target(sd, target):
    n = fields_needed(2.0, sd, target)

    def half_width(n):
        return stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n) / 2.0

    assert half_width(n) <= target
    assert n == 2 or half_width(n - 1) > target


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson_interval(4, 3),
        lambda: t_interval([1, 2], confidence=95),
        lambda: wilson_interval(1, 3, confidence=0),
        lambda: ratio_interval([1, 2], [1, 2, 3]),
        lambda: zero_count_upper_bound(-1),
        lambda: fields_needed(0.0, 1.0, 0.2),
        lambda: studentised_bootstrap(
            [1, 2, 4], [1, 1, 1], rng=np.random.default_rng(0), n_resamples=0
        ),
    ],
)
def test_impossible_input_is_refused(call):
    with pytest.raises(SettingError):
        call()
