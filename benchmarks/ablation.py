"""What each part of the preset ``fast`` buys, on families of images that were never trained on.

    python benchmarks/ablation.py FOLDER OUT.csv [SEEDS] [PART...]

FOLDER holds images/, masks/, index.csv (name, family) and bars.csv (name, x0, y0, x1, y1). Each
family in turn is the test; the fields of the others are labelled. One part is changed at a time.
Rows that OUT.csv holds already are not computed again, so a stopped run goes on.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from zero_label import read_gray, valid_pixels

from sorby.core.records import IGNORE, Micrograph
from sorby.core.rng import generator
from sorby.learn import Variation
from sorby.segment import (
    SEGMENTERS,
    LabelledField,
    base_model,
    compare,
    mask_from_probability,
    preset,
    train,
)
from sorby.segment.planes import PlaneCache, Planes

FAST = preset("fast")
PLAIN = "no guess"
BOXED = "from the model in the box"
PARTS = {
    BOXED: FAST,
    "from random weights": FAST,
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
    "twice the steps, patience off": replace(FAST, n_steps=240, patience=1000),
    "half the rate": replace(FAST, learning_rates=((0.0, 1e-4), (0.25, 1e-3), (1.0, 1e-5))),
    "twice the rate": replace(FAST, learning_rates=((0.0, 4e-4), (0.25, 4e-3), (1.0, 4e-5))),
}


class WithHalf(PlaneCache):
    """Planes of which the one named ``half`` is 0.5 throughout: a guess that says nothing."""

    def __call__(self, micrograph, valid, *, channels, um_per_px=None):  # type: ignore[no-untyped-def]  # noqa: D102
        known = tuple(name for name in channels if name != "half")
        planes = super().__call__(micrograph, valid, channels=known, um_per_px=um_per_px)
        if known == channels:
            return planes
        half = np.full((1, *planes.values.shape[1:]), 0.5, np.float32)
        return Planes(np.concatenate((planes.values, half)), planes.shape, planes.outside)


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


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__)
        return 2
    folder, out = Path(arguments[0]), Path(arguments[1])
    seeds = int(arguments[2]) if len(arguments) > 2 else 3
    fields, planes = read_fields(folder), WithHalf()
    done = pd.read_csv(out) if out.exists() else pd.DataFrame(columns=["part", "family", "seed"])
    known = set(zip(done["part"], done["family"], done["seed"], strict=True))
    for part in arguments[3:] or list(PARTS):
        for family in sorted(set(fields["family"])):
            test = list(fields.loc[fields["family"] == family, "field"])
            pool = list(fields.loc[fields["family"] != family, "field"])
            for seed in range(seeds):
                if (part, family, seed) in known:
                    continue
                began = time.process_time()
                segmenter, record = train(
                    pool,
                    classes=("defect",),
                    settings=PARTS[part],
                    rng=generator(seed),
                    start=base_model()[0] if part == BOXED else None,
                    planes=planes,
                )
                row = {
                    "part": part,
                    "family": family,
                    "seed": seed,
                    "cpu_seconds": round(time.process_time() - began, 1),
                    "best_step": record.best_step,
                    "validation": record.score,
                    "threshold": segmenter.threshold,
                }
                use = {"planes": planes}
                for name, cut in (("", segmenter.threshold), ("_at_half", 0.5)):
                    scores = pd.DataFrame(score(segmenter, cut, test, use)).mean()
                    row |= {f"{key}{name}": value for key, value in scores.items()}
                done = pd.concat([done, pd.DataFrame([row])], ignore_index=True)
                done.to_csv(out, index=False)
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
