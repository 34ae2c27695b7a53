"""How much the area fraction changes when an image is resized, for the methods without labels.

    python benchmarks/resize_stability.py FOLDER [METHOD...]

FOLDER as for zero_label.py. Each image is segmented as it is and at other sizes; the change is
|fraction / fraction at its own size - 1|, the median and the largest over the images that hold at
least 0.2 % of defects (below, a handful of pixels decides).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from zero_label import read_gray, valid_pixels

from sorby.core.records import Micrograph
from sorby.segment import SEGMENTERS, mask_from_probability

FACTORS = (0.5, 0.7, 1.4, 2.0)
LEAST_FRACTION = 0.002


def fraction(method: str, pixels: np.ndarray, valid: np.ndarray) -> float:
    mask = mask_from_probability(SEGMENTERS[method](Micrograph(pixels), valid=valid), valid=valid)
    return float(np.mean(mask[valid] == 1))


def resized(values: np.ndarray, factor: float, how: Image.Resampling) -> np.ndarray:
    size = (round(values.shape[1] * factor), round(values.shape[0] * factor))
    return np.asarray(Image.fromarray(values).resize(size, how, reducing_gap=None))


def changes(folder: Path, method: str) -> pd.DataFrame:
    index, bars = pd.read_csv(folder / "index.csv"), pd.read_csv(folder / "bars.csv")
    rows = []
    for field in index.itertuples():
        pixels = read_gray(folder / "images" / f"{field.name}.png")
        valid = valid_pixels(pixels.shape, bars[bars["name"] == field.name])
        own = fraction(method, pixels, valid)
        if own < LEAST_FRACTION:
            continue
        for factor in FACTORS:
            other = fraction(
                method,
                resized(pixels, factor, Image.Resampling.BICUBIC),
                resized(valid.astype(np.uint8), factor, Image.Resampling.NEAREST) > 0,
            )
            rows.append({"factor": factor, "change": abs(other / own - 1)})
    return pd.DataFrame(rows)


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    for method in arguments[1:] or list(SEGMENTERS):
        print(f"\n{method}")
        table = changes(Path(arguments[0]), method).groupby("factor")["change"]
        print(table.agg(["median", "max", "count"]).round(3).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
