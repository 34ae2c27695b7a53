"""Two models on one field: geometry worked out on paper."""

import numpy as np

from sorby.project import Field
from sorby.workflow.comparing import compare_masks

FIELD = Field("A1", (40, 60))


def squares(*places, edge=5):
    mask = np.zeros(FIELD.shape, np.uint8)
    for row, column in places:
        mask[row : row + edge, column : column + edge] = 1
    return mask


def changes_of(rows):
    return sorted((one["change"], tuple(one["box"]), one["area_px"]) for one in rows)


def test_gained_lost_and_false_defects_are_told_with_their_boxes():
    truth = squares((2, 2), (2, 20), (2, 40))
    old = squares((2, 2), (30, 30))  # finds the first; one false
    new = squares((2, 20), (2, 40), (20, 50))  # finds the others; another false
    row, changes = compare_masks(old, new, truth, FIELD)
    assert row["n_defects"] == 3
    assert (row["old"]["n_found"], row["old"]["n_false"]) == (1, 1)
    assert (row["new"]["n_found"], row["new"]["n_false"]) == (2, 1)
    assert row["old"]["f1"] == 2 * 25 / (50 + 75)
    assert row["new"]["precision"] == 50 / 75 and row["new"]["recall"] == 50 / 75
    assert changes_of(changes) == [
        ("false_gone", (30, 30, 35, 35), 25),
        ("false_new", (20, 50, 25, 55), 25),
        ("gained", (2, 20, 7, 25), 25),
        ("gained", (2, 40, 7, 45), 25),
        ("lost", (2, 2, 7, 7), 25),
    ]


def test_half_of_a_defect_is_found_and_less_is_not():
    truth = squares((10, 10), edge=10)
    half, less = truth.copy(), truth.copy()
    half[15:20] = 0
    less[14:20] = 0
    row, changes = compare_masks(less, half, truth, FIELD)
    assert (row["old"]["n_found"], row["new"]["n_found"]) == (0, 1)
    assert [one["change"] for one in changes] == ["gained"]


def test_a_false_defect_that_moved_a_little_is_no_change():
    truth = squares((2, 2))
    _, changes = compare_masks(squares((2, 2), (30, 30)), squares((2, 2), (31, 31)), truth, FIELD)
    assert changes == []


def test_ignored_pixels_count_for_nobody():
    truth = squares((2, 2))
    truth[20:] = 255
    row, changes = compare_masks(squares((2, 2)), squares((2, 2), (30, 30)), truth, FIELD)
    assert row["new"] == row["old"] and row["new"]["f1"] == 1 and changes == []


def test_a_field_without_defects_that_nobody_calls_is_right():
    nothing = np.zeros(FIELD.shape, np.uint8)
    row, changes = compare_masks(nothing, nothing, nothing, FIELD)
    assert row["new"]["f1"] == 1 and changes == [] and row["n_defects"] == 0
