"""Calibration and error catching, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorby.core.errors import SettingError
from sorby.metrics import caught, expected_calibration_error, reliability

SAID = np.repeat([0.05, 0.95], 10)
TRUE = np.repeat([True, False, True, False], [1, 9, 8, 2])


def test_each_bin_holds_its_pixels_their_probability_and_their_defects():
    found = reliability(SAID, TRUE, n_bins=10)
    assert found.n_px.tolist() == [10, *[0] * 8, 10]
    assert found.n_defect.tolist() == [1, *[0] * 8, 8]
    assert found.mean_probability[[0, 9]] == pytest.approx([0.05, 0.95])
    assert found.defect_share[[0, 9]] == pytest.approx([0.1, 0.8])
    assert np.isnan(found.defect_share[1:9]).all()


def test_expected_error_weighs_the_gap_of_each_bin_by_its_pixels():
    # Half of the pixels are off by 0.05, half by 0.15.
    assert expected_calibration_error(SAID, TRUE, n_bins=10) == pytest.approx(0.10)
    # Nine times as many of the first: (9 * 0.05 + 0.15) / 10.
    said, true = (np.concatenate((*[v[:10]] * 9, v[10:])) for v in (SAID, TRUE))
    assert expected_calibration_error(said, true, n_bins=10) == pytest.approx(0.06)


def test_in_one_bin_the_errors_of_both_signs_cancel():
    # Mean probability 0.5, defect share 9 / 20.
    assert expected_calibration_error(SAID, TRUE, n_bins=1) == pytest.approx(0.05)


def test_a_certain_and_right_answer_has_no_error_and_a_certain_wrong_one_all():
    said = np.array([0.0, 0.0, 1.0])
    assert expected_calibration_error(said, said > 0.5) == 0
    assert expected_calibration_error(said, said < 0.5) == 1


def test_an_edge_belongs_to_the_bin_above_and_one_to_the_last():
    assert reliability(np.array([0.0, 0.5, 1.0]), np.zeros(3, bool), n_bins=2).n_px.tolist() == [
        1,
        2,
    ]


def test_pixels_of_fields_add_up_to_those_of_all():
    parts = reliability(SAID[:7], TRUE[:7]) + reliability(SAID[7:], TRUE[7:])
    whole = reliability(SAID, TRUE)
    assert parts.n_px.tolist() == whole.n_px.tolist()
    assert parts.expected_error == pytest.approx(whole.expected_error)


def test_draws_of_their_own_probability_are_calibrated():
    rng = np.random.default_rng(0)
    said = rng.random(200_000)
    # Standard error of a bin's share is below 0.005 with 13,000 pixels.
    assert expected_calibration_error(said, rng.random(said.size) < said) < 0.01


def test_without_pixels_nothing_is_known():
    none = np.zeros(0)
    assert np.isnan(expected_calibration_error(none, none.astype(bool)))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.25, 0.5), (0.5, 0.5), (0.75, 0.5), (1.0, 1.0), (1e-9, 0.5)]
)
def test_the_most_uncertain_pixels_are_looked_at_first(share, expected):
    # The first and the last of four are wrong.
    found = caught(np.array([0.9, 0.5, 0.2, 0.1]), np.array([1, 0, 0, 1], bool), share)
    assert found == expected


def test_of_ties_at_the_cut_the_expected_part_counts():
    # One of the two most uncertain is looked at; one of them is the only wrong pixel.
    assert caught(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0], bool), 0.25) == 0.5


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_constant_catches_the_share_that_is_looked_at(n_looked, n_wrong):
    wrong = np.arange(20) < n_wrong
    assert caught(np.ones(20), wrong, n_looked / 20) == pytest.approx(n_looked / 20)


def test_with_nothing_wrong_there_is_nothing_to_catch():
    assert np.isnan(caught(np.ones(4), np.zeros(4, bool), 0.5))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: caught(np.ones(4), np.zeros(3, bool), 0.5), "same pixels"),
        (lambda: caught(np.ones(4), np.zeros(4, bool), 0.0), "part of the pixels"),
        (lambda: caught(np.ones(4), np.zeros(4, bool), 5), "part of the pixels"),
        (lambda: reliability(np.array([0.5, 1.2]), np.zeros(2, bool)), "no logits"),
        (lambda: reliability(np.array([np.nan]), np.zeros(1, bool)), "NaN"),
        (lambda: reliability(np.ones(2), np.zeros(2, bool), n_bins=0), "at least one"),
    ],
)
def test_an_error_says_what_to_give(call, words):
    with pytest.raises(SettingError, match=words):
        call()
