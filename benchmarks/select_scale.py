"""How long SMILE takes on pools of different sizes, part by part, and what the short cut costs.

Embeddings are SYNTHETIC: Gaussian kinds of unequal size and width in 50 dimensions. CPU-seconds of
one core. Up to 5,000 images t-SNE places each ("exact"); beyond, 3,000 landmarks. With
--quality the landmark map of a pool is compared with its t-SNE: share of the 10 nearest
neighbours in the embedding that are among the 50 nearest on the map, and how far the K-means
clusters agree with the true kinds (adjusted Rand index).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sorby.select import mapping
from sorby.select._check import checked_pool, pool_notes
from sorby.select.clusters import cluster_map
from sorby.select.novelty import coverage, novelty
from sorby.select.smile import spread_picks

N_KINDS, N_AXES = 9, 50


def synthetic_pool(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Embedding (n, 50) and the kind of each row."""
    share = rng.dirichlet(np.full(N_KINDS, 2.0))
    kind = rng.choice(N_KINDS, n, p=share)
    centres, width = rng.normal(size=(N_KINDS, N_AXES)) * 1.2, rng.uniform(0.5, 1.5, N_KINDS)
    return centres[kind] + rng.normal(size=(n, N_AXES)) * width[kind, None], kind


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU-seconds and answer."""
    start = time.process_time()
    answer = call()
    return time.process_time() - start, answer


def line(n: int, k: int, n_labelled: int) -> str:
    """One row of the table."""
    rng = np.random.default_rng(n)
    rows, _ = synthetic_pool(n, rng)
    labelled = rng.choice(n, n_labelled, replace=False)
    pool = checked_pool(rows, k, labelled)
    seconds = []
    took, places = timed(lambda: mapping.tsne_map(rows, rng=rng))
    seconds.append(took)
    took, clusters = timed(lambda: cluster_map(places, pool.free, rng=rng))
    seconds.append(took)
    none = np.empty(0, int)
    took, picks = timed(lambda: spread_picks(pool, places, clusters, novel=none))
    seconds.append(took)
    is_proved = all("could prove" not in pick.reason for pick in picks)
    seconds.append(timed(lambda: pool_notes(pool))[0])
    known = rows[labelled]
    seconds.append(timed(lambda: (novelty(rows, known), coverage(rows, known)))[0])
    cells = [f"{one:8.1f}" for one in [*seconds, sum(seconds)]]
    exact = "yes" if n <= mapping.EXACT_UP_TO else "landmarks"
    return f"{n:>8} {k:>3} {' '.join(cells)}  {exact:<9}  {'yes' if is_proved else 'no'}"


def quality(n: int) -> str:
    """The landmark map beside t-SNE of the same pool."""
    from sklearn.metrics import adjusted_rand_score
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(n)
    rows, kind = synthetic_pool(n, rng)
    some = rng.choice(n, min(n, 1000), replace=False)
    true = NearestNeighbors(n_neighbors=11).fit(rows).kneighbors(rows[some], False)[:, 1:]
    told = []
    limit = mapping.EXACT_UP_TO
    for name, up_to in (("t-SNE", n), ("landmarks", mapping._DRAWN + mapping._ODD)):
        mapping.EXACT_UP_TO = up_to
        took, places = timed(lambda: mapping.tsne_map(rows, rng=np.random.default_rng(0)))
        near = NearestNeighbors(n_neighbors=51).fit(places).kneighbors(places[some], False)
        kept = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(true, near, strict=True)])
        clusters = cluster_map(places, np.arange(n), rng=np.random.default_rng(0))
        rand = adjusted_rand_score(kind, clusters.labels)
        told.append(f"{n:>8} {name:<10} {took:8.1f}  {kept:10.2f} {rand:8.2f}")
    mapping.EXACT_UP_TO = limit
    return "\n".join(told)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", nargs="+", type=int, default=[100, 1000, 5000, 20_000, 100_000])
    parser.add_argument("--k", nargs="+", type=int, default=[4, 10], help="images to choose")
    parser.add_argument("--labelled", type=int, default=40, help="labelled images of each pool")
    parser.add_argument("--quality", nargs="*", type=int, default=[], metavar="N")
    asked = parser.parse_args()
    parts = ["t-SNE", "K-means", "maximin", "notes", "novelty", "all"]
    if asked.n:
        print(f"{'n':>8} {'k':>3} {' '.join(f'{p:>8}' for p in parts)}  exact      proved")
    for n in asked.n:
        for k in asked.k:
            print(line(n, k, min(asked.labelled, n // 4)), flush=True)
    if asked.quality:
        print(f"\n{'n':>8} {'map':<10} {'CPU-s':>8}  neighbours     Rand")
    for n in asked.quality:
        print(quality(n), flush=True)


if __name__ == "__main__":
    main()
