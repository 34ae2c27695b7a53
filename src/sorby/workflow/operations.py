"""What a page may ask of a draft: one finished gesture, and how its parts are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sorby.annotate import UNDOABLE, boxes
from sorby.core.errors import SettingError

MOST_POINTS = 20_000
MOST_SECONDS = 86_400.0
MOST_ACTIONS = 100_000

MODES = ("correct", "from_nothing")

SETTLING = frozenset({"done", "reopen", "resolve"})
"""Gestures that begin and end a review; see `sorby.workflow.finishing`."""

TURNS = frozenset({"undo", "redo"})

KINDS = UNDOABLE | SETTLING | TURNS | {"look"}


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
