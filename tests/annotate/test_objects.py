"""Pieces found in boxes are those that a look at the whole mask finds."""

import numpy as np
import pytest
from scipy import ndimage

from sorby.annotate.objects import (
    Defect,
    circularity,
    packed,
    piece_at,
    pieces_in,
    point_inside,
    scan,
    unpacked,
)
from sorby.defects import label_instances, measure_defects


def images_of(mask, pieces):
    """Every piece as a set of its pixels and its class."""
    return {(tuple(map(tuple, np.argwhere(p.inside) + p.box[:2])), p.value) for p in pieces}


@pytest.mark.parametrize("tile_px", [16, 37, 64, 1000])
def test_scan_by_tiles_finds_every_piece_once(speckled, tile_px):
    speckled[3, :] = 1  # across all tiles
    speckled[:, 7] = 2
    found = list(scan(speckled, tile_px=tile_px))
    whole = pieces_in(speckled)
    assert len(found) == len(whole) == label_instances(speckled, min_area_px=1).max()
    assert images_of(speckled, found) == images_of(speckled, whole)


def test_piece_at_a_pixel_is_the_whole_piece(speckled):
    for piece in pieces_in(speckled):
        again = piece_at(speckled, point_inside(piece), margin=1)
        assert again.box == piece.box and np.array_equal(again.inside, piece.inside)
    assert piece_at(speckled, (110, 60)) is None  # ignored


def test_point_lies_inside_even_of_a_ring():
    ring = np.zeros((20, 20), np.uint8)
    rows, columns = np.indices(ring.shape)
    ring[np.abs(np.hypot(rows - 10, columns - 10) - 7) < 1] = 1
    (piece,) = pieces_in(ring)
    assert ring[point_inside(piece)] == 1


def test_circularity_is_that_of_the_defect_table(rng):
    noise = ndimage.gaussian_filter(rng.normal(size=(200, 200)), 3)
    mask = (noise > 0.03).astype(np.uint8)
    instances = label_instances(mask, min_area_px=30)
    table = measure_defects(instances, image="a")
    table = table[table["circularity"].notna()]  # the table leaves out what is too small
    assert len(table) > 5 and (table["filled_area_px2"] > table["area_px2"]).any()
    for row in table.itertuples():
        inside = instances == row.defect
        place = ndimage.find_objects(inside.astype(int))[0]
        assert circularity(inside[place]) == pytest.approx(row.circularity, abs=6e-4)


def test_a_defect_survives_its_row():
    inside = np.eye(5, dtype=bool)
    defect = Defect(3, (1, 2, 6, 7), (1, 2), 5, 1, 0.5, 200, "predicted", model="m")
    ghost = defect.ghost(inside, "rejected", "Ada", "now")
    assert Defect.from_row(defect.as_row()) == defect
    assert Defect.from_row(ghost.as_row()) == ghost and ghost.is_gone
    assert np.array_equal(ghost.inside(), inside)
    assert np.array_equal(unpacked(packed(inside), (5, 5)), inside)


def test_gain_is_doubt_times_area_and_none_once_verified():
    defect = Defect(1, (0, 0, 2, 2), (0, 0), 4, 1, 1.0, 127, "predicted")
    assert defect.gain == 2.0
    assert Defect.from_row([*defect.as_row()[:11], "accepted", "", "", "", None]).gain == 0.0
    unknown = Defect(1, (0, 0, 2, 2), (0, 0), 4, 1, 1.0, None, "predicted")
    assert unknown.gain == 2.0
