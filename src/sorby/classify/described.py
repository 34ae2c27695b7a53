"""Descriptions of patches, remembered by content."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np

from sorby.classify.registries import DESCRIPTIONS

_BATCH = 16
_REMEMBERED = 2000

_memory: OrderedDict[tuple[str, bytes], np.ndarray] = OrderedDict()


def described(description: str, patches: np.ndarray) -> np.ndarray:
    """Description of each patch, computed once a patch.

    The latest 2000 patches are remembered by content: a new fit after a corrected label, or the
    next fold of a cross-validation, computes none of them again.

    Parameters
    ----------
    description : str
        A name in ``DESCRIPTIONS``.
    patches : ndarray of shape (n, 128, 128)
        uint8.

    Returns
    -------
    ndarray of shape (n, copies, features)
        As the description gives it; of shape (0, 1, 0) without patches.

    Examples
    --------
    >>> described("shape", np.zeros((2, 128, 128), np.uint8)).shape
    (2, 1, 15)
    """
    if len(patches) == 0:
        return np.zeros((0, 1, 0), np.float32)
    keys = [(description, hashlib.blake2b(patch.tobytes()).digest()) for patch in patches]
    known = {key: _memory[key] for key in keys if key in _memory}
    waiting = list({key: n for n, key in enumerate(keys) if key not in known}.values())
    for start in range(0, len(waiting), _BATCH):
        batch = waiting[start : start + _BATCH]
        rows = DESCRIPTIONS[description](patches[batch])
        known.update({keys[n]: row for n, row in zip(batch, rows, strict=True)})
    _memory.update({keys[n]: known[keys[n]] for n in waiting})
    while len(_memory) > _REMEMBERED:
        _memory.popitem(last=False)
    return np.stack([known[key] for key in keys])
