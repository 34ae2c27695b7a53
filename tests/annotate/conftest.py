"""Small masks with defects whose pixels are known."""

import numpy as np
import pytest

from sorby.annotate import Canvas, Change, Stamp, scan


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
