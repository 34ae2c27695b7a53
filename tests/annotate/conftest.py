"""Small masks with defects whose pixels are known."""

import numpy as np
import pytest

from sorby.annotate import Canvas, Change, Stamp, scan
from sorby.annotate.objects import LEAST_AREA_PX
from sorby.defects import label_instances


@pytest.fixture
def stamp():
    return Stamp("Ada", "2026-01-01T00:00:00.000+00:00")


@pytest.fixture
def canvas_of():
    """A canvas with all defects of a mask predicted."""

    def make(mask, confidence=lambda piece: 127):
        canvas = Canvas(mask, confidence)
        found = canvas.index.of_pieces(scan(canvas.mask), first_id=1, model="m")
        canvas.index.apply(Change((), tuple(found)))
        return canvas

    return make


@pytest.fixture
def speckled(rng):
    """Mask of two classes with many blobs, specks and an ignored box."""
    mask = np.zeros((160, 200), np.uint8)
    for _ in range(60):
        row, column = rng.integers(0, 160), rng.integers(0, 200)
        height, width = rng.integers(1, 12, 2)
        mask[row : row + height, column : column + width] = rng.integers(1, 3)
    mask[100:120, 50:90] = 255
    return mask


@pytest.fixture
def check():
    return check_index


def found_by_label(mask):
    """Box, area and class of every defect, by the labelling that measures use."""
    instances = label_instances(mask, min_area_px=LEAST_AREA_PX)
    found = set()
    for number in range(1, instances.max() + 1):
        rows, columns = np.nonzero(instances == number)
        box = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        found.add((tuple(map(int, box)), len(rows), int(mask[rows[0], columns[0]])))
    return found


def found_by_index(canvas):
    return {(d.box, d.area_px, d.value) for d in canvas.index.defects.values()}


def check_index(canvas):
    """The index holds what a look at the whole mask finds, and its sums are right."""
    assert found_by_index(canvas) == found_by_label(canvas.mask)
    for defect in canvas.index.defects.values():
        assert canvas.mask[defect.point] == defect.value
        assert defect in canvas.index.near(defect.box)
    fresh = Canvas(canvas.mask, lambda piece: None)
    assert np.array_equal(canvas.counts, fresh.counts)
    assert canvas.index.sums.area == sum(d.area_px for d in canvas.index.defects.values())
    states = [d.state for d in canvas.index.defects.values()]
    assert canvas.index.n_to_check == states.count("predicted")
