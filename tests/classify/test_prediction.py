"""A type where the classifier is sure, 'uncertain' where it is not."""

import numpy as np
import pytest

from sorby.classify import predict_types
from sorby.core.errors import SettingError


class Told:
    def __init__(self, probability):
        self.probability = np.asarray(probability, float)
        self.classes = ("a", "b", "c")[: self.probability.shape[1]]

    def predict_probability(self, patches):
        return self.probability


def typed(probability, **options):
    return predict_types(
        Told(probability), np.zeros((len(probability), 128, 128), np.uint8), **options
    )


def test_two_types_need_a_distance_of_the_margin_from_one_half():
    table = typed([[0.76, 0.24], [0.74, 0.26], [0.5, 0.5], [0.1, 0.9]])
    assert table["defect_type"].tolist() == ["a", "uncertain", "uncertain", "b"]
    assert table["probability"].tolist() == [0.76, 0.74, 0.5, 0.9]
    assert table.columns.tolist() == ["defect_type", "probability", "p_a", "p_b"]
    assert table["p_b"].tolist() == [0.24, 0.26, 0.5, 0.9]


def test_three_types_need_the_same_largest_probability():
    table = typed([[0.8, 0.1, 0.1], [0.1, 0.6, 0.3], [0.0, 0.2, 0.8]])
    assert table["defect_type"].tolist() == ["a", "uncertain", "c"]
    assert typed([[0.1, 0.6, 0.3]], margin=0.05)["defect_type"].tolist() == ["b"]


def test_no_patch_gives_an_empty_table_with_all_columns():
    table = typed(np.zeros((0, 2)))
    assert len(table) == 0
    assert table.columns.tolist() == ["defect_type", "probability", "p_a", "p_b"]


@pytest.mark.parametrize("margin", [-0.1, 0.5, float("nan")])
def test_a_margin_out_of_range_is_refused(margin):
    with pytest.raises(SettingError, match="margin is"):
        typed([[1.0, 0.0]], margin=margin)
