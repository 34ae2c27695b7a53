"""Operations on masks small enough to draw on paper; none touches the mask it is given."""

import numpy as np
import pytest
from scipy import ndimage

from sorby.annotate import fill_holes, lasso_fill, merge, paint, piece_at, set_piece, split
from sorby.annotate.edit import Patch, apply_patch, put
from sorby.core.errors import SettingError


def drawn(text):
    """Mask of a drawing: digits are classes, # is ignored, the rest is background."""
    values = {"#": 255, **{str(k): k for k in range(1, 10)}}
    return np.array([[values.get(c, 0) for c in line] for line in text.split()], np.uint8)


def after(mask, patch):
    before = mask.copy()
    changed = mask.copy()
    if patch is not None:
        apply_patch(changed, patch)
    assert np.array_equal(mask, before), "the mask was touched"
    return changed


def test_brush_paints_a_disc_and_spares_ignored_pixels():
    mask = drawn("..... ...#. ..... ..... .....")
    assert np.array_equal(
        after(mask, paint(mask, np.array([[2, 2]]), 1.5, 3)), drawn("..... .33#. .333. .333. .....")
    )


def test_brush_of_ignore_takes_defects_and_unignore_frees_nothing_else():
    mask = drawn("11111 11111 11111")
    ignored = after(mask, paint(mask, np.array([[1, 2]]), 1, 255))
    assert np.array_equal(ignored, drawn("11#11 1###1 11#11"))
    freed = after(ignored, paint(ignored, np.array([[1, 2]]), 3, 0, unignore=True))
    assert np.array_equal(freed, drawn("11.11 1...1 11.11"))


def test_patch_holds_only_what_changes():
    mask = drawn("1111 1111 .... ....")
    patch = paint(mask, np.array([[1, 1]]), 5, 1)
    assert patch.box == (2, 0, 4, 4)
    assert paint(mask, np.array([[0, 0]]), 1, 1) is None


def test_lasso_cuts_what_it_surrounds():
    mask = drawn("11111 11111 11111")
    patch = lasso_fill(mask, np.array([[0, 1], [0, 3], [2, 3], [2, 1]]), 0)
    assert np.array_equal(after(mask, patch), drawn("1...1 1...1 1...1"))


def test_holes_are_filled_and_what_lies_in_them_stays():
    mask = drawn("111111 1.2.#1 111111")
    patch = fill_holes(mask, piece_at(mask, (0, 0)))
    assert np.array_equal(after(mask, patch), drawn("111111 1121#1 111111"))
    open_ = drawn("1111 1..1 11.1")
    assert fill_holes(open_, piece_at(open_, (0, 0))) is None


def test_a_defect_gets_another_class_or_goes():
    mask = drawn("11.1 11.1 ....")
    piece = piece_at(mask, (0, 0))
    assert np.array_equal(after(mask, set_piece(mask, piece, 2)), drawn("22.1 22.1 ...."))
    assert np.array_equal(after(mask, set_piece(mask, piece, 0)), drawn("...1 ...1 ...."))
    assert np.array_equal(after(mask, set_piece(mask, piece, 255)), drawn("##.1 ##.1 ...."))


@pytest.mark.parametrize("line", [[[0, 0], [6, 6]], [[0, 3], [6, 3]], [[0, 1], [3, 3], [6, 2]]])
def test_split_leaves_two_parts_that_do_not_touch(line):
    mask = np.zeros((9, 9), np.uint8)
    mask[1:6, 1:8] = 1
    patch = split(mask, piece_at(mask, (3, 3)), np.array(line))
    _, n = ndimage.label(after(mask, patch), np.ones((3, 3)))
    assert n >= 2


def test_split_that_does_not_part_is_refused():
    mask = drawn("11111 11111 11111")
    for line in ([[0, 2], [1, 2]], [[9, 9], [9, 0]]):
        with pytest.raises(SettingError, match="does not cut"):
            split(mask, piece_at(mask, (0, 0)), np.array(line))


def test_merge_bridges_the_gap_three_pixels_wide():
    mask = drawn("........ 11....22 11....22 11....22 ........")
    pieces = [piece_at(mask, (2, 0)), piece_at(mask, (2, 7))]
    joined = after(mask, merge(mask, pieces))
    assert set(np.unique(joined)) == {0, 1}
    assert ndimage.label(joined, np.ones((3, 3)))[1] == 1
    assert (joined[:, 3] == 1).sum() == 3


def test_merge_across_ignored_pixels_is_refused():
    mask = drawn("11##11 11##11 11##11 ##..##")
    with pytest.raises(SettingError, match="ignored"):
        merge(mask, [piece_at(mask, (0, 0)), piece_at(mask, (0, 5))])


def test_work_is_done_in_a_box_of_any_image():
    mask = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (10**6, 10**6), (0, 0))
    patch = paint(mask, np.array([[500_000, 500_000]]), 2, 1)
    assert patch.box == (499_998, 499_998, 500_003, 500_003)
    assert put(mask, (7, 7, 9, 9), np.ones((2, 2), bool), 4).values.tolist() == [[4, 4], [4, 4]]


def test_a_patch_that_does_not_fit_its_box_is_refused():
    with pytest.raises(SettingError, match="fit"):
        apply_patch(np.zeros((4, 4), np.uint8), Patch((0, 0, 2, 2), np.zeros((1, 2), np.uint8)))
