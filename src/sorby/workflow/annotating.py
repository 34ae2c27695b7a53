"""The desk at which masks are corrected: drafts opened, gestures kept, images finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sorby.annotate.boxes import Box, clipped, reduced, slices
from sorby.core.errors import ReviewError, SettingError
from sorby.project import Project
from sorby.workflow.beginnings import base_defects
from sorby.workflow.edits import EDITS
from sorby.workflow.finishing import inherit, settle
from sorby.workflow.masks import user_name
from sorby.workflow.operations import SETTLING, Operation
from sorby.workflow.review import Review

if TYPE_CHECKING:
    from sorby.project import Draft, Field, StoredMask

MOST_OPEN_PX = 450_000_000
"""Pixels of all drafts held in memory together; the ones not used for longest are let go."""


class Desk:
    """Corrects the masks of one project. One thread uses it, the one that made it.

    Parameters
    ----------
    folder : Path
        The project.
    author : str, optional
        Who corrects; the name of the computer's user unless told.

    Notes
    -----
    Every gesture is on the disk when `apply` returns. A kill at any moment loses none.
    """

    def __init__(self, folder: Path, *, author: str | None = None) -> None:
        self.project = Project.open(folder)
        self.author = author or user_name()
        self._open: dict[tuple[str, str], Review] = {}

    def close(self) -> None:
        """Let the project go; nothing is left to save."""
        self._open.clear()
        self.project.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ looking

    def open(self, name: str, mode: str = "correct") -> dict[str, Any]:
        """Draft of a field: all a page needs to show it.

        A field without a mask gets one first, by the model in use or the method without labels.

        Parameters
        ----------
        name : str
            The field.
        mode : {"correct", "from_nothing"}
            "from_nothing" starts from an empty mask, in a draft of its own that never replaces
            the field's mask.

        Returns
        -------
        dict
            ``base``, ``mode``, ``version``, ``author``, ``can_recut`` (a probability is kept beside
            the mask, so that all outlines can be cut anew), ``defects`` (best first), ``ghosts``,
            ``state``, ``n_to_check``, ``can_undo``, ``can_redo``, ``porosity``.
        """
        return self._review(name, mode).opened()

    def working_mask(self, name: str, mode: str = "correct") -> np.ndarray:
        """Mask as corrected so far, uint8 (M, N): a view, not to be changed."""
        view = self._review(name, mode).mask.view()
        view.flags.writeable = False
        return view

    def mask_tile(self, name: str, box: Box, step: int = 1, mode: str = "correct") -> np.ndarray:
        """Part of the working mask, perhaps reduced.

        Parameters
        ----------
        name : str
            The field.
        box : tuple of int
            Half-open, in px of the field; clipped to it.
        step : int
            1, or the edge of blocks that become one pixel: defect where any pixel of the block
            is, the highest class; ignored only where the whole block is.
        mode : {"correct", "from_nothing"}
            Which draft.

        Returns
        -------
        ndarray of uint8
        """
        mask = self._review(name, mode).mask
        part = mask[slices(clipped(box, mask.shape))]
        return part if step == 1 else reduced(part, step)

    # ------------------------------------------------------------------ correcting

    def apply(self, name: str, operation: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one finished gesture; it is on the disk when this returns.

        Parameters
        ----------
        name : str
            The field.
        operation : mapping
            ``uuid``, ``kind``, ``seconds``, ``n_actions``, ``mode``, ``base``, ``gesture``. The
            same ``uuid`` again gets the same answer, and nothing is done twice.

        Returns
        -------
        dict
            ``seq``, ``version``, ``patch``, ``removed``, ``changed``, ``state``, ``n_to_check``,
            ``can_undo``, ``can_redo``, ``porosity``.

        Raises
        ------
        SettingError
            If the operation is unknown or out of range.
        ReviewError
            If it cannot be done now: the field is done, the queue is not empty, the mask was
            replaced, another program corrects it.
        """
        asked = Operation.read(operation)
        known = self.project.journal.answered(asked.uuid)
        if known is not None:
            return self._same(name, known)
        review = self._review(name, asked.mode)
        if asked.base != review.draft.base:
            review = self._older(review, asked)
        try:
            if asked.kind in SETTLING:
                return settle(review, asked)
            return review.apply(asked, EDITS.get(asked.kind))
        except SettingError:
            raise
        except BaseException:
            self._open.pop((name, asked.mode), None)  # what is on the disk counts
            raise

    def _same(self, name: str, known: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        if known[0] != name:
            raise SettingError(
                f"This gesture was made on {known[0]!r} and is now sent for {name!r}. Give each "
                "gesture a uuid of its own."
            )
        return known[1]

    def _older(self, review: Review, asked: Operation) -> Review:
        """Draft on the mask that a client corrected while it was cut off: its work is not lost."""
        journal, name = self.project.journal, review.field.name
        former = [d for d in journal.of_field(name, asked.mode) if d.base == asked.base]
        if not former or review.draft.n_pending:
            raise ReviewError(
                f"The gesture corrects version {asked.base} of the mask of {name!r}; its draft "
                f"stands on version {review.draft.base} and has corrections of its own. Reload "
                "the field."
            )
        journal.switch(former[-1])
        draft = journal.current(name, asked.mode)
        assert draft is not None  # switched to just now
        held = self._resumed(review.field, draft)
        self._open[name, asked.mode] = held
        return held

    # ------------------------------------------------------------------ which draft

    def _review(self, name: str, mode: str) -> Review:
        """The open draft, or the one that is opened now."""
        held = self._open.pop((name, mode), None)
        draft = self.project.journal.current(name, mode)
        if held is None or draft is None or _is_superseded(draft) or not held.is_at(draft):
            field = self._field(name)
            held = self._resumed(field, draft) if draft else None
            if held is None or _is_superseded(held.draft):
                held = self._started(field, mode, held)
        self._open[name, mode] = held  # the last one used is the last in the dict
        while len(self._open) > 1 and self._n_open_px() > MOST_OPEN_PX:
            self._open.pop(next(iter(self._open)))
        return held

    def _n_open_px(self) -> int:
        return sum(review.mask.size for review in self._open.values())

    def _field(self, name: str) -> Field:
        for field in self.project.fields():
            if field.name == name:
                return field
        raise SettingError(f"The project has no field {name!r}.")

    def _resumed(self, field: Field, draft: Draft) -> Review:
        versions = {one.version: one for one in self.project.mask_versions(field.name)}
        return Review(self.project, field, draft, versions.get(draft.base), self.author)

    def _started(self, field: Field, mode: str, former: Review | None) -> Review:
        """A fresh draft, with what a person decided in the one before."""
        stored = self._current_mask(field) if mode == "correct" else None
        found = [] if stored is None else base_defects(self.project, field, stored, 1)
        waiting = sum(defect.state == "predicted" for defect in found)
        draft = self.project.journal.start(
            field.name,
            mode,
            base=stored.version if stored else 0,
            state="done" if stored and stored.source == "person" else "open",
            n_defects=len(found),
            n_to_check=waiting,
            author=self.author,
        )
        review = self._resumed(field, draft)
        parked = self.project.journal.of_field(field.name, mode)[:-1]
        if former is None and parked and mode == "correct":
            former = self._resumed(field, parked[-1])
        if former is not None and stored is not None and stored.source == "model":
            inherit(review, former)
        return review

    def _current_mask(self, field: Field) -> StoredMask:
        from sorby.workflow.predicting import predict_field

        masks = self.project.masks()
        if field.name not in masks:
            predict_field(self.project, field)
            masks = self.project.masks()
        return masks[field.name]


def _is_superseded(draft: Draft) -> bool:
    """Whether the field got another mask and nothing in the draft would be lost by taking it."""
    return draft.mode == "correct" and draft.latest > draft.seen and not draft.n_pending
