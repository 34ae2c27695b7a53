"""Effort tables against sums worked out on paper."""

import math

import pandas as pd

from sorby.annotate.effort import by_image, by_round

WORK = pd.DataFrame(
    [
        ["A1", 1, "correct", 10, 0, 4, 60.0, 12],
        ["A2", 1, "correct", 20, 15, 5, 60.0, 18],
        ["A3", 2, "correct", 10, 0, 1, 10.0, 2],
        ["B1", None, "correct", 0, 0, 2, 5.0, 2],
        ["A1", 1, "from_nothing", 10, 0, 10, 200.0, 40],
        ["A3", 2, "from_nothing", 10, 0, 10, 100.0, 20],
    ],
    columns=[
        "image",
        "round",
        "mode",
        "n_defects",
        "n_in_bulk",
        "n_corrected",
        "seconds",
        "n_actions",
    ],
)


def test_an_image_is_divided_by_its_defects():
    found = by_image(WORK)
    assert found["seconds_per_defect"].tolist()[:3] == [6.0, 3.0, 1.0]
    assert found["actions_per_corrected"].tolist()[:3] == [3.0, 3.6, 2.0]
    assert math.isnan(found["seconds_per_defect"][3])


def test_a_round_is_summed_before_it_is_divided_and_stands_beside_drawing():
    found = by_round(WORK)
    assert found["round"].tolist()[:2] == [1, 2] and math.isnan(found["round"][2])
    assert found["n_images"].tolist() == [2, 1, 1]
    assert found["n_in_bulk"].tolist() == [15, 0, 0]
    assert found["n_images_in_bulk"].tolist() == [1, 0, 0]
    assert found["seconds_per_defect"].tolist()[:2] == [4.0, 1.0]
    assert found["actions_per_defect"].tolist()[:2] == [1.0, 0.2]
    assert found["nothing_seconds_per_defect"].tolist() == [15.0] * 3
    assert found["nothing_actions_per_defect"].tolist() == [3.0] * 3
    assert found["saved_actions"].round(3).tolist()[:2] == [0.667, 0.933]
    assert found["nothing_n_images"].tolist() == [2, 2, 2]


def test_without_drawing_nothing_is_claimed():
    found = by_round(WORK[WORK["mode"] == "correct"])
    assert found["saved_seconds"].isna().all() and found["nothing_n_images"].tolist() == [0] * 3


def test_no_work_is_an_empty_table():
    assert by_round(WORK[:0]).empty and by_image(WORK[:0]).empty
