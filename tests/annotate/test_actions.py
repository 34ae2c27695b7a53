"""Actions that a correction would take, on masks small enough to count by hand."""

import numpy as np
import pytest

from sorby.annotate.actions import count_actions
from sorby.core.errors import SettingError


def mask(*boxes, value=1, shape=(60, 80)):
    drawn = np.zeros(shape, np.uint8)
    for top, left, bottom, right in boxes:
        drawn[top:bottom, left:right] = value
    return drawn


A, B = (5, 5, 15, 15), (30, 30, 40, 45)


def test_right_mask_takes_only_the_two_that_end_the_image():
    found = count_actions(mask(A, B), mask(A, B))
    assert (found.correcting, found.drawing, found.n_corrected) == (2, 3, 0)


def test_missed_defect_is_a_click_and_a_false_one_a_deletion():
    found = count_actions(mask(A, (50, 50, 56, 56)), mask(A, B))
    assert (found.n_added, found.n_deleted, found.n_strokes) == (1, 1, 0)
    assert (found.correcting, found.n_corrected) == (4, 2)


def test_boundary_off_by_a_pixel_is_right():
    assert count_actions(mask((4, 4, 16, 16)), mask(A)).n_strokes == 0
    assert count_actions(mask((6, 6, 14, 14)), mask(A)).n_strokes == 0


def test_each_piece_in_which_a_boundary_is_off_takes_a_stroke():
    below = (15, 5, 27, 15)
    assert count_actions(mask(A, below), mask(A)).n_strokes == 1
    arms = (10, 15, 13, 40), (15, 8, 40, 12)
    assert count_actions(mask(A, *arms), mask(A)).n_strokes == 2


def test_two_defects_that_run_together_are_mended_at_the_bridge():
    truth = mask((10, 10, 20, 20), (10, 40, 20, 50))
    merged = mask((10, 10, 20, 50))
    found = count_actions(merged, truth)
    assert found.n_corrected == 2
    assert found.n_strokes == 2


def test_specks_are_left_out_on_both_sides():
    assert count_actions(mask((50, 50, 53, 53)), mask()).correcting == 2
    assert count_actions(mask(), mask((50, 50, 53, 53))).n_true == 0


def test_what_is_not_sample_is_not_judged():
    truth = mask(A) + mask(B, value=255)
    assert count_actions(mask(A, B), truth).correcting == 2


def test_defect_of_another_class_is_deleted_and_added():
    found = count_actions(mask(A, value=2), mask(A, value=1))
    assert (found.n_deleted, found.n_added) == (1, 1)


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(SettingError, match="do not fit"):
        count_actions(mask(), mask(shape=(5, 5)))
