"""What Sorby recovers of the synthetic build's truth, over many seeds. SYNTHETIC images only.

    python benchmarks/synthetic_recovery.py --seeds 20

For each seed every condition of the default grid gets one field; masks come from the zero-label
segmenter, types from the classifier that ships, read in the etched twin. Printed for each seed
and as mean ± sd over seeds: area fraction and count over their true values (pooled over the
build), the largest relative error of a single field's area fraction, the share of conditions
whose dominant type is the true one, and, for found defects that overlap a true one, the share
that is typed and the share of typed ones that is right.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

import numpy as np

from sorby.classify import default_classifier, predict_types
from sorby.core.records import IGNORE, Micrograph, PixelSize
from sorby.defects import cut_patches, label_instances, measure_defects
from sorby.io import find_scale_bar
from sorby.segment import SEGMENTERS, mask_from_probability
from sorby.synthetic import SyntheticField, defect_class, lpbf_build

COLUMNS = ("area / true", "count / true", "worst field", "dominant right", "typed", "types right")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    classifier, _ = default_classifier()
    print("seed  " + "  ".join(COLUMNS))
    rows = []
    for seed in range(options.seeds):
        rows.append(recovered(seed, classifier))
        cells = zip(rows[-1], COLUMNS, strict=True)
        print(f"{seed:4d}  " + "  ".join(f"{v:{len(c)}.3f}" for v, c in cells), flush=True)
    mean, sd = np.mean(rows, 0), np.std(rows, 0, ddof=1)
    for column, m, s in zip(COLUMNS, mean, sd, strict=True):
        print(f"{column:>15}: {m:.3f} ± {s:.3f}")


def recovered(seed: int, classifier: Any) -> list[float]:
    """One row of the table: a build of one field for each condition."""
    build = lpbf_build(rng=np.random.default_rng(seed), fields_per_condition=1)
    found = [one_field(field, classifier) for field in build]
    area, true_area, count, true_count, right, pairs = zip(*found, strict=True)
    typed = [pair for field_pairs in pairs for pair in field_pairs if pair[0] != "uncertain"]
    n_pairs = sum(map(len, pairs))
    return [
        sum(area) / sum(true_area),
        sum(count) / sum(true_count),
        max(abs(a / t - 1) for a, t in zip(area, true_area, strict=True)),
        float(np.mean(right)),
        len(typed) / n_pairs,
        float(np.mean([found == true for found, true in typed])),
    ]


def one_field(
    field: SyntheticField, classifier: Any
) -> tuple[int, int, int, int, bool, list[tuple[str, str]]]:
    """Areas (px²), counts, whether the dominant type is right, and pairs of types."""
    mask = zero_label_mask(field)
    instances = label_instances(mask)
    table = measure_defects(instances, image=field.name, valid=mask != IGNORE)
    types = predict_types(classifier, cut_patches(field.etched, table))["defect_type"].tolist()
    pairs = []
    for number, found in enumerate(types, start=1):
        under = field.instances[instances == number]
        if under.any():
            true = field.types[int(np.bincount(under[under > 0]).argmax())]
            pairs.append((found, defect_class(true)))
    truth = Counter(defect_class(name) for name in field.types.values())
    said = Counter(name for name in types if name != "uncertain")
    right = bool(said) and said.most_common(1)[0][0] == truth.most_common(1)[0][0]
    true_area = int(np.count_nonzero(field.mask == 1))
    area = int(np.count_nonzero(mask == 1))
    return area, true_area, len(table), len(field.types), right, pairs


def zero_label_mask(field: SyntheticField) -> np.ndarray:
    """Mask as ``sorby predict`` makes it: scale bar found and left out, flat field and Otsu."""
    micrograph = Micrograph(field.polished, field.name, PixelSize(field.um_per_px, "given"))
    valid = np.ones(field.polished.shape, dtype=bool)
    bar = find_scale_bar(field.polished)
    for top, left, bottom, right in bar.boxes if bar else ():
        valid[top:bottom, left:right] = False
    probability = SEGMENTERS["flatfield_otsu"](micrograph, valid=valid)
    return mask_from_probability(probability, valid=valid)


if __name__ == "__main__":
    main()
