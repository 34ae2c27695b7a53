"""The scripted person of experiments picks some of every kind, the striking ones first."""

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.select.scripted import scripted_person, visible_groups

SIZE = np.repeat([4.0, 12.0, 40.0], 6)
CONTRAST = np.tile([0.2, 0.9], 9)


def pick(n_select, labelled=(), seed=0):
    return scripted_person(
        SIZE, CONTRAST, n_select, labelled=labelled, rng=np.random.default_rng(seed)
    )


def test_six_picks_are_one_of_each_kind_from_the_most_striking_down():
    picks, reasons = pick(6)
    assert visible_groups(SIZE, CONTRAST)[picks].tolist() == [5, 4, 3, 2, 1, 0]
    assert "look large, with strong contrast" in reasons[0]
    assert "look small, with weak contrast" in reasons[-1]


def test_what_is_labelled_counts_and_is_never_picked():
    groups = visible_groups(SIZE, CONTRAST)
    labelled = [int(np.flatnonzero(groups == group)[0]) for group in (5, 4, 3)]
    picks, _ = pick(3, labelled)
    assert groups[picks].tolist() == [2, 1, 0]
    assert not set(picks) & set(labelled)


def test_every_image_is_picked_in_the_end_and_none_twice():
    picks, _ = pick(len(SIZE))
    assert sorted(picks) == list(range(len(SIZE)))


def test_seed_decides_within_groups_alone():
    groups = visible_groups(SIZE, CONTRAST)
    draws = [pick(6, seed=seed)[0] for seed in range(5)]
    assert len({tuple(draw) for draw in draws}) > 1
    assert len({tuple(groups[draw].tolist()) for draw in draws}) == 1
    assert pick(6, seed=3) == pick(6, seed=3)


@pytest.mark.parametrize("n_select", [0, 19])
def test_impossible_number_is_refused(n_select):
    with pytest.raises(SettingError, match="18 are left"):
        pick(n_select)


def test_sizes_without_contrasts_are_refused():
    with pytest.raises(SettingError, match="one of each"):
        scripted_person([1.0, 2.0], [1.0], 1, rng=np.random.default_rng(0))
