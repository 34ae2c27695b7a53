"""How much of a mask is looked at for a patch, and what is found there."""

import numpy as np
import pytest
from scipy import ndimage

from sorby.annotate.boxes import holds, slices
from sorby.annotate.edit import paint
from sorby.annotate.objects import circularity, counted, point_inside, scan
from sorby.annotate.touched import FIRST_MARGIN_PX, touched


@pytest.fixture
def network():
    """A grid of lines 200 px apart over the whole image, one piece, and a pore in a mesh."""
    mask = np.zeros((1000, 1200), np.uint8)
    mask[100::200] = mask[:, 100::200] = 1
    mask[395:406, 395:406] = 1
    return mask


def boxes_of(mask):
    return [piece.box for piece in scan(mask)]


def test_beside_a_network_little_is_looked_at(network):
    patch = paint(network, np.array([[400, 400]]), 12, 1)
    found = touched(network, patch, boxes_of(network))
    rows, columns = slices(found.window)
    assert rows.stop - rows.start <= 25 + 2 * FIRST_MARGIN_PX
    assert columns.stop - columns.start <= 25 + 2 * FIRST_MARGIN_PX
    assert found.before.max() == found.after.max() == 1  # the pore; nothing of the network


def test_what_joins_a_network_is_looked_at_whole_and_once(network, monkeypatch):
    from sorby.annotate import touched as module

    calls = []
    whole = module.label_block
    monkeypatch.setattr(module, "label_block", lambda block: calls.append(1) or whole(block))
    patch = paint(network, np.array([[400, 400], [400, 500]]), 4, 1)
    found = touched(network, patch, boxes_of(network))
    assert holds(found.window, (0, 0, 1000, 1200))
    assert found.before.max() == 2
    assert found.after.max() == 1
    assert np.count_nonzero(found.after) == np.count_nonzero(found.values)
    assert len(calls) == 4  # before and after, in the small window and in that of the network


def test_a_piece_that_nobody_knows_of_is_found_whole_all_the_same(network):
    patch = paint(network, np.array([[400, 500]]), 4, 0)
    found = touched(network, patch, [])
    assert np.count_nonzero(found.before) == np.count_nonzero(network) - 121


@pytest.mark.parametrize("seed", range(8))
def test_the_quick_ways_give_what_the_plain_ones_give(seed):
    rng = np.random.default_rng(seed)
    mask = rng.choice(
        np.array([0, 1, 2, 7, 255], np.uint8), (90, 70), p=[0.5, 0.35, 0.1, 0.03, 0.02]
    )
    assert counted(mask).tolist() == np.bincount(mask.ravel(), minlength=256).tolist()
    for piece in scan(mask):
        rows, columns = np.nonzero(piece.inside)
        away = (rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2
        nearest = away.argmin()
        expected = piece.box[0] + rows[nearest], piece.box[1] + columns[nearest]
        assert point_inside(piece) == expected
        filled = ndimage.binary_fill_holes(piece.inside)
        assert circularity(piece.inside) == circularity(filled)
