"""What a review starts from: a mask, its probability, and the defects in it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.annotate import Defect, DefectIndex, Piece, scan
from sorby.annotate.boxes import slices
from sorby.core.files import atomic_path
from sorby.core.records import IGNORE
from sorby.project import cache_folder, probability_steps_of

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredMask


def base_mask(project: Project, field: Field, stored: StoredMask | None) -> np.ndarray:
    """Mask that a draft starts from; without one, nothing but the ignored boxes."""
    if stored is None:
        return np.where(field.valid(), np.uint8(0), np.uint8(IGNORE))
    return project.read_mask(stored)


def probability_steps(stored: StoredMask | None) -> np.ndarray | None:
    """Probability of a mask in steps of 1/254, uint8 (classes, M, N), or None."""
    return None if stored is None else probability_steps_of(stored)


def base_defects(
    project: Project,
    field: Field,
    stored: StoredMask | None,
    first_id: int,
    mask: np.ndarray | None = None,
    confidence: Callable[[Piece], int | None] | None = None,
) -> list[Defect]:
    """Defects of the mask that a draft starts from, in order; a person's are accepted already.

    They are found once for each mask and kept in the project's cache folder.

    Parameters
    ----------
    project, field, stored : Project, Field and StoredMask or None
        Whose mask.
    first_id : int
        Number of the first of them.
    mask : ndarray of shape (M, N), uint8, optional
        The mask, if it has been read already.
    confidence : callable, optional
        As of `sorby.annotate.DefectIndex`; read from the mask's probability where not given.

    Returns
    -------
    list of Defect
    """
    if stored is None:
        return []
    path = cache_folder(project.folder) / "review" / f"{stored.sha256}.json.z"
    rows = _cached(path)
    if rows is None:
        if mask is None or confidence is None:
            mask = base_mask(project, field, stored)
            steps = probability_steps(stored)
            confidence = partial(mean_steps, steps)
        index = DefectIndex(confidence)
        found = index.of_pieces(scan(mask), first_id=0, model=stored.method)
        rows = [defect.as_row() for defect in found]
        with atomic_path(path) as temporary:
            temporary.write_bytes(zlib.compress(json.dumps(rows).encode(), 1))
    defects = [replace(d, id=d.id + first_id) for d in map(Defect.from_row, rows)]
    if stored.source == "model":
        return [replace(one, model=stored.method) for one in defects]
    return [replace(one, state="accepted", author=stored.author, model="") for one in defects]


def _cached(path: Path) -> list[list[Any]] | None:
    """Rows of a file of the cache; None where it is absent or damaged: it is then made anew."""
    try:
        rows: list[list[Any]] = json.loads(zlib.decompress(path.read_bytes()))
    except (OSError, ValueError, zlib.error):
        return None
    return rows


def mean_steps(steps: np.ndarray | None, piece: Piece) -> int | None:
    """Mean probability of a piece's class in its pixels, in steps of 1/254; None without any."""
    if steps is None:
        return None
    plane = steps[min(piece.value, len(steps)) - 1]
    values = plane[slices(piece.box)][piece.inside]
    values = values[values != IGNORE]
    return int(np.rint(values.mean())) if values.size else None
