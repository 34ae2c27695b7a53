"""Agreement of models, and the verdicts that rest on it."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE
from sorby.select.stopping import (
    AreaChange,
    agreement_table,
    can_stop,
    cohen_kappa,
    f1_bound,
    round_is_due,
)

GOOD = [0.995, 0.992, 0.999]
SMALL = AreaChange(0.020, 0.0205, 0.002, 8)
STEADY = [[40.0, 60.0, 50.0], [45.0, 52.0, 58.0]]


def everywhere(shape):
    return np.ones(shape, bool)


def test_kappa_is_that_of_scikit_learn(rng):
    first, second = rng.integers(3, size=(2, 500))
    second = np.where(rng.random(500) < 0.6, first, second)
    table = np.zeros((3, 3), int)
    np.add.at(table, (first, second), 1)
    assert cohen_kappa(table) == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_of_nothing_or_of_one_class_is_unknown():
    assert math.isnan(cohen_kappa(np.zeros((2, 2), int)))
    assert math.isnan(cohen_kappa(np.array([[7, 0], [0, 0]])))
    assert cohen_kappa(np.array([[5, 0], [0, 3]])) == 1


def test_bound_holds_for_random_models_and_truths():
    """|F1 - F1'| <= 4 (1 - kappa) / kappa, whatever the truth."""
    for seed in range(300):
        rng = np.random.default_rng(seed)
        truth = rng.random(4000) < rng.uniform(0.05, 0.5)
        first = truth ^ (rng.random(4000) < rng.uniform(0, 0.3))
        second = first ^ (rng.random(4000) < rng.uniform(0, 0.02))
        bound = f1_bound(cohen_kappa_score(first, second))
        assert abs(f1_score(truth, first) - f1_score(truth, second)) <= bound


def test_bound_where_models_do_not_agree_says_nothing():
    assert f1_bound(0) == f1_bound(-0.5) == f1_bound(0.1) == 1
    assert f1_bound(1) == 0


def test_far_background_does_not_change_the_agreement(rng):
    small = np.zeros((40, 40), np.uint8)
    small[15:25, 15:25] = 1
    other = np.roll(small, 1, axis=1)
    large = [np.pad(mask, 200) for mask in (small, other)]
    here = agreement_table(small, other, valid=everywhere(small.shape), n_classes=1)
    there = agreement_table(*large, valid=everywhere(large[0].shape), n_classes=1)
    assert np.array_equal(here, there)
    assert here[0, 1] == here[1, 0] == 10


def test_pixels_that_do_not_count_are_left_out():
    first = np.ones((6, 6), np.uint8)
    second = first.copy()
    second[0], second[1] = IGNORE, 0
    valid = everywhere(first.shape)
    valid[1] = False
    assert agreement_table(first, second, valid=valid, n_classes=2).sum() == 24
    assert agreement_table(first * 0, first * 0, valid=valid, n_classes=2).sum() == 0


def test_labelling_can_stop_once_all_is_steady():
    verdict = can_stop(GOOD, SMALL, STEADY)
    assert verdict.answer is True
    assert [one.is_met for one in verdict.criteria] == [True, True, True]


@pytest.mark.parametrize(
    ("kappas", "area", "times", "name"),
    [
        ([*GOOD, 0.98], SMALL, STEADY, "agreement"),
        (GOOD, AreaChange(0.02, 0.03, 0.002, 8), STEADY, "area fraction"),
        (GOOD, SMALL, [[60.0], [30.0]], "correction time"),
        ([0.7], None, [], "agreement"),
    ],
)
def test_one_thing_that_still_moves_is_enough_to_go_on(kappas, area, times, name):
    verdict = can_stop(kappas, area, times)
    assert verdict.answer is False
    assert [one.name for one in verdict.criteria if one.is_met is False] == [name]


@pytest.mark.parametrize("kappas", [[], [0.999], [0.999, 0.995], [math.nan, 0.999, 0.999]])
def test_few_comparisons_are_not_enough(kappas):
    verdict = can_stop(kappas, SMALL, STEADY)
    assert verdict.answer is None
    assert "not enough" in verdict.criteria[0].said


@pytest.mark.parametrize("area", [None, AreaChange(0.1, 0.1, math.nan, 1)])
def test_area_fraction_of_too_few_images_is_not_enough(area):
    assert can_stop(GOOD, area, STEADY).answer is None


def test_time_that_nobody_measured_is_said_and_does_not_decide():
    verdict = can_stop(GOOD, SMALL, [])
    assert verdict.answer is True
    assert "not enough" in verdict.criteria[2].said


def due(share=0.0, n_judged=20, n_labelled=24, p=0.5, times=()):
    return round_is_due(
        novel_share=share,
        n_judged=n_judged,
        n_labelled=n_labelled,
        drift_p=p,
        correction_s=times,
    )


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({}, False),
        ({"share": 0.10}, False),
        ({"share": 0.11}, True),
        ({"p": 0.005}, True),
        ({"p": 0.01}, False),
        ({"p": math.nan, "share": math.nan}, None),
        ({"p": math.nan, "n_labelled": 8, "share": 0.5}, None),
        ({"times": [[10, 20, 30], [40, 50, 60]]}, True),
        ({"times": [[10, 20, 30], [40, 50]]}, False),
        ({"times": [[10, 20, 30], [20, 20, 25]], "p": math.nan, "share": math.nan}, False),
    ],
)
def test_round_is_due_for_what_the_labels_do_not_stand_for(options, answer):
    assert due(**options).answer is answer


def test_share_that_is_none_is_refused():
    with pytest.raises(SettingError, match=r"1\.5 is no share"):
        due(share=1.5)
