"""What each part of the preset ``fast`` buys, on families of images that were never trained on.

    python benchmarks/ablation.py FOLDER OUT.csv [SEEDS] [PART...]
    python benchmarks/ablation.py FOLDER OUT.csv SEEDS labels

Every training starts from the model in the box where it sees the same planes. ``labels`` trains on
1 and 4 labelled fields, drawn at random, from the model in the box and from random weights.
FOLDER holds images/, masks/, index.csv (name, family) and bars.csv (name, x0, y0, x1, y1). Each
family in turn is the test; the fields of the others are labelled. One part is changed at a time.
Rows that OUT.csv holds already are not computed again, so a stopped run goes on.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional
from zero_label import read_gray, valid_pixels

from sorby.core.records import IGNORE, Micrograph
from sorby.core.rng import generator
from sorby.learn import LOSSES, Variation
from sorby.segment import (
    SEGMENTERS,
    LabelledField,
    base_model,
    compare,
    mask_from_probability,
    preset,
    train,
)
from sorby.segment import training as segment_training
from sorby.segment.planes import PlaneCache, Planes

FAST = preset("fast")
PLAIN = "no guess"
RANDOM = "from random weights"
PARTS = {
    "fast": FAST,
    "best": preset("best"),
    RANDOM: FAST,
    "nothing kept of the start": replace(FAST, kept=0.0),
    "best, nothing kept of the start": replace(preset("best"), kept=0.0),
    "boundaries count five times": replace(FAST, loss="boundary"),
    PLAIN: replace(FAST, channels=(*FAST.channels, "half")),
    "no guess, no darkness": replace(FAST, channels=("gray", "half")),
    "no guess, no darkness, min-max": replace(FAST, channels=("minmax", "half")),
    "min-max instead of robust gray": replace(FAST, channels=("minmax", *FAST.channels[1:])),
    "no darkness": replace(FAST, channels=("gray", "classical")),
    "crops anywhere": replace(FAST, on_defects=0.0),
    "no variation of crops": replace(FAST, variation=Variation(flips=False)),
    "flips alone": replace(FAST, variation=Variation(flips=True)),
    "Dice in the loss": replace(FAST, loss="bce_dice"),
    "no average of weights": replace(FAST, average=0.0),
    "half the rate": replace(FAST, warm_rates=((0.0, 5e-5), (0.25, 5e-4), (1.0, 5e-6))),
    "twice the rate": replace(FAST, warm_rates=((0.0, 2e-4), (0.25, 2e-3), (1.0, 2e-5))),
}


class WithHalf(PlaneCache):
    """Planes of which the one named ``half`` is 0.5 throughout: a guess that says nothing."""

    def __call__(self, micrograph, valid, *, channels, **about):  # type: ignore[no-untyped-def]  # noqa: D102
        known = tuple(name for name in channels if name != "half")
        planes = super().__call__(micrograph, valid, channels=known, **about)
        if known == channels:
            return planes
        half = np.full((1, *planes.values.shape[1:]), 0.5, np.float32)
        return Planes(np.concatenate((planes.values, half)), planes.shape, planes.outside)


def boundary(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy in which pixels within 2 px of a boundary count five times."""
    counted = labels != IGNORE
    target = ((labels != 0) & counted).to(logits.dtype)
    widest = functional.max_pool2d(target[:, None], 5, 1, 2)
    narrowest = -functional.max_pool2d(-target[:, None], 5, 1, 2)
    weight = (1 + 4 * (widest - narrowest)[:, 0]) * counted
    each = functional.binary_cross_entropy_with_logits(logits[:, 0], target, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1)


segment_training.LOSSES = {**LOSSES, "boundary": boundary}  # type: ignore[assignment]


def read_fields(folder: Path) -> pd.DataFrame:
    index, bars = pd.read_csv(folder / "index.csv"), pd.read_csv(folder / "bars.csv")
    rows = []
    for field in index.itertuples():
        pixels = read_gray(folder / "images" / f"{field.name}.png")
        truth = (read_gray(folder / "masks" / f"{field.name}.png") > 0).astype(np.uint8)
        valid = valid_pixels(pixels.shape, bars[bars["name"] == field.name])
        truth[~valid] = IGNORE
        labelled = LabelledField(Micrograph(pixels, field.name), truth, valid, field.name)
        rows.append({"family": field.family, "field": labelled})
    return pd.DataFrame(rows)


def score(segmenter, threshold, fields, planes) -> list[dict[str, float]]:  # type: ignore[no-untyped-def]
    rows = []
    for field in fields:
        probability = segmenter(field.micrograph, valid=field.valid, **planes)
        mask = mask_from_probability(probability, valid=field.valid, threshold=threshold)
        counts = compare(mask, field.mask)
        rows.append({"defect_f1": counts.any_defect.defect_f1, "macro_f1": counts.macro_f1})
    return rows


class Table:
    """Rows of OUT.csv: each is computed once."""

    def __init__(self, out: Path) -> None:
        self.out = out
        names = ["part", "family", "seed"]
        self.rows = pd.read_csv(out) if out.exists() else pd.DataFrame(columns=names)

    def holds(self, part: str, family: str, seed: int) -> bool:
        """Whether this row is known."""
        known = zip(self.rows["part"], self.rows["family"], self.rows["seed"], strict=True)
        return (part, family, seed) in set(known)

    def add(self, row: dict[str, object]) -> None:
        """Append a row and write the file."""
        self.rows = pd.concat([self.rows, pd.DataFrame([row])], ignore_index=True)
        self.rows.to_csv(self.out, index=False)


def play(table: Table, part: str, settings, pool, test, family, seed, planes) -> None:  # type: ignore[no-untyped-def]
    """Train once, score the family that was left out, keep the row."""
    if table.holds(part, family, seed):
        return
    began = time.process_time()
    segmenter, record = train(
        pool,
        classes=("defect",),
        settings=settings,
        rng=generator(seed),
        start=None if RANDOM in part else base_model()[0],
        planes=planes,
    )
    row: dict[str, object] = {
        "part": part,
        "family": family,
        "seed": seed,
        "cpu_seconds": round(time.process_time() - began, 1),
        "best_step": record.best_step,
        "validation": record.score,
        "threshold": segmenter.threshold,
    }
    for name, cut in (("", segmenter.threshold), ("_at_half", 0.5)):
        scores = pd.DataFrame(score(segmenter, cut, test, {"planes": planes})).mean()
        row |= {f"{key}{name}": value for key, value in scores.items()}
    table.add(row)


def drawn(pool, n, seed):  # type: ignore[no-untyped-def]
    """So many fields of a pool at random, a first one with a defect among them."""
    order = [pool[i] for i in generator(1000 + seed).permutation(len(pool))]
    first = next(i for i, one in enumerate(order) if (one.mask == 1).any())
    return [order.pop(first), *order][:n]


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__)
        return 2
    folder, table = Path(arguments[0]), Table(Path(arguments[1]))
    seeds = int(arguments[2]) if len(arguments) > 2 else 3
    fields, planes = read_fields(folder), WithHalf()
    counts = (1, 4) if arguments[3:] == ["labels"] else (0,)
    parts = ("fast", RANDOM) if counts != (0,) else arguments[3:] or list(PARTS)
    for part, n, seed in product(parts, counts, range(seeds)):
        for family in sorted(set(fields["family"])):
            test = list(fields.loc[fields["family"] == family, "field"])
            pool = list(fields.loc[fields["family"] != family, "field"])
            name, pool = (f"{part}, {n} labels", drawn(pool, n, seed)) if n else (part, pool)
            play(table, name, PARTS[part], pool, test, family, seed, planes)
    done = table.rows
    print(summary(done).round(3).to_string())
    for name in ("base", "flatfield_otsu"):
        free = {
            family: pd.DataFrame(score(SEGMENTERS[name], 0.5, own["field"], {})).mean()
            for family, own in fields.groupby("family")
        }
        print(f"\n{name}, without labels")
        print(pd.DataFrame(free).T.round(3).to_string())
    return 0


def summary(done: pd.DataFrame) -> pd.DataFrame:
    """Mean over families of each seed; then mean and sd over seeds."""
    numbers = ["defect_f1", "macro_f1", "macro_f1_at_half", "cpu_seconds"]
    by_seed = done.groupby(["part", "seed"], sort=False)[numbers].mean()
    mean = by_seed.groupby("part", sort=False).mean()
    sd = by_seed.groupby("part", sort=False)[["defect_f1", "macro_f1"]].std().add_suffix("_sd")
    return mean.join(sd)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
