"""Score the segmenters that need no label on a folder of micrographs with expert masks.

    python benchmarks/zero_label.py FOLDER [METHOD...]

FOLDER holds images/, masks/, index.csv (name, family) and bars.csv (name, x0, y0, x1, y1).
Scores are computed per image and averaged; the boxes of the scale bars are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from sorby.core.records import Micrograph
from sorby.metrics import METRICS
from sorby.segment import SEGMENTERS, mask_from_probability

SHOWN = ("defect_f1", "macro_f1", "precision", "recall")


def read_gray(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def valid_pixels(shape: tuple[int, int], boxes: pd.DataFrame) -> np.ndarray:
    valid = np.ones(shape, bool)
    for box in boxes.itertuples():
        valid[box.y0 : box.y1, box.x0 : box.x1] = False
    return valid


def score_folder(folder: Path, method: str) -> pd.DataFrame:
    index, bars = pd.read_csv(folder / "index.csv"), pd.read_csv(folder / "bars.csv")
    rows = []
    for field in index.itertuples():
        pixels = read_gray(folder / "images" / f"{field.name}.png")
        truth = read_gray(folder / "masks" / f"{field.name}.png") > 0
        valid = valid_pixels(pixels.shape, bars[bars["name"] == field.name])
        probability = SEGMENTERS[method](Micrograph(pixels, name=field.name), valid=valid)
        mask = mask_from_probability(probability, valid=valid)
        scores = {name: METRICS[name](mask, truth, valid=valid) for name in SHOWN}
        fractions = {"called": np.mean(mask[valid] > 0), "true": np.mean(truth[valid])}
        rows.append({"name": field.name, "family": field.family, **scores, **fractions})
    return pd.DataFrame(rows)


def table_by_family(scores: pd.DataFrame) -> pd.DataFrame:
    numbers = scores.drop(columns=["name"])
    table = numbers.groupby("family").mean()
    table.loc["all"] = numbers.drop(columns=["family"]).mean()
    return table


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    folder = Path(arguments[0])
    for method in arguments[1:] or list(SEGMENTERS):
        print(f"\n{method}")
        print(table_by_family(score_folder(folder, method)).round(3).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
