"""Which labelled fields are set aside to choose the weights and the threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def hold_out(
    groups: Sequence[object],
    *,
    has_defects: Sequence[bool],
    was_trained_on: Sequence[bool] | None = None,
    rng: np.random.Generator,
    share: float = 0.2,
) -> np.ndarray:
    """Fields for validation: whole groups, about a fifth of the fields, at least one.

    Groups that hold defects come first: a field without any says nothing about a threshold.
    Then groups that no earlier model was trained on: the others would flatter one that starts
    from it.

    Parameters
    ----------
    groups : sequence of length n
        Specimen of each field, or what else belongs together.
    has_defects : sequence of bool of length n
        Whether a field holds a defect.
    was_trained_on : sequence of bool of length n, optional
        Whether the model that training starts from, or one before it, has learnt from a field.
    rng : numpy.random.Generator
        Draws the groups.
    share : float
        Of the fields, rounded to whole groups.

    Returns
    -------
    ndarray of bool of shape (n,)
        True: for validation. All False where there is only one group.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> held = hold_out(["A", "A", "B", "C"], has_defects=[False, False, True, True], rng=rng)
    >>> held[0], held[1], int(held.sum())
    (np.False_, np.False_, 1)
    """
    names = list(dict.fromkeys(groups))
    held = np.zeros(len(groups), bool)
    if len(names) < 2:
        return held
    members = {name: np.array([group == name for group in groups]) for name in names}
    told = np.asarray(has_defects, bool)
    order = [names[i] for i in rng.permutation(len(names))]
    known = np.zeros(len(groups), bool) if was_trained_on is None else np.asarray(was_trained_on)
    order.sort(key=lambda name: (not told[members[name]].any(), known[members[name]].any()))
    wanted = max(1, round(share * len(groups)))
    for name in order:
        rest = ~(held | members[name])
        if not (told & rest if told.any() else rest).any():
            continue  # training must keep a group, and one that holds defects if there is any
        held |= members[name]
        if held.sum() >= wanted:
            break
    return held
