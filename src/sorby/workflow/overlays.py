"""What the editor lays over an image: how sure the model is, and what changed since the last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.records import IGNORE
from sorby.io.pyramids import n_levels

if TYPE_CHECKING:
    from sorby.project import Project, StoredMask

NOTHING = 255
"""Where there is nothing to say: no sample, no prediction."""

BOTH, ONLY_NEW, ONLY_OLD = 0, 1, 2
"""Values of the layer "difference"."""

_STEPS = 254


def overlay_levels(
    folder: Path, name: str, layer: str, known: tuple[str, list[np.ndarray]] | None = None
) -> tuple[str, list[np.ndarray]]:
    """An overlay of a field at every level of its pyramid.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field.
    layer : {"confidence", "difference", "uncertainty"}
        "confidence": probability of the likeliest class, in steps of 1/254. "uncertainty":
        254 where the model cannot tell, 0 where it is sure. "difference": 0 where the latest
        prediction and the one of the model before agree, 1 where only the latest calls a defect,
        2 where only the one before does. 255 where there is nothing to say.
    known : tuple, optional
        An earlier answer, given again if nothing has changed.

    Returns
    -------
    key : str
        What it was made from.
    levels : list of ndarray of uint8
        Level k has 1 / 2^k of the size: the highest value of each block, 255 counted lowest.
    """
    from sorby.project import Project
    from sorby.project.changes import field_of

    with Project.open(folder) as project:
        field = field_of(project, name)
        made = [mask for mask in project.mask_versions(name) if mask.source == "model"]
        key = f"{layer} {[(mask.version, mask.sha256) for mask in made[-8:]]}"
        if known is not None and known[0] == key:
            return known
        values = _values(project, made, layer)
    if values is None:
        values = np.full(field.shape, NOTHING, np.uint8)
    return key, _levels(values)


def _values(project: Project, made: list[StoredMask], layer: str) -> np.ndarray | None:
    from sorby.project import probability_steps_of

    if not made:
        return None
    if layer == "difference":
        before = [mask for mask in made if mask.method != made[-1].method]
        if not before:
            return None
        return difference(project.read_mask(made[-1]), project.read_mask(before[-1]))
    steps = probability_steps_of(made[-1])
    return None if steps is None else confidence(steps, is_doubt=layer == "uncertainty")


def difference(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Where two masks differ: `BOTH` agree, `ONLY_NEW` or `ONLY_OLD` calls a defect, `NOTHING`.

    Examples
    --------
    >>> difference(np.array([0, 1, 0, 1, 255]), np.array([0, 1, 1, 0, 0])).tolist()
    [0, 0, 2, 1, 255]
    """
    is_new, is_old = ((mask != 0) & (mask != IGNORE) for mask in (new, old))
    values = np.where(is_new & ~is_old, np.uint8(ONLY_NEW), np.uint8(BOTH))
    values[is_old & ~is_new] = ONLY_OLD
    values[(new == IGNORE) | (old == IGNORE)] = NOTHING
    return values


def confidence(steps: np.ndarray, *, is_doubt: bool) -> np.ndarray:
    """Probability of the likeliest class, or how little the model can tell.

    Parameters
    ----------
    steps : ndarray of shape (classes, M, N), uint8
        Probabilities in steps of 1/254; 255 where there is no sample.
    is_doubt : bool
        True gives 254 (1 - |2 p - 1|).

    Returns
    -------
    ndarray of shape (M, N), uint8

    Examples
    --------
    >>> confidence(np.array([[[0, 127, 254, 255]]], np.uint8), is_doubt=True).tolist()
    [[0, 254, 0, 255]]
    """
    highest = steps.max(axis=0)  # 255 in one class is 255 in all
    if not is_doubt:
        return np.asarray(highest)
    table = np.array([_STEPS - abs(2 * p - _STEPS) for p in range(_STEPS + 1)] + [NOTHING])
    return np.asarray(table.astype(np.uint8)[highest])


def _levels(values: np.ndarray) -> list[np.ndarray]:
    from sorby.annotate.boxes import reduced

    levels = [values]
    while len(levels) < n_levels(values.shape):
        levels.append(reduced(levels[-1], 2))
    return levels
