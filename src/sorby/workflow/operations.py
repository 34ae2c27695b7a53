"""What a page may ask of a draft: each kind of gesture, checked and carried out on its canvas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.annotate import boxes, edit, grow, queue
from sorby.annotate.objects import Defect
from sorby.annotate.recut import recut
from sorby.core.errors import ReviewError, SettingError
from sorby.core.records import IGNORE

if TYPE_CHECKING:
    from sorby.annotate import Stamp
    from sorby.workflow.review import Review

MOST_POINTS = 20_000
MOST_RADIUS_PX = 2048.0
MOST_SECONDS = 86_400.0
MOST_ACTIONS = 100_000
MOST_DEFECTS = 100_000

MODES = ("correct", "from_nothing")


@dataclass(frozen=True)
class Operation:
    """One finished gesture as a client sends it.

    Attributes
    ----------
    uuid, kind, mode : str
        Its name, what it does, and "correct" or "from_nothing".
    base : int
        Version of the mask that the client corrects.
    seconds, n_actions : float and int
        Effort since the gesture before.
    gesture : dict
        What it needs to know, by kind.
    """

    uuid: str
    kind: str
    mode: str
    base: int
    seconds: float
    n_actions: int
    gesture: dict[str, Any]

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Operation:
        """Operation of a JSON object.

        Raises
        ------
        SettingError
            If a part is missing, unknown or out of range.
        """
        uuid, kind = said.get("uuid"), said.get("kind")
        if not (isinstance(uuid, str) and 8 <= len(uuid) <= 64 and uuid.isprintable()):
            raise SettingError(f"uuid is {uuid!r}. Give each gesture a name of 8 to 64 letters.")
        if kind not in KINDS:
            raise SettingError(f"kind is {kind!r}. The editor knows: {', '.join(sorted(KINDS))}.")
        mode = said.get("mode", "correct")
        if mode not in MODES:
            raise SettingError(f"mode is {mode!r}. Give one of: {', '.join(MODES)}.")
        gesture = said.get("gesture", {})
        if not isinstance(gesture, Mapping):
            raise SettingError(f"gesture is {gesture!r}. Give an object.")
        return cls(
            uuid=uuid,
            kind=str(kind),
            mode=mode,
            base=whole(said, "base", 0, 1 << 31),
            seconds=number(said, "seconds", 0, MOST_SECONDS),
            n_actions=whole(said, "n_actions", 0, MOST_ACTIONS),
            gesture=dict(gesture),
        )


# ---------------------------------------------------------------------- reading what was said


def number(said: Mapping[str, Any], name: str, least: float, most: float) -> float:
    """A finite number of an object, within limits."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise SettingError(f"{name} is {value!r}. Give a number from {least:g} to {most:g}.")
    return float(value)


def whole(said: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number of an object, within limits."""
    value = number(said, name, least, most)
    if value != int(value):
        raise SettingError(f"{name} is {value!r}. Give a whole number.")
    return int(value)


def points(
    said: Mapping[str, Any], name: str, shape: tuple[int, int], *, least: int, beyond: bool
) -> np.ndarray:
    """Points of an object, float64 (n, 2); a pointer may leave the image, by its own size."""
    value = said.get(name)
    n = len(value) if isinstance(value, Sequence) and not isinstance(value, str) else 0
    if not least <= n <= MOST_POINTS:
        raise SettingError(
            f"{name} has {n} points. Give {least} to {MOST_POINTS} points [row, column], or "
            "several shorter strokes."
        )
    try:
        found = np.array(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    if found.shape != (n, 2) or not np.isfinite(found).all():
        raise SettingError(f"{name} holds what is no point. Each is [row, column], in px.")
    low, high = (-np.array(shape), 2 * np.array(shape)) if beyond else (-0.5, np.array(shape) - 0.5)
    inside = (found >= low) & (found < high)
    if not inside.all():
        row, column = found[~inside.all(axis=1)][0]
        raise SettingError(
            f"{name} holds row {row:g}, column {column:g}. The image is {shape[0]} x {shape[1]} "
            "px (rows x columns)."
        )
    return found


def pixel(said: Mapping[str, Any], name: str, shape: tuple[int, int]) -> tuple[int, int]:
    """A pixel inside the image."""
    at = points({name: [said.get(name)]}, name, shape, least=1, beyond=False)[0]
    return int(np.floor(at[0] + 0.5)), int(np.floor(at[1] + 0.5))


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


def box_of(said: Mapping[str, Any], shape: tuple[int, int]) -> boxes.Box:
    """A half-open box, clipped to the image."""
    value = said.get("box")
    if not isinstance(value, Sequence) or len(value) != 4:
        raise SettingError(f"box is {value!r}. Give [row_min, column_min, row_max, column_max].")
    named = dict(zip("abcd", value, strict=True))
    a, b, c, d = (int(number(named, key, -1e6, 1e6)) for key in "abcd")
    box = boxes.clipped((a, b, c, d), shape)
    if box[0] >= box[2] or box[1] >= box[3]:
        raise SettingError(f"box is {value!r}: it holds no pixel of the image.")
    return box


def defects_of(said: Mapping[str, Any], review: Review, name: str = "defects") -> list[Defect]:
    """Defects of the draft by their numbers."""
    value = said.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise SettingError(f"{name} is {value!r}. Give the numbers of one or more defects.")
    if len(value) > MOST_DEFECTS:
        raise SettingError(f"{name} has {len(value)} numbers. Give at most {MOST_DEFECTS}.")
    return [review.defect(one) for one in dict.fromkeys(map(_hashable, value))]


def _hashable(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingError(f"{value!r} is no number of a defect. Give a positive whole number.")
    return value


# ---------------------------------------------------------------------- carrying it out


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
    defect = review.defect(_hashable(said.get("defect")))
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
    ghost = review.canvas.index.ghosts.get(_hashable(said.get("ghost")))
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


Carry = Callable[["Review", Mapping[str, Any], "Stamp"], None]

EDITS: dict[str, Carry] = {
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

SETTLING = frozenset({"done", "reopen", "resolve"})
"""Gestures that begin and end a review; see `sorby.workflow.finishing`."""

KINDS = frozenset(EDITS) | SETTLING | {"look", "undo", "redo"}
