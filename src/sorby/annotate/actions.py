"""Actions that a correction would take, counted from the two masks alone.

A reckoning for experiments, where nobody corrects: one action deletes a false defect, one adds a
missed one (a click), one stroke mends a piece in which a boundary is off, the largest first until
the defect is right, and two end the image. Drawing from nothing takes one action a defect,
however long its outline, and one to end.

The scripted annotator of ``benchmarks/effort.py``, who works through the editor's own
operations, took 127 actions where this reckons 115, and 310 where it reckons 306 from nothing (12
real polished sections, from the masks of the model in the box).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

LEAST_PX = 10
"""Smaller defects are left out on both sides."""

GOOD_IOU = 0.7
TOLERANCE_PX = 1
_EIGHT = np.ones((3, 3), bool)
_MARGIN_PX = 3
_ENDING, _ENDING_DRAWN = 2, 1


@dataclass(frozen=True)
class Actions:
    """What correcting one mask takes, and what drawing it from nothing would.

    Attributes
    ----------
    n_true : int
        True defects of at least ``LEAST_PX``.
    n_deleted, n_added, n_strokes : int
        Actions on false defects, on missed ones and on boundaries.
    n_corrected : int
        Defects that these were spent on.
    """

    n_true: int
    n_deleted: int
    n_added: int
    n_strokes: int
    n_corrected: int

    @property
    def correcting(self) -> int:
        """Actions to correct the mask, those that end the image included."""
        return self.n_deleted + self.n_added + self.n_strokes + _ENDING

    @property
    def drawing(self) -> int:
        """Actions to draw the mask from nothing."""
        return self.n_true + _ENDING_DRAWN


def count_actions(predicted: np.ndarray, truth: np.ndarray) -> Actions:
    """Actions that bring a predicted mask to the truth.

    A defect is right when it and the true one have IoU >= 0.7, or differ nowhere by more than
    1 px from the true boundary. A defect of another class than the true one is wrong there.

    Parameters
    ----------
    predicted, truth : ndarray of uint8, shape (M, N)
        0 background, 1.. classes, 255 not sample. What is not sample in the truth is not judged.

    Returns
    -------
    Actions
        Summed over classes.

    Raises
    ------
    SettingError
        If the shapes differ.

    Examples
    --------
    >>> truth = np.zeros((20, 40), np.uint8)
    >>> truth[5:10, 5:10] = truth[5:10, 20:25] = 1
    >>> predicted = np.zeros_like(truth)
    >>> predicted[5:10, 5:10] = predicted[14:18, 30:34] = 1
    >>> found = count_actions(predicted, truth)
    >>> found.n_deleted, found.n_added, found.correcting, found.drawing
    (1, 1, 4, 3)
    """
    if predicted.shape != truth.shape:
        raise SettingError(f"Masks of shape {predicted.shape} and {truth.shape} do not fit.")
    judged = truth != IGNORE
    classes = sorted(set(np.unique(truth[judged]).tolist()) - {0})
    others = set(np.unique(predicted[judged]).tolist()) - {0, IGNORE}
    each = [
        _of_class((predicted == value) & judged, (truth == value) & judged)
        for value in sorted({*classes, *others})
    ]
    names = ("n_true", "n_deleted", "n_added", "n_strokes", "n_corrected")
    return Actions(*(sum(getattr(one, name) for one in each) for name in names))


def _of_class(found: np.ndarray, true: np.ndarray) -> Actions:
    labels, n_all = ndimage.label(true, _EIGHT)
    pieces, n_pieces = ndimage.label(found, _EIGHT)
    area = np.bincount(labels.ravel(), minlength=n_all + 1)
    wanted = [k for k in range(1, n_all + 1) if area[k] >= LEAST_PX]
    boxes, piece_boxes = ndimage.find_objects(labels), ndimage.find_objects(pieces)
    n_added, strokes = 0, []
    for number in wanted:
        touching = np.unique(pieces[boxes[number - 1]][labels[boxes[number - 1]] == number])
        touching = touching[touching > 0]
        if not touching.size:
            n_added += 1
            continue
        window = _around([boxes[number - 1], *(piece_boxes[t - 1] for t in touching)], true.shape)
        own, here = labels[window] == number, np.isin(pieces[window], touching)
        strokes.append(_strokes(here, own, true[window] & ~own))
    hits = np.unique(pieces[true])
    sizes = np.bincount(pieces.ravel(), minlength=n_pieces + 1)
    n_deleted = sum(sizes[k] >= LEAST_PX for k in set(range(1, n_pieces + 1)) - set(hits.tolist()))
    n_corrected = int(n_deleted) + n_added + sum(one > 0 for one in strokes)
    return Actions(len(wanted), int(n_deleted), n_added, sum(strokes), n_corrected)


def _around(boxes: list[tuple[slice, ...]], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Window that holds boxes, and a margin."""
    return tuple(
        slice(
            max(0, min(box[axis].start for box in boxes) - _MARGIN_PX),
            min(shape[axis], max(box[axis].stop for box in boxes) + _MARGIN_PX),
        )
        for axis in (0, 1)
    )


def _strokes(found: np.ndarray, true: np.ndarray, others: np.ndarray) -> int:
    """Strokes that set one defect right: the largest wrong piece first, until the rule is met."""
    found = found & ~others
    n_strokes = 0
    while not _is_right(found, true):
        labels, n = ndimage.label(found ^ true, _EIGHT)
        largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel(), minlength=n + 1)[1:]))
        found = np.where(largest, true, found)
        n_strokes += 1
    return n_strokes


def _is_right(found: np.ndarray, true: np.ndarray) -> bool:
    if np.count_nonzero(found & true) >= GOOD_IOU * np.count_nonzero(found | true):
        return True
    core = ndimage.binary_erosion(true, _EIGHT, iterations=TOLERANCE_PX, border_value=1)
    rim = ndimage.binary_dilation(true, _EIGHT, iterations=TOLERANCE_PX)
    return bool(core.any() and not (core & ~found).any() and not (found & ~rim).any())
