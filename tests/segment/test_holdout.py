"""Fields set aside for validation: whole specimens, and enough left to learn from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sorby.segment.holdout import hold_out


def held_names(groups, has_defects, seed=0, **options):
    rng = np.random.default_rng(seed)
    held = hold_out(groups, has_defects=has_defects, rng=rng, **options)
    assert held.dtype == bool
    assert held.shape == (len(groups),)
    return {group for group, one in zip(groups, held, strict=True) if one}


fields = st.lists(st.tuples(st.sampled_from("ABCDEFG"), st.booleans()), min_size=1, max_size=30)


@settings(max_examples=300, deadline=None)
@given(fields, st.integers(0, 1000), st.sampled_from([0.1, 0.2, 0.5, 0.9]))
def test_any_fields_are_split_by_whole_groups_with_enough_on_both_sides(drawn, seed, share):
    groups, told = [group for group, _ in drawn], np.array([flag for _, flag in drawn])
    rng = np.random.default_rng(seed)
    held = hold_out(groups, has_defects=told, rng=rng, share=share)
    if len(set(groups)) == 1:
        assert not held.any()
        return
    assert held.any()
    assert not held.all()
    outside = {group for group, one in zip(groups, held, strict=True) if one}
    assert np.array_equal(held, [group in outside for group in groups])
    if told.any():
        assert (told & ~held).any()
    if len({group for group, flag in drawn if flag}) > 1:
        assert (told & held).any()


def test_one_group_is_not_split():
    assert held_names(["A"] * 9, [True] * 9) == set()
    assert held_names([None] * 4, [True] * 4) == set()


def test_a_fifth_of_fields_that_each_stand_alone_is_held():
    assert len(held_names(range(10), [True] * 10)) == 2
    assert len(held_names(range(50), [True] * 50)) == 10
    assert len(held_names(range(2), [True] * 2)) == 1
    assert len(held_names(range(10), [True] * 10, share=0.5)) == 5


@pytest.mark.parametrize("seed", range(5))
def test_groups_that_hold_defects_are_held_first(seed):
    groups = list("ABCDEFGHIJ")
    told = [group in "CGJ" for group in groups]
    assert held_names(groups, told, seed) < set("CGJ")


@pytest.mark.parametrize("seed", range(5))
def test_the_only_group_with_defects_stays_in_training(seed):
    assert "C" not in held_names(list("ABCDE"), [g == "C" for g in "ABCDE"], seed)
    assert held_names(["A", "B"], [True, False], seed) == {"B"}


def test_one_field_with_a_defect_makes_its_group_one_with_defects():
    groups = ["A", "A", "B", "B", "C", "C"]
    told = [False, True, False, False, False, True]
    assert held_names(groups, told) in ({"A"}, {"C"})


def test_same_generator_same_fields_and_other_seeds_reach_every_group():
    groups, told = list("ABCDE"), [True] * 5
    assert held_names(groups, told, 3) == held_names(groups, told, 3)
    assert set.union(*(held_names(groups, told, seed) for seed in range(40))) == set("ABCDE")


def test_fields_that_an_earlier_model_learnt_from_are_held_out_last():
    for seed in range(20):
        held = hold_out(
            ["A", "B", "C", "D"],
            has_defects=[True] * 4,
            was_trained_on=[True, True, False, True],
            rng=np.random.default_rng(seed),
        )
        assert held.tolist() == [False, False, True, False]
