"""Zero-label masks on real fields with expert masks; the boxes of the scale bars left out.

The floors of data/README.md are flat field + Otsu (0.569 / 0.779); ours lie a little under what
was measured when this was written (0.756 / 0.876), so that a loss is seen.
"""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sorby.core.records import Micrograph
from sorby.metrics import defect_f1, macro_f1
from sorby.segment import DEFAULT_SEGMENTER, SEGMENTERS, mask_from_probability

pytestmark = pytest.mark.shared


def read_gray(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


@pytest.fixture(scope="module")
def scores(shared_data):
    folder = shared_data / "polished_am"
    bars, rows = pd.read_csv(folder / "bars.csv"), []
    for field in pd.read_csv(folder / "index.csv").itertuples():
        pixels = read_gray(folder / "images" / f"{field.name}.png")
        truth = read_gray(folder / "masks" / f"{field.name}.png") > 0
        valid = np.ones(pixels.shape, bool)
        for box in bars[bars["name"] == field.name].itertuples():
            valid[box.y0 : box.y1, box.x0 : box.x1] = False
        for method in SEGMENTERS:
            probability = SEGMENTERS[method](Micrograph(pixels), valid=valid)
            mask = mask_from_probability(probability, valid=valid)
            rows.append(
                {
                    "method": method,
                    "family": field.family,
                    "defect_f1": defect_f1(mask, truth, valid=valid),
                    "macro_f1": macro_f1(mask, truth, valid=valid),
                }
            )
    return pd.DataFrame(rows)


def test_the_default_beats_flat_field_and_otsu(scores):
    mean = scores[scores["method"] == DEFAULT_SEGMENTER][["defect_f1", "macro_f1"]].mean()
    assert mean["defect_f1"] > 0.569
    assert mean["macro_f1"] > 0.779
    assert mean["defect_f1"] > 0.74
    assert mean["macro_f1"] > 0.865


def test_the_default_beats_global_otsu_in_every_family(scores):
    means = scores.groupby(["method", "family"])["defect_f1"].mean()
    assert (means[DEFAULT_SEGMENTER] > means["otsu"] + 0.05).all()


def test_global_otsu_is_the_published_baseline(scores):
    mean = scores[scores["method"] == "otsu"][["defect_f1", "macro_f1"]].mean()
    assert mean["defect_f1"] == pytest.approx(0.434, abs=0.005)
    assert mean["macro_f1"] == pytest.approx(0.652, abs=0.005)
