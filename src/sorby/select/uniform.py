"""Images drawn at random: what every other strategy must beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.records import Selection
from sorby.select._check import checked_pool, pool_notes


def uniform(
    embedding: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    round: int = 1,
    uncertainty: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Selection:
    """Draw images at random, each at most once.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image; only its length counts.
    n_select : int
        How many to choose.
    labelled : sequence of int
        Rows that have a label; never chosen.
    round : int
        Not used.
    uncertainty : array_like of shape (n,), optional
        Not used.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    Selection
        Without clusters, map or scores.

    Raises
    ------
    SettingError
        If the embedding is not finite, or there are fewer unlabelled rows than asked for.

    Examples
    --------
    >>> chosen = uniform(np.zeros((9, 2)), 3, labelled=[0], rng=np.random.default_rng(0))
    >>> len(set(chosen.indices)), 0 in chosen.indices
    (3, False)
    """
    pool = checked_pool(embedding, n_select, labelled, uncertainty)
    drawn = rng.choice(pool.free, pool.n_select, replace=False)
    return Selection(
        indices=tuple(int(row) for row in drawn),
        scores=pool.scores(np.nan),
        clusters=pool.no_clusters(),
        reasons=(f"Drawn at random from {len(pool.free)} unlabelled images.",) * len(drawn),
        notes=pool_notes(pool),
    )
