"""Which uncertainty can be trusted: forms of it against a disjoint ensemble and against errors.

    python benchmarks/uncertainty.py FOLDER OUT

FOLDER holds images/, masks/, index.csv and bars.csv as for `ablation.py`. Each family in turn is
the test; the fields of the others are labelled. OUT gets models/ (about 45 CPU-minutes, trained
once), forms.csv, fields.csv, calibration.csv, bins.csv and uncertainty.png. Families of which
forms.csv or calibration.csv holds rows are not computed again: delete the file for that.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from ablation import read_fields
from scipy import ndimage
from scipy.stats import rankdata
from uncertainty_calibration import calibrate, draw, print_tables
from uncertainty_members import N_CHOICES, N_MEMBERS, Model, Shelf, train_all

from sorby.core.records import IGNORE
from sorby.metrics import caught
from sorby.segment import LabelledField, PlaneCache, TrainedSegmenter, base_model
from sorby.segment.trained import class_probability

CROP_PX = 64
SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
GAINS = (0.8, 1.0, 1.25)
N_HALVES = 20

View = Callable[[TrainedSegmenter, LabelledField], np.ndarray]


@dataclass(frozen=True)
class TestFields:
    """The fields of a family, their sample pixels in one row.

    Attributes
    ----------
    fields : list of LabelledField
        Of the family.
    planes : PlaneCache
        Keeps what the networks see.
    """

    fields: list[LabelledField]
    planes: PlaneCache

    @cached_property
    def samples(self) -> list[np.ndarray]:
        """Pixels of each field that count."""
        return [one.valid & (one.mask != IGNORE) for one in self.fields]

    @cached_property
    def truth(self) -> np.ndarray:
        """Whether each sample pixel is defect."""
        return self.row([one.mask == 1 for one in self.fields])

    @cached_property
    def is_inner(self) -> np.ndarray:
        """Pixels none of whose eight neighbours is on the other side of the truth's boundary."""
        near = [
            ndimage.binary_dilation(one.mask == 1, np.ones((3, 3)))
            & ~ndimage.binary_erosion(one.mask == 1, np.ones((3, 3)), border_value=1)
            for one in self.fields
        ]
        return ~self.row(near)

    @cached_property
    def field_number(self) -> np.ndarray:
        """Field of each sample pixel."""
        return np.repeat(np.arange(len(self.fields)), [np.count_nonzero(s) for s in self.samples])

    @cached_property
    def crop_number(self) -> np.ndarray:
        """Crop of each pixel; -1 in the strips at the lower and right edge that fill none."""
        numbers, first = [], 0
        for one in self.fields:
            high, wide = (length // CROP_PX for length in one.mask.shape)
            number = np.full(one.mask.shape, -1)
            blocks = np.arange(high * wide).reshape(high, wide) + first
            number[: high * CROP_PX, : wide * CROP_PX] = np.kron(
                blocks, np.ones((CROP_PX, CROP_PX), int)
            )
            numbers.append(number)
            first += high * wide
        return self.row(numbers)

    def row(self, maps: Sequence[np.ndarray]) -> np.ndarray:
        """Sample pixels of one map a field, in one row."""
        return np.concatenate([m[s] for m, s in zip(maps, self.samples, strict=True)])

    def look(self, segmenter: TrainedSegmenter, view: View | None = None) -> np.ndarray:
        """Probability of defect of each sample pixel."""
        see = view or self.plain
        return np.clip(self.row([see(segmenter, one) for one in self.fields]), 0, 1)

    def plain(self, segmenter: TrainedSegmenter, one: LabelledField) -> np.ndarray:
        """Probability of defect of a field as it is."""
        return class_probability(segmenter.network, self.seen(segmenter, one))[0]

    def seen(self, segmenter: TrainedSegmenter, one: LabelledField) -> np.ndarray:
        """Planes of a field."""
        return self.planes(one.micrograph, one.valid, channels=segmenter.channels).values

    def by(self, numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Mean of values by number of crop or field."""
        kept = numbers >= 0
        counts = np.bincount(numbers[kept])
        sums = np.bincount(numbers[kept], weights=values[kept])
        return sums[counts > 0] / counts[counts > 0]

    # ------------------------------------------------------------------ changed views

    def flips(self) -> list[View]:
        """The eight flips and quarter turns of what the network sees."""

        def turned(quarters: int, is_flipped: bool) -> View:
            def see(segmenter: TrainedSegmenter, one: LabelledField) -> np.ndarray:
                planes = self.seen(segmenter, one)
                planes = planes[:, :, ::-1] if is_flipped else planes
                planes = np.ascontiguousarray(np.rot90(planes, quarters, axes=(1, 2)))
                found = np.rot90(class_probability(segmenter.network, planes)[0], -quarters)
                return found[:, ::-1] if is_flipped else found

            return see

        return [turned(k, flipped) for flipped in (False, True) for k in range(4)]

    def gains_of_planes(self) -> list[View]:
        """Contrast of what the network sees, its guess left as it is."""

        def with_gain(gain: float) -> View:
            def see(segmenter: TrainedSegmenter, one: LabelledField) -> np.ndarray:
                planes = self.seen(segmenter, one).copy()
                planes[:-1] *= np.float32(gain)
                return class_probability(segmenter.network, planes)[0]

            return see

        return [with_gain(gain) for gain in GAINS]

    def grays(self, changes: Sequence[Callable[[np.ndarray], np.ndarray]]) -> list[View]:
        """Views of the image with other gray values: everything is worked out anew."""

        def changed(change: Callable[[np.ndarray], np.ndarray]) -> View:
            def see(segmenter: TrainedSegmenter, one: LabelledField) -> np.ndarray:
                gray = np.clip(np.rint(change(one.micrograph.pixels.astype(float))), 0, 255)
                micrograph = replace(one.micrograph, pixels=gray.astype(np.uint8))
                return self.plain(segmenter, replace(one, micrograph=micrograph))

            return see

        return [changed(change) for change in changes]


def _gain(gain: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda gray: np.median(gray) + gain * (gray - np.median(gray))


def _gamma(power: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda gray: 255 * (gray / 255) ** power


def _noise(gray: np.ndarray) -> np.ndarray:
    return gray + np.random.default_rng(0).normal(0, 4, gray.shape)


CONTRASTS = [_gain(gain) for gain in GAINS]
OTHER_GRAYS = [_gamma(1.0), _gamma(0.8), _gamma(1.25), lambda gray: gray - 15, _noise]


# ---------------------------------------------------------------------- forms


def spread(probabilities: np.ndarray) -> np.ndarray:
    """Standard deviation over the rows: how far the models disagree."""
    return probabilities.std(axis=0)


def doubt(probabilities: np.ndarray) -> np.ndarray:
    """4 m (1 - m) of the mean of the rows: how far they are from a decision."""
    mean = probabilities.mean(axis=0)
    return 4 * mean * (1 - mean)


def forms(
    test: TestFields, shelf: Shelf, a: np.ndarray, choice: int
) -> Iterator[tuple[str, np.ndarray, float, float]]:
    """Name, probabilities (k, n), CPU-seconds of training and of looking of each form."""
    members = shelf.many("A", range(N_MEMBERS))
    costs = np.array([model.cpu_seconds for model in members])
    single = _timed(test, [members[choice]])[1]
    five = ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 2, 4, 6, 8])[choice]
    three = [3 * choice, 3 * choice + 1, 3 * choice + 2]
    for name, rows in (("10", list(range(N_MEMBERS))), ("5", five), ("3", three), ("1", [choice])):
        yield f"{name} members", a[rows], costs[rows].sum(), single * len(rows)
    tuned = shelf.many("tuned", [choice, 3 + choice, 3 + (choice + 1) % 3])
    own, look = _timed(test, tuned)
    yield "3 from the box", own, sum(model.cpu_seconds for model in tuned), look
    yield "1 from the box", own[:1], tuned[0].cpu_seconds, look / 3
    box, look = _timed(test, [Model(base_model()[0], 0.0, ())])
    yield "the box", box, 0.0, look
    yield "before and after", np.concatenate([box, own[:1]]), tuned[0].cpu_seconds, 2 * look
    views = {
        "contrast of the image": test.grays(CONTRASTS),
        "gamma, offset, noise": test.grays(OTHER_GRAYS),
        "contrast of the planes": test.gains_of_planes(),
        "flips and turns": test.flips(),
    }
    for whose, model in (("from the box", tuned[0]), ("member", members[choice])):
        for name, seen in views.items():
            began = time.process_time()
            found = np.stack([test.look(model.segmenter, view) for view in seen])
            looked = time.process_time() - began
            yield f"{name}, {whose}", found, model.cpu_seconds, looked
    for kind, name in (("late", "late"), ("cyclic", "cyclic"), ("heads", "shared stem")):
        models = shelf.models(kind, choice)
        found, look = _timed(test, models)
        yield name, found, sum(model.cpu_seconds for model in models), look


def _timed(test: TestFields, models: Sequence[Model]) -> tuple[np.ndarray, float]:
    began = time.process_time()
    found = np.stack([test.look(model.segmenter) for model in models])
    return found, time.process_time() - began


def boundary_nearness(test: TestFields, mask: np.ndarray) -> np.ndarray:
    """Minus the distance to the nearest boundary of a mask, in px: what costs nothing."""
    maps, start = [], 0
    for sample in test.samples:
        called = np.zeros(sample.shape, bool)
        called[sample] = mask[start : (start := start + np.count_nonzero(sample))]
        if called.any():
            inside, outside = (ndimage.distance_transform_edt(m) for m in (called, ~called))
            maps.append(-(inside + outside))
        else:
            maps.append(np.full(sample.shape, -float(sum(sample.shape))))
    return test.row(maps)


# ---------------------------------------------------------------------- scores


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    return _correlation(rankdata(a), rankdata(b))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else float("nan")


def auroc(uncertainty: np.ndarray, is_wrong: np.ndarray) -> float:
    n_wrong, n_right = np.count_nonzero(is_wrong), np.count_nonzero(~is_wrong)
    if not n_wrong or not n_right:
        return float("nan")
    ranks = rankdata(uncertainty)[is_wrong].sum()
    return float((ranks - n_wrong * (n_wrong + 1) / 2) / (n_wrong * n_right))


def agreement(test: TestFields, own: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    crops, inner = test.crop_number, test.is_inner
    return {
        "spearman_px": spearman(own, reference),
        "spearman_inner_px": spearman(own[inner], reference[inner]),
        "spearman_crop": spearman(test.by(crops, own), test.by(crops, reference)),
    }


def catching(test: TestFields, own: np.ndarray, is_wrong: np.ndarray) -> dict[str, float]:
    inner, crops = test.is_inner, test.crop_number
    found = {"n_wrong": int(is_wrong.sum()), "n_wrong_inner": int(is_wrong[inner].sum())}
    for share in SHARES:
        found[f"caught_{share:g}"] = caught(own, is_wrong, share)
        found[f"inner_caught_{share:g}"] = caught(own[inner], is_wrong[inner], share)
    found["auroc"], found["inner_auroc"] = (
        auroc(own, is_wrong),
        auroc(own[inner], is_wrong[inner]),
    )
    found["spearman_crop_errors"] = spearman(test.by(crops, own), test.by(crops, is_wrong * 1.0))
    return found


def score_family(test: TestFields, shelf: Shelf, family: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of forms.csv and of fields.csv."""
    a, b = (_timed(test, shelf.many(kind, range(N_MEMBERS)))[0] for kind in "AB")
    reference = spread(b)
    rows, by_field = [], []
    rng = np.random.default_rng(0)
    for number in range(N_HALVES):
        order = rng.permutation(N_MEMBERS)
        left, right = spread(b[order[:5]]), spread(b[order[5:]])
        about = {"family": family, "choice": number, "form": "halves of the reference"}
        rows.append({**about, "measure": "spread", **agreement(test, left, right)})
    for choice in range(N_CHOICES):
        (model,) = shelf.models("tuned", choice)
        in_use = test.look(model.segmenter) >= model.segmenter.threshold
        masks = {"in use": in_use, "reference": b.mean(axis=0) >= 0.5}
        wrong = {name: mask != test.truth for name, mask in masks.items()}

        def add(
            form, measure, own, costs=(0.0, 0.0), errors=tuple(masks), choice=choice, wrong=wrong
        ):  # type: ignore[no-untyped-def]
            about = {"family": family, "choice": choice, "form": form, "measure": measure}
            costs = {"cpu_train": costs[0], "cpu_look": costs[1]}
            agreed = agreement(test, own, reference)
            for name in errors:
                found = catching(test, own, wrong[name])
                rows.append({**about, "errors": name, **costs, **agreed, **found})
            numbers = test.field_number
            means = zip(
                test.by(numbers, own),
                test.by(numbers, reference),
                test.by(numbers, wrong["in use"] * 1.0),
                strict=True,
            )
            for one, (value, ref, share) in zip(test.fields, means, strict=True):
                by_field.append(
                    {**about, "field": one.micrograph.name, "mean": value}
                    | {"reference": ref, "wrong_share": share}
                )

        add("at random", "none", np.zeros(test.truth.size))
        for name, mask in masks.items():
            add("nearness of the boundary", "none", boundary_nearness(test, mask), errors=(name,))
        for form, probabilities, *costs in forms(test, shelf, a, choice):
            measures = (doubt,) if len(probabilities) == 1 else (spread, doubt)
            for measure in measures:
                add(form, measure.__name__, measure(probabilities), costs)
        print(f"{family} {choice}", flush=True)
    return pd.DataFrame(rows), pd.DataFrame(by_field)


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    folder, out = Path(arguments[0]), Path(arguments[1])
    fields, planes = read_fields(folder), PlaneCache()
    shelves = train_all(fields, out, planes)
    for family, shelf in shelves.items():
        test = TestFields(list(fields.loc[fields["family"] == family, "field"]), planes)
        for names, make in (
            (("forms", "fields"), score_family),
            (("calibration", "bins"), calibrate),
        ):
            if family in _families(out / f"{names[0]}.csv"):
                continue
            for name, table in zip(names, make(test, shelf, family), strict=True):
                path = out / f"{name}.csv"
                known = [pd.read_csv(path)] if path.exists() else []
                pd.concat([*known, table], ignore_index=True).to_csv(path, index=False)
    tables = {n: pd.read_csv(out / f"{n}.csv") for n in ("forms", "fields", "calibration", "bins")}
    print_tables(tables)
    draw(tables, out / "uncertainty.png")
    return 0


def _families(path: Path) -> set[str]:
    return set(pd.read_csv(path)["family"]) if path.exists() else set()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
