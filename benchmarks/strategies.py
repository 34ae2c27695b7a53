"""F1 by round of selection strategies, in several seeds, on projects whose masks are known.

    python benchmarks/strategies.py OUT.csv ROUNDS PER_ROUND SEEDS STRATEGY,... PROJECT...

Runs ``sorby run PROJECT --annotator truth`` for every strategy and seed; each project keeps what
is finished, so a stopped benchmark goes on. Prints mean ± sd over seeds, by project and round.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from sorby.workflow import run_rounds

KEYS = ("macro_f1", "defect_f1", "precision", "recall")


def rows_of(answer: dict, project: str) -> list[dict]:
    rows = []
    for one in answer["rounds"]:
        row = {
            "project": project,
            "strategy": answer["strategy"],
            "seed": answer["seed"],
            "round": one["round"],
            "n_labelled": one["n_labelled"],
            "n_test": one["n"],
            "seconds": sum(one["seconds"].values()),
            "training_seconds": one["training_seconds"],
            "training_cpu_seconds": one["training_cpu_seconds"],
            "training_was_known": one["training_was_known"],
            "picks": " ".join(one["picks"]),
        }
        for key in KEYS:
            row |= {key: one[key]["mean"], f"{key}_sd": one[key]["sd"]}
        row |= {f"pooled_{key}": one["pooled"][key] for key in ("macro_f1", "defect_f1")}
        for name, scores in one["baselines"].items():
            row |= {f"{name}_{key}": scores[key]["mean"] for key in ("macro_f1", "defect_f1")}
        rows.append(row)
    return rows


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    by = ["project", "strategy", "round"]
    means = rows.groupby(by)[["n_labelled", "macro_f1", "defect_f1", "training_seconds"]].mean()
    sds = rows.groupby(by)[["macro_f1", "defect_f1"]].std().add_suffix("_sd_over_seeds")
    return means.join(sds).join(rows.groupby(by)["seed"].nunique().rename("seeds"))


def main(arguments: list[str]) -> int:
    if len(arguments) < 6:
        print(__doc__)
        return 2
    out, rounds, per_round, seeds = Path(arguments[0]), *map(int, arguments[1:4])
    rows: list[dict] = []
    for seed in range(seeds):
        for project in map(Path, arguments[5:]):
            for strategy in arguments[4].split(","):
                answer = run_rounds(
                    project,
                    annotator="truth",
                    rounds=rounds,
                    per_round=per_round,
                    strategy=strategy,
                    seed=seed,
                )
                rows += rows_of(answer, project.name)
                pd.DataFrame(rows).to_csv(out, index=False)
    table = pd.DataFrame(rows)
    print(summary(table).round(3).to_string())
    columns = [name for name in table if "otsu" in name]
    print("\nwithout labels")
    print(table.groupby("project")[columns].first().round(3).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
