"""SMILE: maximin Latin hypercube sampling from clusters of an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError
from sorby.core.records import Selection
from sorby.select._check import Pool, checked_pool, known_rows, pool_notes
from sorby.select.cloud import unit_square
from sorby.select.clusters import Clusters, cluster_map, silhouette
from sorby.select.mapping import tsne_map
from sorby.select.maximin import Spread, maximin_lhs
from sorby.select.paper import paper_picks

_MODES = ("default", "paper")


def smile(
    embedding: ArrayLike,
    n_select: int,
    *,
    labelled: Sequence[int] = (),
    round: int = 1,
    uncertainty: ArrayLike | None = None,
    rng: np.random.Generator,
    mode: str = "default",
    n_clusters: int | None = None,
    novel: Sequence[int] = (),
) -> Selection:
    """Choose images that stand for every kind of image in the pool.

    All images are mapped to a plane by t-SNE and clustered there by K-means, the number of
    clusters by silhouette. Clusters are ranked by their spread, the Euclidean norm of the
    standard deviations along both axes, and a maximin Latin hypercube chooses inside a cluster.

    Mode "default" clusters the unlabelled images and spreads the picks over the clusters: each
    next pick goes to the cluster with the largest weight / (2 h + 1), where the weight is
    spread x sqrt(images) and h how many images of the cluster are labelled or picked
    (Sainte-Laguë). Labelled images keep their distance from new picks, and every point of a
    bin may stand for it. Of images named novel, unlike all that is labelled, half of the picks
    are taken first, rounded up.

    Mode "paper" follows the published rules: one cluster a round, the round-th in the ranking,
    beginning anew after the last, and the first point of each bin stands for it. Map and clusters
    are of the whole pool and draw nothing from ``rng``, so that they are the same every round.
    What a cluster cannot give comes from the next.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, on comparable axes.
    n_select : int
        How many to choose.
    labelled : sequence of int
        Rows that have a label; never chosen.
    round : int
        Number of this round of labelling, from 1; counts in mode "paper".
    uncertainty : array_like of shape (n,), optional
        Not used.
    rng : numpy.random.Generator
        For the map and the clusters, in mode "default".
    mode : {"default", "paper"}
        See above.
    n_clusters : int, optional
        Number of clusters instead of the silhouette's. Positive.
    novel : sequence of int
        Rows that are novel; counts in mode "default".

    Returns
    -------
    Selection
        ``scores`` are the spreads of the clusters, ``clusters`` are numbered from the widest,
        ``map_xy`` is the t-SNE map.

    Raises
    ------
    SettingError
        If the embedding is not finite, there are fewer unlabelled rows than asked for, or the
        mode, the round or the number of clusters does not exist.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, stage 1: SMILE.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = np.repeat(np.eye(3), 10, axis=0) * 20 + rng.normal(size=(30, 3))
    >>> chosen = smile(rows, 3, n_clusters=3, rng=rng)
    >>> sorted(row // 10 for row in chosen.indices)
    [0, 1, 2]
    """
    pool = checked_pool(embedding, n_select, labelled, uncertainty)
    _check_options(mode, round, n_clusters)
    if mode == "paper":
        fitted, draws = np.arange(len(pool.rows)), np.random.default_rng(0)
    else:
        fitted, draws = pool.free, rng
    map_xy = tsne_map(pool.rows, rng=draws)
    clusters = cluster_map(map_xy, fitted, n_clusters=n_clusters, rng=draws)
    if mode == "paper":
        picks = _paper_round(pool, map_xy, clusters, round)
    else:
        picks = spread_picks(
            pool, map_xy, clusters, novel=known_rows(novel, len(pool.rows), "novel")
        )
    structure = silhouette(pool.rows[fitted], clusters.labels[fitted])
    return Selection(
        indices=tuple(pick.row for pick in picks),
        scores=pool.scores(clusters.spread[clusters.labels[pool.free]]),
        clusters=clusters.labels,
        reasons=tuple(pick.reason for pick in picks),
        map_xy=map_xy,
        notes=pool_notes(pool, silhouette=structure if np.isfinite(structure) else None),
    )


@dataclass(frozen=True)
class Pick:
    """A chosen row, and why."""

    row: int
    reason: str


def _check_options(mode: str, round: int, n_clusters: int | None) -> None:
    if mode not in _MODES:
        raise SettingError(f"{mode!r} is not a mode of smile. Choose from: {', '.join(_MODES)}.")
    if round < 1:
        raise SettingError(f"This is round {round}. Rounds are counted from 1.")
    if n_clusters is not None and n_clusters < 1:
        raise SettingError(f"{n_clusters} clusters are asked for. Give 1 or more, or none.")


def spread_picks(
    pool: Pool,
    map_xy: np.ndarray,
    clusters: Clusters,
    *,
    novel: np.ndarray,
    uncertainty: np.ndarray | None = None,
) -> list[Pick]:
    """Picks spread over the clusters, and inside each: half of them novel, where some are.

    Parameters
    ----------
    pool : Pool
        What is chosen from.
    map_xy : ndarray of shape (n, 2)
        The map.
    clusters : Clusters
        Clusters of all rows.
    novel : ndarray of int
        Novel rows; labelled ones among them do not count.
    uncertainty : ndarray of shape (n,), optional
        Clusters then count by their mean uncertainty as well, and inside one only the less
        certain half (at least as many as are chosen) may be picked.

    Returns
    -------
    list of Pick
    """
    unseen = np.intersect1d(novel, pool.free)
    n_unseen = min(len(unseen), -(-pool.n_select // 2))
    picks: list[Pick] = []
    for candidates, n_picks in ((unseen, n_unseen), (pool.free, pool.n_select - n_unseen)):
        taken = np.array([pick.row for pick in picks], int)
        free, known = np.setdiff1d(candidates, taken), np.concatenate([pool.labelled, taken])
        picks += _spread_over(free, known, n_picks, map_xy, clusters, uncertainty)
    return picks


def _spread_over(
    free: np.ndarray,
    known: np.ndarray,
    n_picks: int,
    map_xy: np.ndarray,
    clusters: Clusters,
    uncertainty: np.ndarray | None,
) -> list[Pick]:
    picks: list[Pick] = []
    for cluster, count in shares(clusters, free, known, n_picks, uncertainty):
        own = free[clusters.labels[free] == cluster]
        n_own = len(own)
        if uncertainty is not None:
            least_sure = np.argsort(-uncertainty[own], kind="stable")[: max(count, -(-n_own // 2))]
            own = own[np.sort(least_sure)]
        near = known[clusters.labels[known] == cluster]
        square = unit_square(map_xy[np.concatenate([own, near])])
        spread = maximin_lhs(square[: len(own)], count, anchors=square[len(own) :])
        reason = _reason(clusters, cluster, n_own, _why(spread, count, len(near)))
        picks += [Pick(int(own[i]), reason) for i in spread.indices]
    return picks


def shares(
    clusters: Clusters,
    free: np.ndarray,
    labelled: np.ndarray,
    n_select: int,
    uncertainty: np.ndarray | None = None,
) -> list[tuple[int, int]]:
    """How many picks each cluster gets, the widest cluster first.

    Parameters
    ----------
    clusters : Clusters
        Clusters of all rows.
    free, labelled : ndarray of int
        Rows without and with a label.
    n_select : int
        Picks to give away, at most the number of free rows.
    uncertainty : ndarray of shape (n,), optional
        Multiplies the weight of a cluster by its mean over the free rows.

    Returns
    -------
    list of (int, int)
        Cluster and number of picks, where it is not 0.
    """
    number = len(clusters.spread)
    size = np.bincount(clusters.labels[free], minlength=number)
    weight = clusters.spread * np.sqrt(size)
    if not weight[size > 0].any():
        weight = np.sqrt(size)
    if uncertainty is not None and uncertainty[free].any():
        total = np.bincount(clusters.labels[free], uncertainty[free], minlength=number)
        weight = weight * total / np.maximum(size, 1)
    has = np.bincount(clusters.labels[labelled], minlength=number)
    given = np.zeros(number, int)
    for _ in range(n_select):
        claim = np.where(given < size, weight / (2 * (has + given) + 1), -1.0)
        given[claim.argmax()] += 1
    return [(int(cluster), int(given[cluster])) for cluster in np.flatnonzero(given)]


def _paper_round(pool: Pool, map_xy: np.ndarray, clusters: Clusters, round: int) -> list[Pick]:
    picks: list[Pick] = []
    number = len(clusters.spread)
    for step in range(number):
        cluster = (round - 1 + step) % number
        own = pool.free[clusters.labels[pool.free] == cluster]
        count = min(pool.n_select - len(picks), len(own))
        if count:
            why = f"turn of this cluster in round {round}" if not step else "fills the round up"
            reason = _reason(clusters, cluster, len(own), why)
            picks += [Pick(int(own[i]), reason) for i in paper_picks(map_xy[own], count)]
    return picks


def _reason(clusters: Clusters, cluster: int, n_images: int, why: str) -> str:
    words = clusters.rank_words(cluster)
    images = "1 unlabelled image" if n_images == 1 else f"{n_images} unlabelled images"
    return f"{words[0].upper()}{words[1:]} ({images}); {why}."


def _why(spread: Spread, count: int, n_known: int) -> str:
    if not np.isfinite(spread.distance):
        return "the most central one"
    if count == 1:
        return "farthest from the labelled ones"
    others = "the other picks and the labelled ones" if n_known else "the other picks"
    if not spread.is_proved:
        return f"placed far from {others} (the search ended before it could prove it farthest)"
    return f"placed as far as possible from {others}"
