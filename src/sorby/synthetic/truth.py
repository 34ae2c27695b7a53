"""Exact truth of a field: mask, instances and the type of each instance."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

TRUE_TYPES = ("lack_of_fusion", "keyhole", "gas")
"""Types of defect the generator knows."""

_CLASSES = {"lack_of_fusion": "lack_of_fusion", "keyhole": "porosity", "gas": "porosity"}
_TOUCHING = np.ones((3, 3), dtype=int)


def defect_class(true_type: str) -> str:
    """Class of the two-way classification to which a true type belongs.

    Parameters
    ----------
    true_type : str
        "lack_of_fusion", "keyhole" or "gas".

    Returns
    -------
    str
        "lack_of_fusion" or "porosity".

    Raises
    ------
    SettingError
        If the type is none of the three.

    Examples
    --------
    >>> defect_class("keyhole")
    'porosity'
    """
    if true_type not in _CLASSES:
        raise SettingError(
            f"{true_type!r} is not one of the true types. Choose from: {', '.join(TRUE_TYPES)}."
        )
    return _CLASSES[true_type]


def number_defects(
    layers: dict[str, np.ndarray], *, ignored: np.ndarray, min_area_px: int = 4
) -> tuple[np.ndarray, dict[int, str]]:
    """Instances of the union of the defects, and the type of each.

    Defects that touch (8 neighbours) are one instance; its type is the one that covers most of
    it, the first named where two cover the same.

    Parameters
    ----------
    layers : dict of str to ndarray of shape (M, N)
        True type to its pixels (bool).
    ignored : ndarray of shape (M, N)
        bool: pixels that are not sample; no instance reaches into them.
    min_area_px : int
        Smaller instances are dropped: the image does not show them either.

    Returns
    -------
    instances : ndarray of shape (M, N)
        int32: 0 background, 1..n.
    types : dict of int to str
        Instance to true type.
    """
    union = np.logical_or.reduce(list(layers.values())) & ~ignored
    labels, n_labels = ndimage.label(union, structure=_TOUCHING)
    areas = np.bincount(labels.ravel(), minlength=n_labels + 1)
    areas[0] = 0
    kept = np.flatnonzero(areas >= min_area_px)
    renumbered = np.zeros(n_labels + 1, dtype=np.int32)
    renumbered[kept] = np.arange(1, len(kept) + 1)
    instances = renumbered[labels]
    covered = np.array(
        [np.bincount(instances[pixels], minlength=len(kept) + 1) for pixels in layers.values()]
    )
    names = list(layers)
    types = {n: names[int(covered[:, n].argmax())] for n in range(1, len(kept) + 1)}
    return instances, types


def mask_of(instances: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Mask with 1 on defects and 255 on ignored pixels.

    Parameters
    ----------
    instances : ndarray of shape (M, N)
        0 on background.
    ignored : ndarray of shape (M, N)
        bool.

    Returns
    -------
    ndarray of shape (M, N)
        uint8.
    """
    mask = (instances > 0).astype(np.uint8)
    mask[ignored] = IGNORE
    return mask
