import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.segment import mask_from_probability


def test_the_most_probable_class_is_chosen_where_defect_of_any_class_reaches_the_threshold():
    probability = np.array([[[0.2, 0.7], [0.55, 0.2], [0.2, 0.25], [0.4, 0.45]]], np.float32)
    assert mask_from_probability(probability).tolist() == [[2, 1, 0, 2]]
    assert mask_from_probability(probability, threshold=0.42).tolist() == [[2, 1, 2, 2]]


def test_the_threshold_itself_is_defect_and_invalid_pixels_are_255():
    probability = np.full((1, 2, 1), 0.5, np.float32)
    mask = mask_from_probability(probability, valid=np.array([[True, False]]))
    assert mask.dtype == np.uint8
    assert mask.tolist() == [[1, 255]]


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, float("nan")])
def test_thresholds_outside_of_0_to_1_are_refused(threshold):
    with pytest.raises(SettingError, match="between 0 and 1"):
        mask_from_probability(np.zeros((2, 2, 1)), threshold=threshold)


def test_a_probability_without_class_axis_is_refused():
    with pytest.raises(SettingError, match=r"\(2, 2\)"):
        mask_from_probability(np.zeros((2, 2)))
