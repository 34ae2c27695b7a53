"""What the editor lays over an image: how sure the model is, and what changed since the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.planes import WHOLE_PX, NewPlane, WritablePlane, bands_of, on_disk
from sorby.core.records import IGNORE
from sorby.io.pyramids import n_levels

if TYPE_CHECKING:
    from sorby.project import Project, StoredMask

NOTHING = 255
"""Where there is nothing to say: no sample, no prediction."""

BOTH, ONLY_NEW, ONLY_OLD = 0, 1, 2
"""Values of the layer "difference"."""

_STEPS = 254
_BAND_ROWS = 512


def overlay_levels(
    folder: Path, name: str, layer: str, known: tuple[str, list[WritablePlane]] | None = None
) -> tuple[str, list[WritablePlane]]:
    """An overlay of a field at every level of its pyramid.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field.
    layer : {"confidence", "difference", "uncertainty", "probability"}
        "confidence": probability of the likeliest class, in steps of 1/254. "uncertainty":
        254 where the model cannot tell, 0 where it is sure. "difference": 0 where the latest
        prediction and the one of the model before agree, 1 where only the latest calls a defect,
        2 where only the one before does. "probability": of any defect. 255 where
        there is nothing to say.
    known : tuple, optional
        An earlier answer, given again if nothing has changed.

    Returns
    -------
    key : str
        What it was made from.
    levels : list of planes of uint8
        Level k has 1 / 2^k of the size: the highest value of each block, 255 counted lowest.
        Those of large fields lie on the disk.
    """
    from sorby.project import Project, cache_folder
    from sorby.project.changes import field_of

    with Project.open(folder) as project:
        field = field_of(project, name)
        made = [mask for mask in project.mask_versions(name) if mask.source == "model"]
        key = f"{layer} {[(mask.version, mask.sha256) for mask in made[-8:]]}"
        if known is not None and known[0] == key:
            return known
        is_large = field.shape[0] * field.shape[1] > WHOLE_PX
        new_plane = on_disk(cache_folder(folder) / "working") if is_large else np.zeros
        return key, _levels(_bands(project, made, layer, new_plane), field.shape, new_plane)


def _bands(
    project: Project, made: list[StoredMask], layer: str, new_plane: NewPlane
) -> Iterator[np.ndarray]:
    """Values of an overlay from the top; none where there is nothing to say."""
    from sorby.project import probability_step_bands_of

    if layer == "difference":
        before = [mask for mask in made if mask.method != made[-1].method]
        if before:
            new, old = (_laid(project.read_mask(one), new_plane) for one in (made[-1], before[-1]))
            for rows in bands_of(new.shape):
                yield difference(new[rows], old[rows])
    elif made:
        for steps in probability_step_bands_of(made[-1], _BAND_ROWS) or ():
            if layer == "probability":
                yield of_any_defect(steps)
            else:
                yield confidence(steps, is_doubt=layer == "uncertainty")


def _laid(mask: np.ndarray, new_plane: NewPlane) -> WritablePlane:
    """A mask in a plane: of two large ones only one at a time is in memory."""
    plane = new_plane(mask.shape, mask.dtype)
    plane[:] = mask
    return plane


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


def of_any_defect(steps: np.ndarray) -> np.ndarray:
    """Probability of any defect: what `sorby.annotate.recut` holds against its threshold.

    Examples
    --------
    >>> of_any_defect(np.array([[[100, 254, 255]], [[30, 20, 255]]], np.uint8)).tolist()
    [[130, 254, 255]]
    """
    total = np.minimum(steps.sum(axis=0, dtype=np.uint16), _STEPS).astype(np.uint8)
    total[steps[0] == NOTHING] = NOTHING
    return total


def _levels(
    bands: Iterator[np.ndarray], shape: tuple[int, int], new_plane: NewPlane
) -> list[WritablePlane]:
    from sorby.annotate.boxes import reduced

    first, start = new_plane(shape, np.uint8), 0
    for band in bands:
        first[start : start + len(band)] = band
        start += len(band)
    if start == 0:
        for rows in bands_of(shape):
            first[rows] = NOTHING
    levels = [first]
    while len(levels) < n_levels(shape):
        finer = levels[-1]
        coarser = new_plane((-(-finer.shape[0] // 2), -(-finer.shape[1] // 2)), np.uint8)
        for rows in bands_of(finer.shape, multiple=2):
            coarser[rows.start // 2 : -(-rows.stop // 2)] = reduced(finer[rows], 2)
        levels.append(coarser)
    return levels
