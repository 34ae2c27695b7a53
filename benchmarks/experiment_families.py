"""Experiments on several projects taken together: strategies paired over seeds and all test fields.

    python benchmarks/experiment_families.py PROJECT...

Each PROJECT was played by ``sorby experiment`` with the same words (one family of images left out
as test in each, say). Prints macro-F1 by project and round, and the differences after the last
round over all test fields, with intervals that hold together.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from sorby.quantify import paired_difference
from sorby.report import difference_sentence, strategy_label

SCORE, CONFIDENCE = "macro_f1", 0.95


def scores(fields: pd.DataFrame, way: str, last: dict[str, int], first: bool = False) -> np.ndarray:
    """Seeds x fields of all projects after the last (or the first) round; baselines once a seed."""
    own = fields[fields["way"] == way]
    if own["seed"].isna().all():
        row = own.sort_values(["project", "image"])[SCORE].to_numpy(float)
        return np.tile(row, (int(fields["seed"].max()) + 1, 1))
    wanted = own["project"].map(dict.fromkeys(last, 1) if first else last)
    rows = own[own["round"] == wanted]
    return (
        rows.pivot(index="seed", columns=["project", "image"], values=SCORE)
        .sort_index(axis=1)
        .to_numpy(float)
    )


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    tables, rounds = [], []
    for folder in map(Path, arguments):
        at = folder / "results" / "experiment"
        tables.append(pd.read_csv(at / "fields.csv").assign(project=folder.name))
        rounds.append(pd.read_csv(at / "by_round.csv").assign(project=folder.name))
    fields, by_round = pd.concat(tables), pd.concat(rounds)
    shown = [SCORE, f"{SCORE}_sd", "wasserstein", "actions", "actions_drawn", "n_seeds"]
    print(by_round.set_index(["project", "strategy", "round"])[shown].round(3).to_string())
    last = fields.groupby("project")["round"].max().astype(int).to_dict()
    ways = list(fields.loc[fields["seed"].notna(), "way"].unique())
    free = list(fields.loc[fields["seed"].isna(), "way"].unique())
    without = fields[fields["way"].isin(free)].groupby(["project", "way"])[SCORE]
    print(without.agg(["mean", "std"]).round(3).to_string())
    beside = [*combinations(ways, 2), *((way, other) for way in ways for other in free)]
    pairs = [(a, b, scores(fields, a, last), scores(fields, b, last)) for a, b in beside]
    for way in ways:
        ends, starts = scores(fields, way, last), scores(fields, way, last, first=True)
        pairs.append((way, f"{way}, round 1", ends, starts))
    confidence = 1 - (1 - CONFIDENCE) / len(pairs)
    for first, second, one, other in pairs:
        found = paired_difference(one, other, confidence=confidence)
        told = (strategy_label(first), strategy_label(second), found.mean, *found.interval)
        sentence = difference_sentence(*told, "macro-F1", n_seeds=found.n_seeds)
        print(f"{sentence} ({found.n_seeds} seeds, {found.n_fields} fields)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
