"""Outlines cut anew: where nobody has decided, exactly the probability at the threshold."""

import numpy as np
import pytest
from scipy import ndimage

from sorby.annotate import Canvas, Change, scan
from sorby.annotate.recut import recut
from sorby.core.errors import SettingError


@pytest.fixture
def scene(rng):
    """Probability of two classes that rises into blobs, and the mask that 0.5 cuts from it."""
    blobs = np.stack([ndimage.gaussian_filter(rng.normal(size=(700, 600)), 6) for _ in range(2)])
    steps = (np.clip(blobs / blobs.max() * 1.6, 0, 1) * 127).astype(np.uint8)
    steps[:, 100:140, 200:300] = 255
    return steps, cut(steps, 0.5)


def cut(steps, threshold):
    known = np.where(steps == 255, 0, steps).astype(int)
    mask = np.where(known.sum(axis=0) >= threshold * 254, known.argmax(axis=0) + 1, 0)
    mask[steps[0] == 255] = 255
    return mask.astype(np.uint8)


def canvas_on(mask):
    canvas = Canvas(mask.copy(), lambda piece: 127)
    found = canvas.index.of_pieces(scan(canvas.mask), first_id=1, model="m")
    canvas.index.apply(Change((), tuple(found)))
    return canvas


@pytest.mark.parametrize("threshold", [0.3, 0.45, 0.6, 0.7])
def test_where_nobody_decided_the_mask_is_cut_at_the_threshold(scene, stamp, threshold, check):
    steps, mask = scene
    canvas = canvas_on(mask)
    recut(canvas, steps, threshold, stamp, model="m2")
    assert np.array_equal(canvas.mask, cut(steps, threshold))
    check(canvas)
    assert {d.state for d in canvas.index.defects.values()} == {"predicted"}
    assert not canvas.index.ghosts
    canvas.take_back()
    assert np.array_equal(canvas.mask, mask)
    check(canvas)


def test_what_a_person_decided_stays_and_is_not_grown_into(scene, stamp, check):
    steps, mask = scene
    canvas = canvas_on(mask)
    every = sorted(canvas.index.defects.values(), key=lambda d: -d.area_px)
    canvas.restate(every[:5], "accepted", stamp)
    canvas.take_away(every[5:10], 0, stamp)
    pieces = [canvas.piece(defect) for defect in every[:5]]
    recut(canvas, steps, 0.3, stamp, model="m")
    check(canvas)
    kept = {d.id: d for d in canvas.index.defects.values() if d.state == "accepted"}
    assert set(kept) == {d.id for d in every[:5]}
    for defect, piece in zip(every[:5], pieces, strict=True):
        assert kept[defect.id].box == defect.box
        assert np.array_equal(canvas.piece(kept[defect.id]).inside, piece.inside)
    for ghost in every[5:10]:
        again = canvas.index.ghosts[ghost.id]
        block = canvas.mask[again.box[0] : again.box[2], again.box[1] : again.box[3]]
        assert not block[again.inside()].any()


def test_a_threshold_that_is_none_is_refused(scene, stamp):
    steps, mask = scene
    with pytest.raises(SettingError, match="threshold"):
        recut(canvas_on(mask), steps, 1.0, stamp, model="m")
