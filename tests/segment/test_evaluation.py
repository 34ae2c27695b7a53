"""Scores worked out by hand: by image, on average, pooled; and masks of several classes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sorby.core.errors import SettingError
from sorby.metrics import ClassCounts, PixelCounts
from sorby.segment import mask_from_probability
from sorby.segment.evaluation import SCORES, compare, scores_of, summarise_scores


def mask(*values):
    return np.array([values], np.uint8)


def test_what_a_prediction_leaves_out_is_background():
    found = compare(mask(255, 255, 1, 1, 0), mask(1, 0, 1, 0, 0))
    assert found.any_defect == PixelCounts(1, 1, 1, 2)


def test_what_the_truth_leaves_out_does_not_count_whatever_was_predicted():
    found = compare(mask(1, 0, 255, 1), mask(255, 255, 255, 1))
    assert found.any_defect == PixelCounts(1, 0, 0, 0)


def test_the_prediction_is_left_as_it_was():
    predicted = mask(255, 1)
    compare(predicted, mask(1, 1))
    assert predicted.tolist() == [[255, 1]]


def test_a_class_taken_for_another_is_defect_but_wrong_for_both():
    found = compare(mask(1, 2, 2, 0), mask(1, 1, 2, 0), n_classes=2)
    assert found.any_defect == PixelCounts(3, 0, 0, 1)
    assert found.classes == (PixelCounts(1, 0, 1, 2), PixelCounts(1, 1, 0, 2))
    assert found.macro_f1 == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)


def test_masks_of_other_sizes_are_refused():
    with pytest.raises(SettingError, match="different sizes"):
        compare(mask(1, 0), mask(1, 0, 0))


# Two images: one large and well found, one small and missed.
LARGE = PixelCounts(true_defect=90, false_defect=10, missed_defect=10, true_background=890)
SMALL = PixelCounts(true_defect=0, false_defect=0, missed_defect=10, true_background=90)


def one_class(counts):
    return ClassCounts((counts,), counts)


def test_mean_sd_and_pooled_score_are_as_worked_out():
    found = summarise_scores([one_class(LARGE), one_class(SMALL)])
    assert found["n"] == 2
    # F1 of the defect: 180 / (180 + 20) = 0.9, and 0; the sd of two values is their
    # difference / sqrt(2).
    assert found["defect_f1"] == pytest.approx({"mean": 0.45, "sd": 0.9 / math.sqrt(2)})
    # Pooled: 180 / (180 + 30).
    assert found["pooled"]["defect_f1"] == pytest.approx(180 / 210)
    # Background: 1780 / 1800 and 180 / 190; with the defect's the macro-F1.
    large, small = (0.9 + 1780 / 1800) / 2, (180 / 190) / 2
    assert found["macro_f1"]["mean"] == pytest.approx((large + small) / 2)
    assert found["macro_f1"]["sd"] == pytest.approx((large - small) / math.sqrt(2))
    assert found["pooled"]["macro_f1"] == pytest.approx((180 / 210 + 1960 / 1990) / 2)
    # Precision: 0.9; nothing predicted where something is to be found is worth 0.
    assert found["precision"]["mean"] == pytest.approx(0.45)
    assert found["pooled"]["precision"] == pytest.approx(0.9)
    assert found["pooled"]["recall"] == pytest.approx(90 / 110)
    assert found["classes"] == {"defect": found["defect_f1"]}


def test_one_image_has_a_mean_and_no_sd():
    found = summarise_scores([one_class(LARGE)])
    for name in SCORES:
        assert found[name]["mean"] == found["pooled"][name]
        assert math.isnan(found[name]["sd"])


def test_no_image_is_refused():
    with pytest.raises(SettingError, match="no image to score"):
        summarise_scores([])


def test_each_class_is_scored_under_its_name():
    counts = compare(mask(1, 2, 2, 0), mask(1, 1, 2, 0), n_classes=2)
    better = compare(mask(1, 2, 0), mask(1, 2, 0), n_classes=2)
    found = summarise_scores([counts, better], ("pore", "crack"))
    assert list(found["classes"]) == ["pore", "crack"]
    assert found["classes"]["pore"]["mean"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["pooled"]["macro_f1"] == pytest.approx((counts + better).macro_f1)


def test_an_image_without_defect_scores_1_without_a_prediction_and_0_with_a_false_one():
    truth = np.zeros((10, 10), np.uint8)
    assert scores_of(compare(truth, truth)) == dict.fromkeys(SCORES, 1.0)
    false = truth.copy()
    false[3, 3] = 1
    found = scores_of(compare(false, truth))
    assert (found["defect_f1"], found["precision"], found["recall"]) == (0, 0, 0)
    assert found["macro_f1"] == pytest.approx((0 + 198 / 199) / 2)


# ---------------------------------------------------------------------- masks


def test_defects_of_any_class_add_up_to_the_threshold_and_the_likeliest_is_named():
    probability = np.array([[[0.3, 0.3, 0.0], [0.1, 0.1, 0.2], [0.1, 0.2, 0.7], [0.5, 0.5, 0.0]]])
    assert mask_from_probability(probability).tolist() == [[1, 0, 3, 1]]
    assert mask_from_probability(probability, threshold=0.7).tolist() == [[0, 0, 3, 1]]
    assert mask_from_probability(probability, threshold=0.4).tolist() == [[1, 3, 3, 1]]


def test_where_no_sample_is_seen_the_mask_is_255_for_every_number_of_classes():
    for n_classes in (1, 3):
        probability = np.full((2, 2, n_classes), 0.9 / n_classes, np.float32)
        probability[0, 1] = np.nan
        found = mask_from_probability(probability, valid=np.array([[1, 1], [0, 1]], bool))
        assert found.tolist() == [[1, 255], [255, 1]]


def test_fields_taller_than_a_strip_are_cut_everywhere():
    probability = np.zeros((2500, 3, 2), np.float32)
    rows = np.array([0, 1023, 1024, 2047, 2048, 2499])
    probability[rows, 1, 1] = 0.8
    probability[rows, 2] = np.nan
    found = mask_from_probability(probability)
    assert np.array_equal(np.flatnonzero(found[:, 1] == 2), rows)
    assert np.array_equal(np.flatnonzero(found[:, 2] == 255), rows)
    assert np.count_nonzero(found) == 2 * rows.size


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.05, 0.95))
def test_a_stricter_mask_lies_inside_a_more_generous_one(seed, n_classes, threshold):
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.ones(n_classes + 1), (6, 7))[..., 1:].astype(np.float32)
    strict = mask_from_probability(probability, threshold=threshold + 0.04)
    generous = mask_from_probability(probability, threshold=threshold)
    assert not (strict[generous == 0]).any()
    assert np.array_equal(strict[strict > 0], generous[strict > 0])
