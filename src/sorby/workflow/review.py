"""One field under review in memory: its mask, its defects, and how a gesture is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.annotate import (
    UNDOABLE,
    Canvas,
    Change,
    Defect,
    Stamp,
    ordered,
    toggle,
)
from sorby.annotate.journal import redo_target, undo_target
from sorby.core.errors import ReviewError, SettingError
from sorby.core.records import IGNORE
from sorby.project.journal import Draft, Gesture, now
from sorby.workflow.beginnings import base_defects, base_mask, mean_steps, probability_steps
from sorby.workflow.operations import TURNS, Operation

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredMask

Edit = Callable[["Review", Mapping[str, Any], Stamp], None]


class Review:
    """A draft that is open.

    Parameters
    ----------
    project : Project
        Open.
    field : Field
        Whose mask is corrected.
    draft : Draft
        Its draft.
    stored : StoredMask or None
        The draft's base; None where it starts from nothing.
    author : str
        Who corrects.
    """

    def __init__(
        self,
        project: Project,
        field: Field,
        draft: Draft,
        stored: StoredMask | None,
        author: str,
    ) -> None:
        self.project, self.field, self.draft, self.stored = project, field, draft, stored
        self.author = author
        self.source = stored.source if stored else None
        self.steps = probability_steps(stored)
        self.confidence = partial(mean_steps, self.steps)
        self._pixels: np.ndarray | None = None
        mask = base_mask(project, field, stored)
        first = base_defects(project, field, stored, draft.first_id, mask, self.confidence)
        gestures = project.journal.gestures(draft)
        live = [one for one in gestures if one.standing == "live" and one.kind in REPLAYED]
        for gesture in live:
            toggle(mask, gesture.difference)
        self.canvas = Canvas(mask, self.confidence)
        self.canvas.index.apply(Change((), tuple(first)))
        for gesture in live:
            self.canvas.index.apply(change_of(gesture.changes))
        self.canvas.index.next_id = max(self.canvas.index.next_id, draft.next_id)
        told = len(json.loads(project.note("classes") or "[]"))
        held = np.flatnonzero(self.canvas.counts[:IGNORE])
        self.n_classes = max(1, told, *held.tolist())
        self.stack = [(one.number, one.kind, one.standing) for one in gestures]
        self.kept = {one.number: (one.difference, one.changes) for one in gestures}

    # ------------------------------------------------------------------ looking

    @property
    def mask(self) -> np.ndarray:
        """The working mask, uint8 (M, N)."""
        return self.canvas.mask

    @property
    def shape(self) -> tuple[int, int]:
        """(M, N) of the field."""
        return self.field.shape

    @property
    def pixels(self) -> np.ndarray:
        """Gray values of the polished image, mapped from the pyramid that the page shows."""
        if self._pixels is None:
            from sorby.workflow.viewing import Viewer

            pyramid = Viewer(self.project.folder).pyramid(self.field.name)
            self._pixels = pyramid.levels[0]
        return self._pixels

    def defect(self, number: int) -> Defect:
        """A defect by its number.

        Raises
        ------
        SettingError
            If there is none.
        """
        found = self.canvas.index.defects.get(number)
        if found is None:
            raise SettingError(
                f"There is no defect {number} in {self.field.name!r} now. Reload the field."
            )
        return found

    def is_at(self, draft: Draft) -> bool:
        """Whether it holds a draft as the database has it."""
        own = self.draft
        return (own.id, own.counter, own.latest) == (draft.id, draft.counter, draft.latest)

    # ------------------------------------------------------------------ one gesture

    def apply(self, operation: Operation, edit: Edit | None) -> dict[str, Any]:
        """Carry out an edit, undo, redo or look; written before it is answered.

        Parameters
        ----------
        operation : Operation
            Checked; its ``uuid`` is new.
        edit : callable or None
            ``f(review, gesture, stamp)`` that changes the canvas, see `sorby.workflow.edits`;
            None for undo, redo and look.

        Returns
        -------
        dict
            The answer to the client.

        Raises
        ------
        ReviewError
            If the field is done, or there is nothing to undo or redo.
        """
        if self.draft.state == "done" and operation.kind != "look":
            raise ReviewError(
                f"{self.field.name!r} is done. Open it again for corrections: send reopen first."
            )
        stamp = Stamp(self.author, now())
        try:
            target = self._turn(operation.kind) if operation.kind in TURNS else None
            if edit is not None:
                edit(self, operation.gesture, stamp)
        except BaseException:
            self.canvas.take_back()
            raise
        return self.keep(operation, stamp, target=target)

    def _turn(self, kind: str) -> int:
        target = (undo_target if kind == "undo" else redo_target)(self.stack)
        if target is None:
            raise ReviewError(f"There is nothing to {kind} in {self.field.name!r}.")
        difference, rows = self.kept[target]
        change = change_of(rows)
        self.canvas.turn(difference, change.reversed() if kind == "undo" else change)
        return target

    def keep(
        self, operation: Operation, stamp: Stamp, *, target: int | None = None, **becomes: Any
    ) -> dict[str, Any]:
        """Write what the canvas was changed by, as one gesture.

        Where that fails the canvas is ahead of the disk: the caller must let the review go.

        Parameters
        ----------
        operation : Operation
            What was asked for.
        stamp : Stamp
            Who and when.
        target : int, optional
            Of undo and redo: the gesture that was turned.
        **becomes
            What else the draft is from now on: ``state``, ``seen``, ``latest``, ``n_pending``.

        Returns
        -------
        dict
            The answer to the client.
        """
        entry, change = self.canvas.finish()
        is_changed = bool(entry or change.before or change.after)
        is_step = operation.kind in UNDOABLE and is_changed
        standing = "dropped" if operation.kind in UNDOABLE and not is_changed else "live"
        stack = self._stack_after(operation.kind, standing, target)
        draft = self._draft_after(is_changed, becomes)
        answer = {
            "seq": draft.counter + 1,
            "version": draft.counter + 1,
            "patch": self.canvas.patch_of(entry),
            **self._told(change),
            **self.tail(field_state(self.field, self.source, draft), stack),
        }
        made = (b"", []) if target else (entry, rows_of(change))
        gesture = Gesture(
            operation.uuid, operation.kind, operation.gesture, operation.seconds,
            operation.n_actions, stamp.author, stamp.time, *made, answer,
            standing=standing, target=target,
        )  # fmt: skip
        self.draft = self.project.journal.append(draft, gesture, drops_redo=is_step)
        self.stack = stack
        self.kept[self.draft.counter] = made
        return answer

    def _draft_after(self, is_changed: bool, becomes: dict[str, Any]) -> Draft:
        index = self.canvas.index
        draft = replace(
            self.draft,
            next_id=index.next_id,
            n_pending=self.draft.n_pending + is_changed,
            n_defects=len(index.defects),
            n_to_check=index.n_to_check,
        )
        return replace(draft, **becomes)

    def _stack_after(
        self, kind: str, standing: str, target: int | None
    ) -> list[tuple[int, str, str]]:
        turned = {"undo": "undone", "redo": "live"}
        stack = [(n, one, turned[kind] if n == target else s) for n, one, s in self.stack]
        if kind in UNDOABLE and standing == "live":
            stack = [(n, one, "dropped" if s == "undone" else s) for n, one, s in stack]
        return [*stack, (self.draft.counter + 1, kind, standing)]

    # ------------------------------------------------------------------ what the page is told

    def _told(self, change: Change) -> dict[str, Any]:
        left = {defect.id: defect.is_gone for defect in change.after}
        gone = [
            d.id for d in change.before if left.get(d.id, True) and not (d.is_gone and d.id in left)
        ]
        return {"removed": gone, "changed": [self.described(one) for one in change.after]}

    def tail(self, state: str, stack: list[tuple[int, str, str]]) -> dict[str, Any]:
        """What every answer ends with."""
        return {
            "state": state,
            "n_to_check": self.canvas.index.n_to_check,
            "can_undo": undo_target(stack) is not None,
            "can_redo": redo_target(stack) is not None,
            "porosity": self.canvas.porosity(),
        }

    def described(self, defect: Defect) -> dict[str, Any]:
        """A defect, or a ghost, as the page is told of it."""
        scale = self.field.um_per_px
        area = None if scale is None else defect.area_px * scale**2
        return {
            "id": defect.id,
            "box": list(defect.box),
            "point": list(defect.point),
            "area_px": defect.area_px,
            "area_um2": area,
            "eq_diameter_um": None if area is None else 2 * math.sqrt(area / math.pi),
            "circularity": defect.circularity,
            "confidence": None if defect.confidence is None else defect.confidence / 254,
            "class": defect.value,
            "state": defect.state,
            "gain": defect.gain,
            "author": defect.author,
            "time": defect.time,
            "model": defect.model,
        }

    def opened(self) -> dict[str, Any]:
        """The whole draft."""
        return {
            "base": self.draft.base,
            "mode": self.draft.mode,
            "version": self.draft.counter,
            "author": self.draft.author,
            "can_recut": self.steps is not None,
            "defects": [self.described(d) for d in ordered(self.canvas.index.defects.values())],
            "ghosts": [self.described(d) for d in self.canvas.index.ghosts.values()],
            **self.tail(field_state(self.field, self.source, self.draft), self.stack),
        }


def field_state(field: Field, source: str | None, draft: Draft | None) -> str:
    """Where the review of a field stands.

    Parameters
    ----------
    field : Field
        The field.
    source : {"model", "person"} or None
        Of its current mask; None where it has none.
    draft : Draft or None
        Its draft.

    Returns
    -------
    str
        "conflict" (it got another mask while a draft on an older one has gestures),
        "locked for test", "new" (no mask), "predicted" (nobody has begun), "in review", "done".
    """
    if draft is not None and draft.is_in_conflict:
        return "conflict"
    if field.is_locked:
        return "locked for test"
    if draft is not None and draft.state == "done":
        return "done"
    if draft is not None and (draft.n_pending or draft.mode == "from_nothing"):
        return "in review"
    if source is None:
        return "new"
    return "done" if source == "person" else "predicted"


REPLAYED = UNDOABLE | {"suppress"}


def rows_of(change: Change) -> list[list[list[Any]]]:
    """A change as plain values, for the journal."""
    return [[defect.as_row() for defect in side] for side in change]


def change_of(rows: Sequence[Sequence[list[Any]]]) -> Change:
    """What `rows_of` gave; nothing where the journal holds nothing."""
    before, after = rows or ((), ())
    return Change(
        tuple(Defect.from_row(row) for row in before), tuple(Defect.from_row(row) for row in after)
    )
