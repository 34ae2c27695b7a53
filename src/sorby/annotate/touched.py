"""What a patch touches: the labels before and after it, in a window that holds them whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from sorby.annotate.boxes import Box, grown, size, slices, united
from sorby.annotate.edit import Patch
from sorby.annotate.objects import (
    LEAST_AREA_PX,
    Defect,
    Piece,
    Stamp,
    is_closed,
    label_block,
    packed,
)
from sorby.core.records import IGNORE

FIRST_MARGIN_PX = 32


class Touched(NamedTuple):
    """A window of labels in which all that a patch touches lies whole."""

    window: Box
    before: np.ndarray
    after: np.ndarray
    values: np.ndarray

    def pieces_after(self) -> dict[int, Piece]:
        """Touched pieces by label."""
        found = {}
        for number, place in enumerate(ndimage.find_objects(self.after), start=1):
            if place is None:
                continue
            inside = self.after[place] == number
            at = np.unravel_index(int(inside.argmax()), inside.shape)
            window = self._in_image(place)
            found[number] = Piece(window, inside, int(self.values[place][at]))
        return found

    def _in_image(self, place: tuple[slice, slice]) -> Box:
        (rows, columns), (top, left) = place, self.window[:2]
        return rows.start + top, columns.start + left, rows.stop + top, columns.stop + left

    def shared(self, n_after: int) -> np.ndarray:
        """Pixels that each label before (rows) shares with each label after (columns), from 1."""
        n, m = int(self.before.max()) + 1, max(int(self.after.max()), n_after) + 1
        at = np.flatnonzero(self.before)
        pairs = self.before.ravel()[at].astype(np.int64) * m + self.after.ravel()[at]
        return np.bincount(pairs, minlength=n * m).reshape(n, m)

    def ghost_of(self, label: int, defect: Defect, stamp: Stamp) -> Defect:
        """A defect that has vanished, with the pixels that it had."""
        top, left = defect.box[0] - self.window[0], defect.box[1] - self.window[1]
        n_rows, n_columns = size(defect.box)
        inside = self.before[top : top + n_rows, left : left + n_columns] == label
        row, column = defect.point
        now = int(self.values[row - self.window[0], column - self.window[1]])
        state = "ignored" if now == IGNORE else "rejected"
        return replace(
            defect, state=state, author=stamp.author, time=stamp.time, pixels=packed(inside)
        )


def touched(mask: np.ndarray, patch: Patch, known: Iterable[Box]) -> Touched:
    """Look at the window in which all that a patch touches lies whole.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Before the patch.
    patch : Patch
        What it is about to get.
    known : iterable of tuple of int
        Boxes of the defects that the patch may touch. They are looked at only where something
        reaches out of a small window: beside a network, its box is many times too large.

    Returns
    -------
    Touched
    """
    changed = mask[slices(patch.box)] != patch.values
    around = grown(patch.box, 1, mask.shape)
    near = np.zeros(size(around), bool)
    near[slices(_inside(patch.box, around))] = changed
    near = _spread(near)
    window = grown(patch.box, FIRST_MARGIN_PX, mask.shape)
    found = _labelled(mask, patch, window, around, near)
    margin = LEAST_AREA_PX  # what is too small to be known reaches out by less
    while not is_closed((found.before > 0) | (found.after > 0), window, mask.shape):
        window = grown(united([window, *known]), margin, mask.shape)
        found = _labelled(mask, patch, window, around, near)
        margin *= 8
    return found


def _labelled(
    mask: np.ndarray, patch: Patch, window: Box, around: Box, near: np.ndarray
) -> Touched:
    old = mask[slices(window)]
    new = old.copy()
    new[slices(_inside(patch.box, window))] = patch.values
    place = slices(_inside(around, window))
    before, after = (_only(label_block(block)[0], place, near) for block in (old, new))
    return Touched(window, before, after, new)


def _inside(box: Box, window: Box) -> Box:
    row, column = window[:2]
    return box[0] - row, box[1] - column, box[2] - row, box[3] - column


def _spread(near: np.ndarray) -> np.ndarray:
    """Pixels and their eight neighbours."""
    rows = near.copy()
    rows[1:] |= near[:-1]
    rows[:-1] |= near[1:]
    found = rows.copy()
    found[:, 1:] |= rows[:, :-1]
    found[:, :-1] |= rows[:, 1:]
    return found


def _only(labels: np.ndarray, place: tuple[slice, slice], near: np.ndarray) -> np.ndarray:
    """Labels that have a pixel in a region, renumbered from 1; the others become 0."""
    number = np.zeros(int(labels.max()) + 1, np.int32)
    is_near = np.zeros(len(number), bool)
    is_near[labels[place][near]] = True
    kept = np.flatnonzero(is_near[1:]) + 1
    number[kept] = np.arange(1, len(kept) + 1)
    return number[labels]
