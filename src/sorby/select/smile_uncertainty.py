"""SMILE among the images that a model is unsure of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.records import Selection
from sorby.select._check import checked_pool, known_rows, pool_notes
from sorby.select.clusters import cluster_map, silhouette
from sorby.select.ensemble import checked_uncertainty
from sorby.select.mapping import tsne_map
from sorby.select.smile import spread_picks


def smile_uncertainty(
    embedding: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    round: int = 1,
    uncertainty: ArrayLike | None = None,
    rng: np.random.Generator,
    novel: Sequence[int] = (),
) -> Selection:
    """Choose images that stand for every kind of image and that the model is unsure of.

    Map and clusters are SMILE's. The weight of a cluster is multiplied by the mean uncertainty
    of its unlabelled images, and inside a cluster the maximin Latin hypercube chooses from the
    less certain half. Variety keeps the picks from being the same difficulty n times.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, on comparable axes.
    n_select : int
        How many to choose.
    labelled : sequence of int
        Rows that have a label; never chosen.
    round : int
        Not used.
    uncertainty : array_like of shape (n,)
        Uncertainty of each image, higher is less certain; needed, not negative. Values of
        labelled rows may be NaN.
    rng : numpy.random.Generator
        For the map and the clusters.
    novel : sequence of int
        Rows that are novel: half of the picks are taken among them first, rounded up.

    Returns
    -------
    Selection
        ``scores`` are the uncertainties; clusters and map as `smile` gives them.

    Raises
    ------
    SettingError
        As `smile` and `ensemble`.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, for SMILE and for uncertainty, each alone.
    .. [2] Sener and Savarese, "Active learning for convolutional neural networks: a core-set
       approach", ICLR 2018, on why uncertainty alone picks alike images.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = np.repeat(np.eye(2), 10, axis=0) * 20 + rng.normal(size=(20, 2))
    >>> unsure = np.tile([0.1, 0.9], 10)
    >>> chosen = smile_uncertainty(rows, 4, uncertainty=unsure, rng=rng)
    >>> {float(unsure[row]) for row in chosen.indices}
    {0.9}
    """
    pool = checked_pool(embedding, n_select, labelled, uncertainty)
    unsure = checked_uncertainty(uncertainty, pool)
    map_xy = tsne_map(pool.rows, rng=rng)
    clusters = cluster_map(map_xy, pool.free, rng=rng)
    numbers = known_rows(novel, len(pool.rows), "novel")
    picks = spread_picks(pool, map_xy, clusters, novel=numbers, uncertainty=unsure)
    rank = np.empty(len(unsure), int)
    rank[pool.free[np.argsort(-unsure[pool.free], kind="stable")]] = np.arange(
        1, len(pool.free) + 1
    )
    structure = silhouette(pool.rows[pool.free], clusters.labels[pool.free])
    return Selection(
        indices=tuple(pick.row for pick in picks),
        scores=pool.scores(unsure[pool.free]),
        clusters=clusters.labels,
        reasons=tuple(
            f"{pick.reason[:-1]}; number {rank[pick.row]} of {len(pool.free)} in uncertainty "
            f"({unsure[pick.row]:.3g})."
            for pick in picks
        ),
        map_xy=map_xy,
        notes=pool_notes(pool, silhouette=structure if np.isfinite(structure) else None),
    )
