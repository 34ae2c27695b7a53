"""The desk at which masks are corrected: drafts opened, gestures kept, images finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sorby.annotate.boxes import Box, clipped, slices
from sorby.core.errors import ReviewError, SettingError
from sorby.project import Project
from sorby.workflow.masks import user_name
from sorby.workflow.operations import Operation
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
            ``base``, ``mode``, ``version``, ``author``, ``defects`` (best first), ``ghosts``,
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
            raise ReviewError(
                f"The gesture corrects version {asked.base} of the mask of {name!r}; its draft "
                f"stands on version {review.draft.base}. Reload the field."
            )
        try:
            return self._carry_out(review, asked)
        except ReviewError:
            self._open.pop((name, asked.mode), None)  # another program may have gone on with it
            raise

    def _same(self, name: str, known: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        if known[0] != name:
            raise SettingError(
                f"This gesture was made on {known[0]!r} and is now sent for {name!r}. Give each "
                "gesture a uuid of its own."
            )
        return known[1]

    def _carry_out(self, review: Review, asked: Operation) -> dict[str, Any]:
        return review.apply(asked)

    # ------------------------------------------------------------------ which draft

    def _review(self, name: str, mode: str) -> Review:
        """The open draft, or the one that is opened now."""
        held = self._open.pop((name, mode), None)
        draft = self.project.journal.current(name, mode)
        if held is None or draft != held.draft or _is_superseded(draft):
            field = self._field(name)
            draft, stored = self._draft(field, mode, draft)
            held = Review(self.project, field, draft, stored, self.author)
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

    def _draft(
        self, field: Field, mode: str, draft: Draft | None
    ) -> tuple[Draft, StoredMask | None]:
        if mode == "from_nothing":
            return draft or self.project.journal.start(
                field.name, mode, base=0, state="open", n_defects=0, n_to_check=0,
                author=self.author,
            ), None  # fmt: skip
        stored = self._current_mask(field)
        if draft is None or _is_superseded(draft):
            draft = self._start(field, stored)
        versions = {one.version: one for one in self.project.mask_versions(field.name)}
        return draft, versions[draft.base]

    def _current_mask(self, field: Field) -> StoredMask:
        from sorby.workflow.predicting import predict_field

        masks = self.project.masks()
        if field.name not in masks:
            predict_field(self.project, field)
            masks = self.project.masks()
        return masks[field.name]

    def _start(self, field: Field, stored: StoredMask) -> Draft:
        from sorby.workflow.review import base_defects

        mask = self.project.read_mask(stored)
        n = len(base_defects(self.project, stored, mask, lambda piece: None, 1))
        by_person = stored.source == "person"
        return self.project.journal.start(
            field.name,
            "correct",
            base=stored.version,
            state="done" if by_person else "open",
            n_defects=n,
            n_to_check=0 if by_person else n,
            author=self.author,
        )


def _is_superseded(draft: Draft) -> bool:
    """Whether the field got another mask and nothing in the draft would be lost by taking it."""
    return draft.mode == "correct" and draft.latest > draft.seen and not draft.n_pending


def reduced(mask: np.ndarray, step: int) -> np.ndarray:
    """Mask in blocks of ``step`` px: the highest class of each, ignored where all of it is.

    Parameters
    ----------
    mask : ndarray of shape (m, n), uint8
        Label image.
    step : int
        Edge of a block, in px; those at the far sides may be smaller.

    Returns
    -------
    ndarray of uint8

    Examples
    --------
    >>> reduced(np.array([[0, 1, 255, 255], [2, 0, 255, 255]], np.uint8), 2).tolist()
    [[2, 255]]
    """
    ranked = mask + np.uint8(1)  # ignored wraps to 0, below background
    rows = np.arange(0, mask.shape[0], step)
    columns = np.arange(0, mask.shape[1], step)
    highest = np.maximum.reduceat(np.maximum.reduceat(ranked, rows, axis=0), columns, axis=1)
    return highest - np.uint8(1)
