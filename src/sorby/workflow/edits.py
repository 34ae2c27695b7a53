"""The gestures that change pixels or states, each carried out on the canvas of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sorby.annotate import boxes, edit, grow, queue
from sorby.annotate.objects import Defect
from sorby.annotate.recut import recut
from sorby.core.errors import ReviewError, SettingError
from sorby.core.records import IGNORE
from sorby.workflow.operations import box_of, number, pixel, points, whole

if TYPE_CHECKING:
    from sorby.annotate import Stamp
    from sorby.workflow.review import Review

MOST_RADIUS_PX = 2048.0
MOST_DEFECTS = 100_000


def value_of(said: Mapping[str, Any], review: Review, *, erases: bool) -> int:
    """A value that a pixel may get: a class, and perhaps 0 or 255."""
    value = whole(said, "value", 0, 255)
    allowed = {*range(1, review.n_classes + 1), *((0, IGNORE) if erases else ())}
    if value not in allowed:
        raise SettingError(
            f"value is {value}. The project has {review.n_classes} classes: 1 to "
            f"{review.n_classes}" + (", 0 for background, 255 for ignored." if erases else ".")
        )
    return value


def defects_of(said: Mapping[str, Any], review: Review, name: str = "defects") -> list[Defect]:
    """Defects of the draft by their numbers."""
    value = said.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise SettingError(f"{name} is {value!r}. Give the numbers of one or more defects.")
    if len(value) > MOST_DEFECTS:
        raise SettingError(f"{name} has {len(value)} numbers. Give at most {MOST_DEFECTS}.")
    return [review.defect(one) for one in dict.fromkeys(map(_defect_number, value))]


def _defect_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingError(f"{value!r} is no number of a defect. Give a positive whole number.")
    return value


def _brush(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    at = points(said, "points", review.shape, least=1, beyond=True)
    radius = number(said, "radius_px", 0, MOST_RADIUS_PX)
    value, unignore = _painted(review, said)
    patch = edit.paint(review.mask, at, radius, value, unignore=unignore)
    review.canvas.paint(patch, stamp)


def _lasso(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    at = points(said, "points", review.shape, least=3, beyond=True)
    value, unignore = _painted(review, said)
    review.canvas.paint(edit.lasso_fill(review.mask, at, value, unignore=unignore), stamp)


def _painted(review: Review, said: Mapping[str, Any]) -> tuple[int, bool]:
    """What a region becomes, and whether that is for its ignored pixels alone."""
    unignore = bool(said.get("unignore", False))
    return (0 if unignore else value_of(said, review, erases=True)), unignore


def _wand(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    at = pixel(said, "point", review.shape)
    tolerance = number(said, "tolerance", 0, 1)
    value = value_of(said, review, erases=True)
    review.canvas.paint(grow.wand(review.mask, review.pixels, at, tolerance, value), stamp)


def _click(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    at = pixel(said, "point", review.shape)
    value = value_of(said, review, erases=False)
    steps = review.steps
    plane = None if steps is None else steps[min(value, len(steps)) - 1]
    patch = grow.click_to_segment(review.mask, review.pixels, at, value, probability=plane)
    review.canvas.paint(patch, stamp)


def _delete(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    review.canvas.take_away(defects_of(said, review), 0, stamp)


def _delete_box(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    box = box_of(said, review.shape)
    inside = [d for d in review.canvas.index.near(box) if boxes.holds(box, d.box)]
    review.canvas.take_away(inside, 0, stamp)


def _delete_where(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    limits = {
        name: number(said, name, 0, most)
        for name, most in (("max_area_px", 1e12), ("max_confidence", 1.0))
        if said.get(name) is not None
    }
    if not limits:
        raise SettingError("Give max_area_px or max_confidence: without a limit all would go.")
    found = queue.chosen(review.canvas.index.defects.values(), **limits)
    review.canvas.take_away(found, 0, stamp)


def _fill_holes(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    if "box" in said:
        found = review.canvas.index.near(box_of(said, review.shape))
    else:
        found = defects_of(said, review)
    for defect in found:
        now = review.canvas.index.defects.get(defect.id)
        if now is not None:
            piece = review.canvas.piece(now)
            review.canvas.paint(edit.fill_holes(review.mask, piece), stamp)


def _split(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    defect = review.defect(_defect_number(said.get("defect")))
    line = points(said, "line", review.shape, least=2, beyond=True)
    review.canvas.paint(edit.split(review.mask, review.canvas.piece(defect), line), stamp)


def _merge(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    found = defects_of(said, review)
    if len(found) != 2:
        raise SettingError(f"{len(found)} different defects were given. Merging takes two.")
    patch = edit.merge(review.mask, [review.canvas.piece(one) for one in found])
    review.canvas.paint(patch, stamp)


def _class(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    value = value_of(said, review, erases=False)
    for defect in defects_of(said, review):
        now = review.canvas.index.defects.get(defect.id)
        if now is not None:
            piece = review.canvas.piece(now)
            review.canvas.paint(edit.set_piece(review.mask, piece, value), stamp)


def _accept(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    review.canvas.restate(_unverified(defects_of(said, review)), "accepted", stamp)


def _accept_rest(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    rest = _unverified(list(review.canvas.index.defects.values()))
    review.canvas.restate(rest, "accepted", stamp)


def _unverified(defects: list[Defect]) -> list[Defect]:
    return [defect for defect in defects if defect.state == "predicted"]


def _ignore(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    review.canvas.take_away(defects_of(said, review), IGNORE, stamp)


def _restore(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    ghost = review.canvas.index.ghosts.get(_defect_number(said.get("ghost")))
    if ghost is None:
        raise SettingError(f"There is no ghost {said.get('ghost')!r} in this field. Reload it.")
    inside, unignore = ghost.inside(), ghost.state == "ignored"
    patch = edit.put(review.mask, ghost.box, inside, ghost.value, unignore=unignore)
    if patch is None:
        raise ReviewError("The pixels of this ghost are taken by now: there is nothing to restore.")
    fresh = Defect(**{**_fields(ghost), "state": "accepted", "pixels": None})
    review.canvas.paint(patch, stamp, fresh=fresh)


def _fields(defect: Defect) -> dict[str, Any]:
    return {name: getattr(defect, name) for name in Defect.__dataclass_fields__}


def _recut(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    threshold = number(said, "threshold", 0.01, 0.99)
    if review.steps is None or review.stored is None:
        raise ReviewError(
            f"No probability is kept beside the mask of {review.field.name!r}: there is nothing to "
            "cut anew. Correct the outlines with the brush."
        )
    recut(review.canvas, review.steps, threshold, stamp, model=review.stored.method)


def _look(review: Review, said: Mapping[str, Any], stamp: Stamp) -> None:
    """Nothing but the effort, which every gesture carries."""


EDITS: dict[str, Callable[[Review, Mapping[str, Any], Stamp], None]] = {
    "brush": _brush,
    "lasso": _lasso,
    "wand": _wand,
    "click": _click,
    "delete": _delete,
    "reject": _delete,
    "delete_box": _delete_box,
    "delete_where": _delete_where,
    "fill_holes": _fill_holes,
    "split": _split,
    "merge": _merge,
    "class": _class,
    "accept": _accept,
    "accept_rest": _accept_rest,
    "ignore": _ignore,
    "restore": _restore,
    "recut": _recut,
}
"""Gestures that change pixels or states; undo takes each of them back."""
