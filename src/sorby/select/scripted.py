"""A person who picks images by what the eye sees, played by a script for experiments.

The paper's people grouped images by size, shape and contrast of the defects and took some of
each group. The script does so with the two that can be measured without knowing the truth: how
large the defects look and how dark they are against the metal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError

SIZES = ("small", "medium", "large")
CONTRASTS = ("weak", "strong")


def scripted_person(
    size_px: ArrayLike,
    contrast: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    rng: np.random.Generator,
) -> tuple[list[int], list[str]]:
    """Picks of a person who wants some of every kind of image.

    Images are sorted into three groups by the size of their defects and each of these into two
    by contrast. Each pick comes from the group with fewest labelled images; of groups with as
    few, from the one of the largest and darkest defects, which a person sees first. Within a
    group the pick is drawn at random.

    Parameters
    ----------
    size_px, contrast : array_like of shape (n,)
        How large the visible defects of each image are, and how dark against the metal.
    n_select : int
        How many to pick.
    labelled : sequence of int
        Rows that are labelled; never picked.
    rng : numpy.random.Generator
        For the draws within groups.

    Returns
    -------
    picks : list of int
        Different rows, in the order of picking.
    reasons : list of str
        One for each.

    Raises
    ------
    SettingError
        If sizes and contrasts do not fit, or more are asked for than are left.

    Examples
    --------
    >>> size, contrast = [3, 3, 9, 9, 30, 30], [0.2, 0.8] * 3
    >>> scripted_person(size, contrast, 3, rng=np.random.default_rng(0))[0]
    [5, 4, 3]
    """
    sizes, contrasts = np.asarray(size_px, float), np.asarray(contrast, float)
    if sizes.ndim != 1 or sizes.shape != contrasts.shape:
        raise SettingError(
            f"Sizes of shape {sizes.shape}, contrasts {contrasts.shape}: give one of each an image."
        )
    free = sorted(set(range(len(sizes))) - set(labelled))
    if not 1 <= n_select <= len(free):
        raise SettingError(f"{n_select} images are to be picked and {len(free)} are left.")
    groups = visible_groups(sizes, contrasts)
    counts = np.bincount(groups[list(labelled)], minlength=len(SIZES) * len(CONTRASTS))
    picks: list[int] = []
    for _ in range(n_select):
        left = np.array([row for row in free if row not in picks])
        wanted = max(set(groups[left].tolist()), key=lambda group: (-counts[group], group))
        picks.append(int(rng.choice(left[groups[left] == wanted])))
        counts[wanted] += 1
    return picks, [_reason(int(groups[row])) for row in picks]


def visible_groups(size_px: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Group of each image: thirds by size, halves of each by contrast; later is larger, darker.

    Examples
    --------
    >>> visible_groups(np.array([1, 2, 3, 4, 5, 6]), np.array([9, 1, 9, 1, 9, 1])).tolist()
    [1, 0, 3, 2, 5, 4]
    """
    thirds = _parts(size_px, len(SIZES))
    groups = np.zeros(len(thirds), int)
    for third in range(len(SIZES)):
        rows = np.flatnonzero(thirds == third)
        halves = _parts(contrast[rows], len(CONTRASTS))
        groups[rows] = len(CONTRASTS) * third + halves
    return groups


def _parts(values: np.ndarray, n_parts: int) -> np.ndarray:
    """Part of each value when all are put in order and cut into equal parts."""
    place = np.empty(len(values), int)
    place[np.argsort(values, kind="stable")] = np.arange(len(values))
    return place * n_parts // max(1, len(values))


def _reason(group: int) -> str:
    size, contrast = SIZES[group // len(CONTRASTS)], CONTRASTS[group % len(CONTRASTS)]
    return f"Its defects look {size}, with {contrast} contrast: few such images are labelled."
