"""Gestures as differences: what changed is kept, so that it can be undone and done again.

A difference is the exclusive or of the pixels before and after, in the boxes that changed.
Applied once it does the gesture, applied again it undoes it, and the differences of several
gestures may be applied in any order.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from sorby.annotate.boxes import size, slices
from sorby.annotate.edit import Patch
from sorby.core.errors import ProjectError

_HEAD = np.dtype("<i4")

UNDOABLE = frozenset(
    {"brush", "lasso", "wand", "click", "delete", "delete_box", "delete_where", "fill_holes",
     "split", "merge", "class", "accept", "reject", "ignore", "restore", "accept_rest", "recut"}
)  # fmt: skip
"""Kinds of gestures that undo takes back; looking, finishing and reopening are not."""


def difference(mask: np.ndarray, patch: Patch) -> Patch:
    """Exclusive or of a patch and the pixels that it is about to replace."""
    return Patch(patch.box, np.bitwise_xor(mask[slices(patch.box)], patch.values))


def encode(differences: Sequence[Patch]) -> bytes:
    """One journal entry for the differences of a gesture.

    Parameters
    ----------
    differences : sequence of Patch
        From `difference`, each taken when the ones before it were applied; boxes may overlap.

    Returns
    -------
    bytes
        Number of boxes, the boxes, and the compressed exclusive or; empty without patches.

    Examples
    --------
    >>> mask = np.zeros((8, 8), np.uint8)
    >>> patch = Patch((1, 1, 2, 3), np.array([[1, 1]], np.uint8))
    >>> entry = encode([difference(mask, patch)])
    >>> toggle(mask, entry)
    >>> mask[1].tolist()
    [0, 1, 1, 0, 0, 0, 0, 0]
    >>> toggle(mask, entry)
    >>> int(mask.sum())
    0
    """
    if not differences:
        return b""
    head = np.array([len(differences), *(v for p in differences for v in p.box)], _HEAD)
    pixels = np.concatenate([patch.values.ravel() for patch in differences])
    return head.tobytes() + zlib.compress(pixels.tobytes(), 1)


def boxes_of(entry: bytes) -> list[tuple[int, int, int, int]]:
    """Boxes in which a journal entry changes pixels."""
    if not entry:
        return []
    n = int(np.frombuffer(entry[:4], _HEAD)[0])
    head = np.frombuffer(entry[4 : 4 + 16 * n], _HEAD).reshape(n, 4)
    return [(int(a), int(b), int(c), int(d)) for a, b, c, d in head]


def decode(entry: bytes) -> list[Patch]:
    """Differences of a journal entry, in the order in which they were made.

    Raises
    ------
    ProjectError
        If it is damaged.
    """
    try:
        boxes = boxes_of(entry)
        content = zlib.decompress(entry[4 + 16 * len(boxes) :]) if boxes else b""
        pixels = np.frombuffer(content, np.uint8)
        ends = np.cumsum([0, *(rows * columns for rows, columns in map(size, boxes))])
        return [
            Patch(box, pixels[start:end].reshape(size(box)))
            for box, start, end in zip(boxes, ends[:-1], ends[1:], strict=True)
        ]
    except (ValueError, zlib.error) as error:
        raise ProjectError(
            f"A gesture in the project's journal is damaged ({error}). Nothing was changed. "
            "Restore the project from a copy."
        ) from error


def toggle(mask: np.ndarray, entry: bytes) -> None:
    """Do a gesture, or undo it, in place.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        As it was when the entry was made, or as the gesture left it.
    entry : bytes
        From `encode`.

    Raises
    ------
    ProjectError
        If the entry is damaged.
    """
    for part in decode(entry):
        mask[slices(part.box)] ^= part.values


def undo_target(gestures: Iterable[tuple[int, str, str]]) -> int | None:
    """Number of the gesture that undo takes back.

    Parameters
    ----------
    gestures : iterable of (int, str, str)
        Number, kind and standing ("live", "undone", "dropped") of a draft's gestures, in order.

    Returns
    -------
    int or None
        The latest live one that can be undone.

    Examples
    --------
    >>> stack = [(1, "brush", "live"), (2, "accept", "undone"), (3, "undo", "live")]
    >>> undo_target(stack), redo_target(stack)
    (1, 2)
    """
    return max(
        (n for n, kind, standing in gestures if kind in UNDOABLE and standing == "live"),
        default=None,
    )


def redo_target(gestures: Iterable[tuple[int, str, str]]) -> int | None:
    """Number of the gesture that redo does again: the first undone one; as `undo_target`."""
    return next((number for number, _, standing in gestures if standing == "undone"), None)
