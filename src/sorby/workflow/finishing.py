"""How a review begins and ends: ghosts that keep their word, images done, conflicts settled."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.annotate import Change, Defect, Stamp
from sorby.annotate.boxes import slices, united
from sorby.core.errors import ReviewError, SettingError
from sorby.core.records import IGNORE
from sorby.project import history
from sorby.project.journal import now
from sorby.workflow.operations import Operation

if TYPE_CHECKING:
    from sorby.project import StoredMask
    from sorby.workflow.review import Review

SAME_IOU = 0.5
"""A predicted defect that overlaps a ghost by so much is what a person took away before."""


def settle(review: Review, asked: Operation) -> dict[str, Any]:
    """Carry out ``done``, ``reopen`` or ``resolve``.

    Parameters
    ----------
    review : Review
        The open draft.
    asked : Operation
        Checked.

    Returns
    -------
    dict
        The answer to the client; ``reload`` is true where another draft takes over.

    Raises
    ------
    ReviewError
        If defects wait to be checked.
    SettingError
        If ``resolve`` does not say what to keep.
    """
    return {"done": _done, "reopen": _reopen, "resolve": _resolve}[asked.kind](review, asked)


def _done(review: Review, asked: Operation) -> dict[str, Any]:
    """The working mask becomes the field's mask, made by a person: also where nothing changed."""
    waiting = review.canvas.index.n_to_check
    if waiting:
        raise ReviewError(
            f"{waiting} defects of {review.field.name!r} wait to be checked. Accept or reject "
            "them, or accept the rest in one go."
        )
    stamp = Stamp(review.author, now())
    if review.draft.mode == "from_nothing" or review.draft.state == "done":
        return review.keep(asked, stamp, state="done", n_pending=0)
    with review.project.transaction():
        stored = _store(review)
        review.source = stored.source
        return review.keep(
            asked, stamp, state="done", n_pending=0, seen=stored.version, latest=stored.version
        )


def _store(review: Review) -> StoredMask:
    """Mask version that holds the work: the current one if it is a person's and the same."""
    project, name = review.project, review.field.name
    current = project.masks()[name]
    is_same = np.array_equal(project.read_mask(current), review.mask)
    if is_same and current.source == "person":
        return current
    stored = project.add_mask(
        review.field,
        review.mask,
        source="person",
        method="accepted" if is_same else "corrected",
        author=review.author,
    )
    record = history.new_record(
        "correct",
        settings={"author": review.author, "n_gestures": review.draft.counter + 1},
        inputs={f"{name} mask": current.sha256},
        outputs={f"{name} mask": stored.sha256},
    )
    project.record(record)
    return stored


def _reopen(review: Review, asked: Operation) -> dict[str, Any]:
    """The field is in review again, also before its next gesture: no new mask takes its place."""
    return review.keep(asked, Stamp(review.author, now()), state="open", n_pending=1)


def _resolve(review: Review, asked: Operation) -> dict[str, Any]:
    """Keep the draft against the newer mask, or park it: its gestures stay in the journal."""
    kept = asked.gesture.get("keep")
    if kept not in ("draft", "mask"):
        raise SettingError(f"keep is {kept!r}. Say draft (go on with it) or mask (take the newer).")
    if not review.draft.is_in_conflict:
        raise ReviewError(f"{review.field.name!r} is in no conflict. Reload it.")
    stamp = Stamp(review.author, now())
    if kept == "draft":
        return review.keep(asked, stamp, seen=review.draft.latest)
    return {**review.keep(asked, stamp, state="parked"), "reload": True}


# ---------------------------------------------------------------------- a new draft


def inherit(review: Review, former: Review) -> None:
    """Bring into a fresh draft what a person decided in the one before.

    Predicted defects that overlap a ghost by `SAME_IOU` are taken away again; those that a person
    verified and that have not changed by a pixel stay verified; all ghosts are kept. What lies
    where a person has put a defect since is no ghost any more.

    Parameters
    ----------
    review : Review
        Of a fresh draft on a model's mask.
    former : Review
        Of the draft before.
    """
    for ghost in former.canvas.index.ghosts.values():
        inside = ghost.inside()
        again = former.mask[slices(ghost.box)][inside]
        if np.count_nonzero((again > 0) & (again < IGNORE)) * 2 < again.size:
            _keep_ghost(review, ghost)
    for defect in former.canvas.index.defects.values():
        if defect.state != "predicted":
            _keep_verified(review, former, defect)
    entry = Operation(str(uuid.uuid4()), "suppress", "correct", review.draft.base, 0.0, 0, {})
    if review.canvas.is_changed:
        review.keep(entry, Stamp("", now()), n_pending=0)


def _keep_ghost(review: Review, ghost: Defect) -> None:
    value = IGNORE if ghost.state == "ignored" else 0
    stamp = Stamp(ghost.author, ghost.time)
    same = [
        one for one in review.canvas.index.near(ghost.box) if _iou(review, one, ghost) >= SAME_IOU
    ]
    review.canvas.take_away(same, value, stamp)
    if not same:
        review.canvas.change(Change((), (ghost,)))


def _iou(review: Review, defect: Defect, ghost: Defect) -> float:
    piece = review.canvas.piece(defect)
    box = united([piece.box, ghost.box])
    planes = np.zeros((2, box[2] - box[0], box[3] - box[1]), bool)
    for plane, (where, inside) in zip(
        planes, ((piece.box, piece.inside), (ghost.box, ghost.inside())), strict=True
    ):
        row, column = where[0] - box[0], where[1] - box[1]
        plane[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    both = int(np.count_nonzero(planes[0] & planes[1]))
    return both / int(np.count_nonzero(planes[0] | planes[1]))


def _keep_verified(review: Review, former: Review, defect: Defect) -> None:
    for now_ in review.canvas.index.near(defect.box):
        if (now_.box, now_.area_px, now_.value) == (defect.box, defect.area_px, defect.value):
            pieces = review.canvas.piece(now_), former.canvas.piece(defect)
            if np.array_equal(pieces[0].inside, pieces[1].inside):
                kept = replace(now_, state="accepted", author=defect.author, time=defect.time)
                review.canvas.change(Change((now_,), (kept,)))
                return
