"""How well the picks of each strategy cover the pool, without training anything.

    python benchmarks/coverage.py OUT ROUNDS PER_ROUND SEEDS PROJECT...

Plays the choices of an experiment alone: what smile, kcenter, uniform and the scripted person of
manual choose depends on no model. Prints the Wasserstein distance of all picks to the pool by
round, mean ± sd over seeds, and the differences after the last round, paired over seeds, with
intervals that hold together. OUT gets a figure of the picks of the first seed for each project.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import pandas as pd

from sorby.features import isomap_map, standardise
from sorby.project import Project
from sorby.quantify import paired_difference
from sorby.report import pick_maps_figure, strategy_label
from sorby.report.figures import figure_bytes
from sorby.select import wasserstein_to_pool
from sorby.workflow.embedding import embed_fields
from sorby.workflow.scripting import scripted_choice
from sorby.workflow.selecting import choose
from sorby.workflow.splitting import lock_test_fields, pool_fields

STRATEGIES = ("smile", "kcenter", "uniform", "manual")
CONFIDENCE, DPI = 0.95, 150


def play(project: Project, strategy: str, seed: int, rounds: int, per_round: int) -> list[dict]:
    """Picks and distance by round."""
    pool = pool_fields(project)
    rows = standardise(embed_fields(project, pool))
    labelled: list[str] = []
    found = []
    for number in range(1, rounds + 1):
        about = {"labelled": labelled, "number": number, "seed": seed}
        if strategy == "manual":
            chosen = scripted_choice(project, pool, per_round, **about)
        else:
            chosen = choose(project, pool, strategy=strategy, n_select=per_round, **about)
        names = [pool[index].name for index in chosen.indices]
        labelled = [*labelled, *names]
        places = [index for index, one in enumerate(pool) if one.name in labelled]
        distance = wasserstein_to_pool(rows, places)
        found += [
            {"strategy": strategy, "seed": seed, "round": number, "image": name,
             "distance": distance} for name in names
        ]  # fmt: skip
    return found


def draw(project: Project, picks: pd.DataFrame, path: Path) -> None:
    """Isomap of pool and test images with the picks of the first seed."""
    fields = project.fields()
    places = isomap_map(standardise(embed_fields(project, fields)))
    points = pd.DataFrame(
        {"image": [f.name for f in fields], "x": places[:, 0], "y": places[:, 1],
         "role": ["test" if f.is_locked else "pool" for f in fields]}
    )  # fmt: skip
    own = picks[picks["seed"] == 0].copy()
    own["distance"] = own.groupby("strategy")["distance"].transform("last")
    is_synthetic = project.note("synthetic") is not None
    figure = pick_maps_figure(points, own, method="Isomap", synthetic=is_synthetic)
    path.write_bytes(figure_bytes(figure, "png", dpi=DPI))


def compare(picks: pd.DataFrame) -> None:
    """Print what may be said of the strategies after the last round."""
    last = picks[picks["round"] == picks["round"].max()]
    ends = last.groupby(["strategy", "seed"])["distance"].first().unstack()
    pairs = list(combinations(STRATEGIES, 2))
    confidence = 1 - (1 - CONFIDENCE) / len(pairs)
    for first, second in pairs:
        one, other = ends.loc[[first]].to_numpy(), ends.loc[[second]].to_numpy()
        found = paired_difference(one, other, confidence=confidence)  # seeds are the draws here
        low, high = found.interval
        words = "differ" if found.is_told_apart else "are not told apart"
        print(f"{strategy_label(first)} and {strategy_label(second)} {words}: "
              f"{found.mean:+.2f} [{low:+.2f}, {high:+.2f}]")  # fmt: skip


def main(arguments: list[str]) -> int:
    if len(arguments) < 5:
        print(__doc__)
        return 2
    out, rounds, per_round, seeds = Path(arguments[0]), *map(int, arguments[1:4])
    for folder in map(Path, arguments[4:]):
        with Project.open(folder) as project:
            lock_test_fields(project)
            picks = pd.DataFrame(
                [row for seed in range(seeds) for strategy in STRATEGIES
                 for row in play(project, strategy, seed, rounds, per_round)]
            )  # fmt: skip
            draw(project, picks, out / f"picks-{folder.name}.png")
            n_pool = len(pool_fields(project))
        by = picks.groupby(["strategy", "seed", "round"])["distance"].first()
        table = by.groupby(["strategy", "round"]).agg(["mean", "std"]).round(2)
        told = table.apply(lambda row: f"{row['mean']:.2f} ± {row['std']:.2f}", axis=1)
        print(f"\n{folder.name}: {per_round} of {n_pool} a round, {seeds} seeds")
        print(told.unstack("round").reindex(STRATEGIES).to_string())
        compare(picks)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
