"""The published recipe and the preset ``fast`` on the same fields, for the same CPU-seconds.

    python benchmarks/paper_against_fast.py FOLDER OUT.csv SEEDS TIMES

FOLDER as for ``ablation.py``: each family of images in turn is the test. ``fast`` is trained
first; the paper's network then gets TIMES as many CPU-seconds at its first rate (1e-3). Rows that
OUT.csv holds already are not computed again.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from ablation import WithHalf, read_fields, score

from sorby.core.rng import generator
from sorby.segment import preset, train

RATES = ((0.0, 1e-3), (1.0, 1e-3))
PAPER = replace(preset("paper"), crops_per_field=0, learning_rates=RATES, warm_rates=RATES)


def trained(pool, settings, seed, planes):  # type: ignore[no-untyped-def]
    began = time.process_time()
    segmenter, _ = train(
        pool, classes=("defect",), settings=settings, rng=generator(seed), planes=planes
    )
    return segmenter, time.process_time() - began


def main(arguments: list[str]) -> int:
    if len(arguments) != 4:
        print(__doc__)
        return 2
    fields, planes = read_fields(Path(arguments[0])), WithHalf()
    out, seeds, times = Path(arguments[1]), int(arguments[2]), float(arguments[3])
    rows = pd.read_csv(out).to_dict("records") if out.exists() else []
    known = {(row["family"], row["seed"], row["times"]) for row in rows}
    everything = list(fields["field"])
    for settings in (preset("fast"), PAPER):  # planes are shared and not counted
        for one in everything:
            planes(one.micrograph, one.valid, channels=settings.channels)
    probe = list(fields["field"])[:3]
    _, two = trained(probe, replace(PAPER, n_steps=2, check_every=2), 0, planes)
    _, four = trained(probe, replace(PAPER, n_steps=4, check_every=4), 0, planes)
    a_step = (four - two) / 2
    for family in sorted(set(fields["family"])):
        test = list(fields.loc[fields["family"] == family, "field"])
        pool = list(fields.loc[fields["family"] != family, "field"])
        for seed in range(seeds):
            if (family, seed, times) in known:
                continue
            quick, cpu = trained(pool, preset("fast"), seed, planes)
            n_steps = max(1, round(times * cpu / a_step))
            slow, slow_cpu = trained(
                pool, replace(PAPER, n_steps=n_steps, check_every=n_steps), seed, planes
            )
            for name, segmenter, spent in (("fast", quick, cpu), ("paper", slow, slow_cpu)):
                scores = score(segmenter, segmenter.threshold, test, {"planes": planes})
                means = pd.DataFrame(scores).mean().to_dict()
                rows.append(
                    {
                        "preset": name,
                        "family": family,
                        "seed": seed,
                        "times": times,
                        "cpu_seconds": round(spent, 1),
                        "steps": n_steps if name == "paper" else None,
                        **means,
                    }
                )
                pd.DataFrame(rows).to_csv(out, index=False)
    table = pd.DataFrame(rows)
    numbers = ["defect_f1", "macro_f1", "cpu_seconds", "steps"]
    by_seed = table.groupby(["times", "preset", "seed"])[numbers].mean()
    grouped = by_seed.groupby(["times", "preset"])
    sd = grouped[["defect_f1", "macro_f1"]].std().add_suffix("_sd")
    print(grouped.mean().join(sd).round(3).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
