"""Differences are their own inverse, in any order; damage is noticed."""

import numpy as np
import pytest

from sorby.annotate import redo_target, toggle, undo_target
from sorby.annotate.edit import apply_patch, paint
from sorby.annotate.journal import boxes_of, decode, difference, encode
from sorby.core.errors import ProjectError


def painted(mask, rng, n):
    """Entries of n gestures of one to three strokes, made on the mask."""
    entries = []
    for _ in range(n):
        parts = []
        for _ in range(rng.integers(1, 4)):
            patch = paint(mask, rng.uniform(0, 50, (3, 2)), 4, int(rng.integers(0, 4)))
            if patch is not None:
                parts.append(difference(mask, patch))
                apply_patch(mask, patch)
        entries.append(encode(parts))
    return entries


def test_gestures_done_again_in_any_order_give_the_same_mask(rng):
    base = rng.integers(0, 3, (60, 60)).astype(np.uint8)
    mask = base.copy()
    entries = painted(mask, rng, 30)
    again = base.copy()
    for k in rng.permutation(30):
        toggle(again, entries[k])
    assert np.array_equal(again, mask)
    for entry in reversed(entries):
        toggle(mask, entry)
    assert np.array_equal(mask, base)


def test_a_gesture_without_pixels_is_empty():
    assert encode([]) == b"" and decode(b"") == [] and boxes_of(b"") == []


def test_a_stroke_is_a_few_hundred_bytes(rng):
    mask = np.zeros((4096, 4096), np.uint8)
    patch = paint(mask, np.cumsum(rng.normal(0, 5, (60, 2)), axis=0) + 2000, 12, 1)
    assert len(encode([difference(mask, patch)])) < 1500


@pytest.mark.parametrize("spoil", [lambda e: e[:-3], lambda e: e[:20] + b"x" * 9, lambda e: e[:9]])
def test_a_damaged_entry_is_refused_and_changes_nothing(rng, spoil):
    mask = np.zeros((60, 60), np.uint8)
    (entry,) = painted(mask, rng, 1)
    before = mask.copy()
    with pytest.raises(ProjectError, match="damaged"):
        toggle(mask, spoil(entry))
    assert np.array_equal(mask, before)


def test_undo_takes_the_last_live_edit_and_redo_the_first_undone():
    stack = [
        (1, "brush", "live"),
        (2, "look", "live"),
        (3, "accept", "undone"),
        (4, "brush", "undone"),
        (5, "undo", "live"),
        (6, "undo", "live"),
        (7, "brush", "dropped"),
    ]
    assert undo_target(stack) == 1 and redo_target(stack) == 3
    assert undo_target([(1, "look", "live"), (2, "done", "live")]) is None
    assert redo_target([]) is None
