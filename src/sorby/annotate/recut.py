"""All that nobody has verified, cut anew at another probability: one gesture for many outlines."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sorby.annotate.boxes import Box, clipped, grown, meets, slices
from sorby.annotate.canvas import Canvas
from sorby.annotate.edit import Patch
from sorby.annotate.objects import CONFIDENCE_STEPS, Stamp
from sorby.core.errors import SettingError
from sorby.core.records import IGNORE
from sorby.core.tiling import windows

TILE_PX = 512


def recut(canvas: Canvas, steps: np.ndarray, threshold: float, stamp: Stamp, *, model: str) -> None:
    """Outline what nobody has verified where the probability crosses a threshold.

    Higher makes defects smaller and fewer, lower larger and more. Defects that a person verified,
    ghosts and ignored pixels stay as they are, and nothing grows into touch with them. What
    changes is predicted still: it waits to be checked.

    Parameters
    ----------
    canvas : Canvas
        Changed tile by tile.
    steps : ndarray of shape (classes, M, N), uint8
        Probability in steps of 1/254; 255 where there is no sample.
    threshold : float
        Between 0 and 1.
    stamp : Stamp
        Who and when.
    model : str
        What made the probability.

    Raises
    ------
    SettingError
        If the threshold is not between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise SettingError(f"The threshold is {threshold}. Choose one between 0 and 1, like 0.5.")
    n_rows, n_columns = canvas.mask.shape
    for window in windows((n_rows, n_columns), size=TILE_PX):
        rows, columns = window.core
        tile = (rows.start, columns.start, rows.stop, columns.stop)
        block = canvas.mask[slices(tile)]
        locked = _locked(canvas, tile)
        wanted = _called(steps[:, *slices(tile)], threshold)
        wanted[locked & (block == 0)] = 0
        values = np.where((block == IGNORE) | (locked & (block > 0)), block, wanted)
        if not np.array_equal(values, block):
            canvas.paint(Patch(tile, values), stamp, model=model)


def _called(steps: np.ndarray, threshold: float) -> np.ndarray:
    """Most probable class where the sum over classes reaches the threshold, else 0."""
    known = np.where(steps == IGNORE, 0, steps)
    called = known.sum(axis=0, dtype=np.int64) >= threshold * CONFIDENCE_STEPS
    return np.where(called, known.argmax(axis=0) + 1, 0).astype(np.uint8)


def _locked(canvas: Canvas, tile: Box) -> np.ndarray:
    """Pixels of a tile that a person has decided about, and those that touch them."""
    around = grown(tile, 1, canvas.mask.shape)
    decided = np.zeros((around[2] - around[0], around[3] - around[1]), bool)
    for defect in canvas.index.near(around):
        if defect.state != "predicted":
            piece = canvas.piece(defect)
            _mark(decided, around, piece.box, piece.inside)
    touched = ndimage.maximum_filter(decided, size=3)
    for ghost in canvas.index.ghosts.values():
        if meets(ghost.box, around):
            _mark(touched, around, ghost.box, ghost.inside())
    top, left = tile[0] - around[0], tile[1] - around[1]
    own = touched[top : top + tile[2] - tile[0], left : left + tile[3] - tile[1]]
    block = canvas.mask[slices(tile)]
    decided = decided[top : top + own.shape[0], left : left + own.shape[1]]
    return np.where(block > 0, decided, own)


def _mark(plane: np.ndarray, window: Box, box: Box, inside: np.ndarray) -> None:
    """Set the pixels of a piece in the plane of a window."""
    row, column = box[0] - window[0], box[1] - window[1]
    part = clipped((row, column, row + inside.shape[0], column + inside.shape[1]), plane.shape)
    plane[slices(part)] |= inside[
        part[0] - row : part[2] - row, part[1] - column : part[3] - column
    ]
