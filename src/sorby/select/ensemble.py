"""Images the networks disagree about most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError
from sorby.core.records import Selection
from sorby.select._check import Pool, checked_pool, pool_notes


def ensemble(
    embedding: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    round: int = 1,
    uncertainty: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Selection:
    """Choose the images whose predictions are least certain.

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
    uncertainty : array_like of shape (n,)
        Uncertainty of each image (per-pixel uncertainty averaged to one number), higher is
        less certain; needed. Values of labelled rows may be NaN.
    rng : numpy.random.Generator
        Not used; of equals the first in the table is chosen.

    Returns
    -------
    Selection
        ``scores`` are the uncertainties; no clusters, no map.

    Raises
    ------
    SettingError
        Without uncertainties, or if there is not one finite value for each unlabelled row, or
        there are fewer unlabelled rows than asked for.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, stage 1: the ensemble strategy.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ensemble(np.zeros((4, 2)), 2, uncertainty=[0.1, 0.4, 0.2, 0.3], rng=rng).indices
    (1, 3)
    """
    pool = checked_pool(embedding, n_select, labelled, uncertainty)
    values = checked_uncertainty(uncertainty, pool)
    ranked = pool.free[np.argsort(-values[pool.free], kind="stable")][: pool.n_select]
    return Selection(
        indices=tuple(int(row) for row in ranked),
        scores=pool.scores(values[pool.free]),
        clusters=pool.no_clusters(),
        reasons=tuple(
            f"Number {place} of {len(pool.free)} in uncertainty ({values[row]:.3g})."
            for place, row in enumerate(ranked, 1)
        ),
        notes=pool_notes(pool),
    )


def checked_uncertainty(uncertainty: ArrayLike | None, pool: Pool) -> np.ndarray:
    """Uncertainty of each row; refused where that of a free row is missing.

    Parameters
    ----------
    uncertainty : array_like of shape (n,) or None
        Higher is less certain.
    pool : Pool
        What is chosen from.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    SettingError
        If there is none, or one of an unlabelled row is not finite.
    """
    if uncertainty is None:
        raise SettingError(
            "There are no uncertainties. This strategy needs predictions: train a model and "
            "predict the unlabelled images first, or choose with smile."
        )
    values = np.asarray(uncertainty, np.float64)
    broken = pool.free[~np.isfinite(values[pool.free])]
    if len(broken):
        raise SettingError(
            f"The uncertainty of {len(broken)} unlabelled images is not finite (first: row "
            f"{broken[0]}). Predict these images, or leave them out."
        )
    return values
