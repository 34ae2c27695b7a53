"""Counts class by class, worked out by hand and against scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from sorby.metrics import ClassCounts, PixelCounts, class_counts, pixel_counts

TRUTH = np.array([[0, 0, 1, 1, 2, 2, 2, 255]], np.uint8)
PRED = np.array([[0, 1, 1, 2, 2, 0, 255, 1]], np.uint8)


def test_each_class_is_counted_against_all_else():
    found = class_counts(PRED, TRUTH, 2)
    # Six pixels count. Class 1: one right, one false, one missed. Class 2: the same.
    assert found.classes == (PixelCounts(1, 1, 1, 3), PixelCounts(1, 1, 1, 3))
    assert found.any_defect == PixelCounts(3, 1, 1, 1)
    assert found.macro_f1 == pytest.approx((0.5 + 0.5 + 0.5) / 3)


def test_invalid_pixels_do_not_count_for_any_class():
    valid = np.array([[1, 0, 1, 0, 1, 1, 1, 1]], bool)
    found = class_counts(PRED, TRUTH, 2, valid=valid)
    assert found.classes == (PixelCounts(1, 0, 0, 3), PixelCounts(1, 0, 1, 2))
    assert found.any_defect == PixelCounts(2, 0, 1, 1)


def test_with_one_class_all_that_is_defect_is_that_class():
    found = class_counts(PRED, TRUTH, 1)
    assert found == ClassCounts((pixel_counts(PRED, TRUTH),), pixel_counts(PRED, TRUTH))
    assert found.macro_f1 == pixel_counts(PRED, TRUTH).macro_f1


def test_a_class_that_neither_holds_is_in_agreement():
    found = class_counts(PRED, TRUTH, 3)
    assert found.classes[2].defect_f1 == 1
    assert found.macro_f1 == pytest.approx((0.5 + 0.5 + 0.5 + 1) / 4)


def test_counts_of_other_numbers_of_classes_do_not_add_up():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        class_counts(PRED, TRUTH, 2) + class_counts(PRED, TRUTH, 3)


masks = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).choice([0, 0, 1, 2, 3, 255], (2, 8, 9))
)


@settings(max_examples=60, deadline=None)
@given(masks, st.integers(1, 3), st.integers(1, 7))
def test_counts_of_parts_add_up_to_those_of_the_whole(pair, n_classes, cut):
    pred, truth = pair
    if n_classes < 3:
        pred, truth = (np.where(m == 255, m, np.minimum(m, n_classes)) for m in pair)
    parts = [class_counts(pred[part], truth[part], n_classes) for part in np.s_[:cut, cut:]]
    assert parts[0] + parts[1] == class_counts(pred, truth, n_classes)


@settings(max_examples=60, deadline=None)
@given(masks)
def test_macro_f1_is_scikit_learns_over_background_and_classes(pair):
    pred, truth = pair
    counted = (pred != 255) & (truth != 255)
    expected = reference.f1_score(
        truth[counted], pred[counted], labels=[0, 1, 2, 3], average="macro", zero_division=1
    )
    assert class_counts(pred, truth, 3).macro_f1 == pytest.approx(expected)
