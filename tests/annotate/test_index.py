"""The index after any number of patches is what a look at the whole mask would find."""

import numpy as np
import pytest

from sorby.annotate import lasso_fill, merge, paint, split
from sorby.annotate.objects import piece_at


def random_patch(mask, rng):
    points = rng.uniform(-10, 210, (rng.integers(1, 5), 2))
    value = int(rng.choice([0, 1, 2, 255]))
    if rng.random() < 0.3:
        return lasso_fill(mask, rng.uniform(0, 200, (4, 2)), value)
    return paint(mask, points, float(rng.uniform(0, 9)), value)


@pytest.mark.parametrize("seed", range(6))
def test_index_follows_random_patches_and_their_undo(seed, speckled, canvas_of, stamp, check):
    rng = np.random.default_rng(seed)
    canvas = canvas_of(speckled.copy())
    check(canvas)
    past = []
    for _ in range(25):
        before = canvas.mask.copy(), dict(canvas.index.defects), dict(canvas.index.ghosts)
        canvas.paint(random_patch(canvas.mask, rng), stamp)
        past.append((*before, *canvas.finish()))
        check(canvas)
    for mask, defects, ghosts, entry, change in reversed(past):
        canvas.turn(entry, change.reversed())
        assert np.array_equal(canvas.mask, mask)
        assert (canvas.index.defects, canvas.index.ghosts) == (defects, ghosts)
    check(canvas)


def bar():
    mask = np.zeros((40, 60), np.uint8)
    mask[10:14, 10:50] = 1
    return mask


def test_edited_defect_keeps_its_number(canvas_of, stamp):
    canvas = canvas_of(bar())
    canvas.paint(paint(canvas.mask, np.array([[12, 50]]), 4, 1), stamp)
    (defect,) = canvas.index.defects.values()
    assert (defect.id, defect.state, defect.author) == (1, "edited", "Ada")


def test_larger_part_of_a_cut_keeps_the_number(canvas_of, stamp):
    canvas = canvas_of(bar())
    piece = piece_at(canvas.mask, (12, 20))
    canvas.paint(split(canvas.mask, piece, np.array([[5, 20], [20, 20]])), stamp)
    parts = {d.id: d.area_px for d in canvas.index.defects.values()}
    assert parts == {1: 4 * 29, 2: 4 * 10}


def test_merged_defects_take_the_number_of_the_larger(canvas_of, stamp):
    mask = bar()
    mask[30:34, 10:20] = 1
    canvas = canvas_of(mask)
    pieces = [piece_at(canvas.mask, point) for point in ((12, 12), (31, 12))]
    canvas.paint(merge(canvas.mask, pieces), stamp)
    (defect,) = canvas.index.defects.values()
    assert (defect.id, defect.box) == (1, (10, 9, 34, 50))  # the bridge is 3 px wide
    assert canvas.index.ghosts == {}


def test_new_pixels_away_from_all_are_added_under_a_new_number(canvas_of, stamp):
    canvas = canvas_of(bar())
    canvas.paint(paint(canvas.mask, np.array([[30, 30]]), 3, 1), stamp)
    assert {d.id: d.state for d in canvas.index.defects.values()} == {1: "predicted", 2: "added"}


def test_erased_prediction_leaves_a_ghost_and_an_erased_addition_none(canvas_of, stamp):
    canvas = canvas_of(bar())
    canvas.paint(paint(canvas.mask, np.array([[30, 30]]), 3, 1), stamp)
    canvas.paint(lasso_fill(canvas.mask, np.array([[0, 0], [0, 59], [39, 59], [39, 0]]), 0), stamp)
    assert not canvas.mask.any()
    (ghost,) = canvas.index.ghosts.values()
    assert (ghost.id, ghost.state, ghost.box) == (1, "rejected", (10, 10, 14, 50))
    assert ghost.inside().all()


def test_neighbour_that_is_only_touched_stays_as_predicted(canvas_of, stamp):
    mask = bar()
    mask[20:24, 10:20] = 2
    canvas = canvas_of(mask)
    canvas.paint(
        lasso_fill(canvas.mask, np.array([[14, 10], [14, 19], [19, 19], [19, 10]]), 1), stamp
    )
    assert {d.value: d.state for d in canvas.index.defects.values()} == {
        1: "edited",
        2: "predicted",
    }


def test_numbers_are_never_used_again(canvas_of, stamp):
    canvas = canvas_of(bar())
    canvas.paint(paint(canvas.mask, np.array([[30, 30]]), 3, 1), stamp)
    entry, change = canvas.finish()
    canvas.turn(entry, change.reversed())
    canvas.finish()
    canvas.paint(paint(canvas.mask, np.array([[30, 30]]), 3, 1), stamp)
    assert sorted(canvas.index.defects) == [1, 3]
