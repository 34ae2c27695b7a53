"""Views of one spot are found whatever the shift; unrelated patches are left apart."""

import numpy as np
import pytest

from sorby.classify import near_duplicate_groups
from sorby.core.errors import SettingError


def view(wall, row, column):
    return wall[row : row + 128, column : column + 128]


@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (37, -21), (-64, 3), (0, 90), (-60, 60)])
def test_a_shifted_view_belongs_to_its_original(wall, shift):
    views = [view(wall, 136, 136), view(wall, 136 + shift[0], 136 + shift[1])]
    assert near_duplicate_groups(np.stack(views)).tolist() == [0, 0]


def test_brightness_contrast_and_noise_do_not_hide_a_shifted_view(wall, rng):
    other = 0.5 * view(wall, 150, 100) + 80 + rng.normal(0, 4, (128, 128))
    views = np.stack([view(wall, 136, 136), np.clip(other, 0, 255).astype(np.uint8)])
    assert near_duplicate_groups(views).tolist() == [0, 0]


def test_unrelated_patches_stay_apart(wall):
    views = np.stack([view(wall, r, c) for r in (0, 136, 272) for c in (0, 136, 272)])
    assert near_duplicate_groups(views).tolist() == list(range(9))


def test_friends_of_friends_are_one_group_numbered_by_first_appearance(wall):
    columns = [200, 0, 80, 160]
    views = np.stack([view(wall[::-1], 0, 250), *(view(wall, 270, c) for c in columns)])
    assert near_duplicate_groups(views).tolist() == [0, 1, 1, 1, 1]


def test_dissimilar_patches_with_similar_pores_stay_apart(drawn):
    patches, _ = drawn
    assert near_duplicate_groups(patches).tolist() == list(range(len(patches)))


def test_blank_patches_are_not_taken_for_one_spot(rng):
    blank = rng.normal(250, 0.5, (6, 128, 128)).clip(0, 255).astype(np.uint8)
    blank[0] = 255
    assert len(set(near_duplicate_groups(blank).tolist())) == 6


def test_given_groups_are_joined_with_those_found(wall):
    views = [view(wall, 136, 136), view(wall, 0, 0), view(wall, 150, 150), view(wall, 272, 0)]
    groups = ["field 1", "field 2", "field 3", "field 2"]
    assert near_duplicate_groups(np.stack(views), groups).tolist() == [0, 1, 0, 1]


def test_no_and_one_patch(wall):
    assert near_duplicate_groups(np.zeros((0, 128, 128), np.uint8)).shape == (0,)
    assert near_duplicate_groups(wall[None, :128, :128]).tolist() == [0]


def test_too_few_groups_are_refused(drawn):
    with pytest.raises(SettingError, match="3 groups for 40 patches"):
        near_duplicate_groups(drawn[0], [1, 2, 3])


def test_the_papers_patches_hold_the_known_share_of_shifted_views(etched):
    patches, _ = etched
    _, sizes = np.unique(near_duplicate_groups(patches), return_counts=True)
    shifted = sizes[sizes > 1].sum()
    assert 50 <= shifted <= 75  # 63 of 220 were found in an independent study
    assert sizes.max() <= 8
