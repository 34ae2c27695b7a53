"""Images that a person picked, checked and recorded like any other choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError
from sorby.core.records import Selection
from sorby.select._check import checked_pool, known_rows, pool_notes


def manual(
    embedding: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    round: int = 1,
    uncertainty: ArrayLike | None = None,
    rng: np.random.Generator,
    images: Sequence[int] = (),
) -> Selection:
    """Take the images that a person picked.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image; only its length counts.
    n_select : int
        How many were to be picked.
    labelled : sequence of int
        Rows that have a label; picking one is refused.
    round : int
        Not used.
    uncertainty : array_like of shape (n,), optional
        Not used.
    rng : numpy.random.Generator
        Not used.
    images : sequence of int
        Row numbers of the picks, in the person's order; ``n_select`` of them.

    Returns
    -------
    Selection
        Without clusters, map or scores.

    Raises
    ------
    SettingError
        If the picks are not ``n_select`` different unlabelled rows of the embedding.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> manual(np.zeros((9, 2)), 2, labelled=[0], images=[7, 3], rng=rng).indices
    (7, 3)
    """
    pool = checked_pool(embedding, n_select, labelled, uncertainty)
    picks = tuple(images)
    if len(picks) != pool.n_select:
        raise SettingError(
            f"{len(picks)} images are picked and {pool.n_select} are to be chosen. Name "
            f"{pool.n_select} images, or change how many to choose."
        )
    if len(known_rows(picks, len(pool.rows), "picked")) != len(picks):
        raise SettingError(f"The picks {list(picks)} name an image twice. Name each once.")
    taken = sorted(set(picks) & set(pool.labelled.tolist()))
    if taken:
        raise SettingError(f"Image {taken[0]} has a label already. Pick another one.")
    return Selection(
        indices=tuple(int(row) for row in picks),
        scores=pool.scores(np.nan),
        clusters=pool.no_clusters(),
        reasons=("Picked by a person.",) * len(picks),
        notes=pool_notes(pool),
    )
