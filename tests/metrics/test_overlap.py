"""Scores worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as reference

from sorby.core.errors import SettingError
from sorby.metrics import (
    METRICS,
    PixelCounts,
    background_f1,
    defect_f1,
    iou,
    macro_f1,
    pixel_counts,
    precision,
    recall,
)


def test_scores_agree_with_scikit_learn(rng):
    truth, pred = rng.random((40, 50)) < 0.2, rng.random((40, 50)) < 0.3
    t, p = truth.ravel(), pred.ravel()
    assert precision(pred, truth) == pytest.approx(reference.precision_score(t, p))
    assert recall(pred, truth) == pytest.approx(reference.recall_score(t, p))
    assert defect_f1(pred, truth) == pytest.approx(reference.f1_score(t, p))
    assert background_f1(pred, truth) == pytest.approx(reference.f1_score(~t, ~p))
    assert macro_f1(pred, truth) == pytest.approx(reference.f1_score(t, p, average="macro"))
    assert iou(pred, truth) == pytest.approx(reference.jaccard_score(t, p))


def test_shifting_a_square_by_a_quarter_gives_three_fifths_iou():
    truth, pred = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
    truth[4:12, 4:12], pred[4:12, 6:14] = 1, 1
    assert iou(pred, truth) == 48 / 80
    assert defect_f1(pred, truth) == 96 / 128


@pytest.mark.parametrize("name", ["defect_f1", "precision", "recall", "iou"])
def test_no_defect_and_no_prediction_is_perfect_and_a_false_one_is_worth_nothing(name):
    empty, full = np.zeros((3, 3), np.uint8), np.ones((3, 3), np.uint8)
    one = empty.copy()
    one[1, 1] = 1
    assert METRICS[name](empty, empty) == 1
    assert METRICS[name](one, empty) == 0
    assert METRICS[name](empty, one) == 0
    assert METRICS[name](full, full) == 1


def test_background_that_neither_mask_holds_is_in_agreement():
    full = np.ones((3, 3), np.uint8)
    assert background_f1(full, full) == macro_f1(full, full) == 1


def test_ignored_pixels_of_either_mask_and_invalid_ones_do_not_count():
    truth = np.array([[1, 1, 0, 0, 255, 1]], np.uint8)
    pred = np.array([[1, 255, 0, 1, 1, 0]], np.uint8)
    valid = np.array([[True, True, True, True, True, False]])
    assert pixel_counts(pred, truth, valid=valid) == PixelCounts(1, 1, 0, 1)


def test_classes_of_a_label_image_all_count_as_defect():
    assert defect_f1(np.array([[2, 0]], np.uint8), np.array([[1, 0]], np.uint8)) == 1


def test_pooled_score_weighs_pixels_not_images():
    large, small = PixelCounts(90, 10, 0, 900), PixelCounts(0, 0, 1, 99)
    assert (large + small).defect_f1 == 180 / 191
    assert (large + small).defect_f1 != pytest.approx((large.defect_f1 + small.defect_f1) / 2)


@pytest.mark.parametrize("valid", [None, np.ones((4, 4), bool)])
def test_masks_of_different_size_are_refused_with_both_sizes(valid):
    with pytest.raises(SettingError, match=r"\(4, 4\), \(4, 5\)"):
        defect_f1(np.zeros((4, 4)), np.zeros((4, 5)), valid=valid)
