"""Which defects a mask under review holds, kept up to date without looking at all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sorby.annotate.boxes import Box, grown, holds, meets
from sorby.annotate.edit import Patch, apply_patch
from sorby.annotate.objects import (
    LEAST_AREA_PX,
    VERIFIED,
    Defect,
    Piece,
    Stamp,
    circularity,
    point_inside,
)
from sorby.annotate.touched import Touched, touched

CELL_PX = 512
"""Edge of a cell of the grid in which defects are looked up."""

Confidence = Callable[[Piece], int | None]


class Change(NamedTuple):
    """What a gesture did to the defects; applied the other way round it is undone.

    Attributes
    ----------
    before, after : tuple of Defect
        The defects it touched as they were, and as they are.
    """

    before: tuple[Defect, ...]
    after: tuple[Defect, ...]

    def reversed(self) -> Change:
        """The change that takes this one back."""
        return Change(self.after, self.before)


def joined(changes: Iterable[Change]) -> Change:
    """One change for several that followed one another."""
    before: dict[int, Defect] = {}
    after: dict[int, Defect] = {}
    for change in changes:
        for defect in change.before:
            if defect.id not in after:
                before.setdefault(defect.id, defect)
            after.pop(defect.id, None)
        after |= {defect.id: defect for defect in change.after}
    return Change(tuple(before.values()), tuple(after.values()))


class DefectIndex:
    """Defects and ghosts of one mask, and sums over them.

    Parameters
    ----------
    confidence : callable
        ``f(piece)``: mean probability in its pixels in steps of 1/254, or None.
    """

    def __init__(self, confidence: Confidence) -> None:
        self.defects: dict[int, Defect] = {}
        self.ghosts: dict[int, Defect] = {}
        self.next_id = 1
        self.n_to_check = 0
        self.sums = Sums()
        self._confidence = confidence
        self._cells: dict[tuple[int, int], set[int]] = {}

    # ------------------------------------------------------------------ looking

    def near(self, box: Box) -> list[Defect]:
        """Defects whose box shares a pixel with a box, by number."""
        found = {number for cell in _cells(box) for number in self._cells.get(cell, ())}
        return [self.defects[n] for n in sorted(found) if meets(self.defects[n].box, box)]

    # ------------------------------------------------------------------ changing

    def apply(self, change: Change) -> None:
        """Make a change of the defects; those of the mask's pixels are the caller's."""
        for defect in change.before:
            self._remove(defect.id)
        for defect in change.after:
            self._put(defect)

    def _put(self, defect: Defect) -> None:
        self.next_id = max(self.next_id, defect.id + 1)
        if defect.is_gone:
            self.ghosts[defect.id] = defect
            return
        self.defects[defect.id] = defect
        for cell in _cells(defect.box):
            self._cells.setdefault(cell, set()).add(defect.id)
        self.n_to_check += defect.state == "predicted"
        self.sums.add(defect, 1)

    def _remove(self, number: int) -> None:
        if self.ghosts.pop(number, None) is not None:
            return
        defect = self.defects.pop(number)
        for cell in _cells(defect.box):
            self._cells[cell].discard(number)
        self.n_to_check -= defect.state == "predicted"
        self.sums.add(defect, -1)

    def paint(
        self,
        mask: np.ndarray,
        patch: Patch,
        stamp: Stamp,
        *,
        fresh: Defect | None = None,
        model: str | None = None,
    ) -> Change:
        """Put a patch into the mask, and find what that did to the defects.

        A defect that changed keeps its number and is "edited"; where it fell apart, the largest
        part keeps it; where several became one, the one that has most of it gives its number.
        What is new is "added". A defect that a model found and that vanished leaves a ghost.

        Parameters
        ----------
        mask : ndarray of shape (M, N), uint8
            Changed in place.
        patch : Patch
            The new pixels.
        stamp : Stamp
            Who and when.
        fresh : Defect, optional
            Number, state and origin of what is new, instead of a new number and "added".
        model : str, optional
            Name of a model that made the patch: what it changed is "predicted", whatever vanished
            leaves no ghost, as nobody has judged it.

        Returns
        -------
        Change
            Already made.
        """
        may_touch = (one.box for one in self.near(grown(patch.box, 1, mask.shape)))
        found = touched(mask, patch, list(may_touch))
        apply_patch(mask, patch)
        change = self._follow(found, stamp, fresh)
        if model is not None:
            change = _unjudged(change, model)
        self.apply(change)
        return change

    def _follow(self, seen: Touched, stamp: Stamp, fresh: Defect | None) -> Change:
        old = self._known(seen)
        pieces = seen.pieces_after()
        shared = seen.shared(len(pieces))
        heirs = _heirs(shared, old)
        areas = {n: int(np.count_nonzero(piece.inside)) for n, piece in pieces.items()}
        defects = [number for number, area in areas.items() if area >= LEAST_AREA_PX]
        before, after = [], []
        for number, piece in pieces.items():
            area = areas[number]
            ancestor = old.get(heirs.get(number, 0))
            if ancestor is not None and _is_same(
                ancestor, piece, area, shared[heirs[number], number]
            ):
                del old[heirs[number]]  # beside the patch, and as it was
                continue
            if area < LEAST_AREA_PX:
                continue
            has_past = bool(shared[1:, number].any())
            after.append(self._described(piece, area, ancestor, has_past, stamp, fresh))
        kept = {defect.id for defect in after}
        for number, defect in old.items():
            before.append(defect)
            if defect.id in kept or defect.state == "added":
                continue
            if not shared[number, defects].any():
                after.append(seen.ghost_of(number, defect, stamp))
        numbered, next_id = [], self.next_id
        for defect in after:
            if defect.id == 0:
                defect, next_id = replace(defect, id=next_id), next_id + 1
            numbered.append(defect)
        if fresh is not None and fresh.id in self.ghosts:
            before.append(self.ghosts[fresh.id])
        return Change(tuple(before), tuple(numbered))

    def _known(self, seen: Touched) -> dict[int, Defect]:
        """Defects by the label of the window that they had before."""
        found = {}
        for defect in self.near(seen.window):
            if holds(seen.window, defect.box):
                row, column = defect.point
                label = int(seen.before[row - seen.window[0], column - seen.window[1]])
                if label:
                    found[label] = defect
        return found

    def _described(
        self,
        piece: Piece,
        area: int,
        ancestor: Defect | None,
        has_past: bool,
        stamp: Stamp,
        fresh: Defect | None,
    ) -> Defect:
        """The record of a piece, its number 0 where it needs a new one."""
        number, state, model = 0, "edited" if has_past else "added", ""
        if ancestor is not None:
            number, model = ancestor.id, ancestor.model
            state = "added" if ancestor.state == "added" else "edited"
        elif fresh is not None and not has_past:
            number, state, model = fresh.id, fresh.state, fresh.model
        return Defect(
            id=number,
            box=piece.box,
            point=point_inside(piece),
            area_px=area,
            value=piece.value,
            circularity=circularity(piece.inside),
            confidence=self._confidence(piece),
            state=state,
            author=stamp.author,
            time=stamp.time,
            model=model,
        )

    def of_pieces(self, pieces: Iterable[Piece], *, first_id: int, model: str) -> Iterator[Defect]:
        """Predicted defects of a mask that nobody has looked at, numbered in order."""
        for piece in pieces:
            area = int(np.count_nonzero(piece.inside))
            if area < LEAST_AREA_PX:
                continue
            yield Defect(
                first_id,
                piece.box,
                point_inside(piece),
                area,
                piece.value,
                circularity(piece.inside),
                self._confidence(piece),
                "predicted",
                model=model,
            )
            first_id += 1


def _unjudged(change: Change, model: str) -> Change:
    """A change as a model makes it: nobody has decided anything."""
    found = tuple(
        replace(one, state="predicted", author="", time="", model=one.model or model)
        for one in change.after
        if not one.is_gone
    )
    return Change(change.before, found)


class Sums:
    """Sums over the defects, in whole numbers: nothing drifts, however many gestures.

    Attributes
    ----------
    area, verified : int
        Pixels of all defects, and of those a person has verified.
    expected : int
        254 times the pixels that the unverified ones are worth by their confidence.
    variance : int
        254² times the variance of that.
    """

    def __init__(self) -> None:
        self.area = self.verified = self.expected = self.variance = 0

    def add(self, defect: Defect, sign: int) -> None:
        """Count a defect in (1) or out (-1)."""
        area = defect.area_px
        self.area += sign * area
        if defect.state in VERIFIED:
            self.verified += sign * area
            return
        steps = 127 if defect.confidence is None else defect.confidence
        self.expected += sign * area * steps
        self.variance += sign * area**2 * steps * (254 - steps)


def _heirs(shared: np.ndarray, old: dict[int, Defect]) -> dict[int, int]:
    """Label before whose number each label after takes: most pixels in common goes first."""
    pairs = [
        (-int(shared[row, column]), row, int(column))
        for row in old
        for column in np.flatnonzero(shared[row, 1:]) + 1
    ]
    found: dict[int, int] = {}
    for _, row, column in sorted(pairs):
        if column not in found and row not in found.values():
            found[column] = row
    return found


def _is_same(defect: Defect, piece: Piece, area: int, shared: int) -> bool:
    return shared == area == defect.area_px and defect.value == piece.value


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    for row in range(box[0] // CELL_PX, (box[2] - 1) // CELL_PX + 1):
        for column in range(box[1] // CELL_PX, (box[3] - 1) // CELL_PX + 1):
            yield row, column
