"""Actions of a scripted annotator: correcting masks, and drawing the same masks from nothing.

    python benchmarks/effort.py [DATA] [--masks FOLDER] [--check]

The annotator knows the truth and works through the Desk with the editor's own operations, the
cheapest first, each counted as what a hand does:

- cut all outlines anew at another probability: 2 (take the slider, let it go), where that leaves
  fewer to correct; 0.3 to 0.7 in steps of 0.05 are looked at, as one does when moving it.
- delete a false one: 1 click or key; many by a limit of size or confidence below which all are
  false: 2 (set the limit, delete), where that takes three or more.
- add a missed one: 1 click (click-to-segment); if what comes does not fit, undo (1 key) and draw.
- fix a boundary: brush strokes and erasures, 1 each (the tool is at hand: F, or Alt held), and 1
  more where the brush must first get another size of those that the keys [ and ] give.
- accept all that is left: 1 key. Image done: 1 key, in both modes. These belong to the image: they
  count in the share saved, and not in the actions per corrected defect.

A defect is *corrected to the truth* when it and the true one have IoU >= 0.7, or differ nowhere by
more than a tolerance of 1 px from the true boundary (experts do not agree better). The same rule
decides in both modes, for each true defect of at least 10 px; smaller ones are left out of the
counts on both sides. Ignored pixels are not judged. Drawn from nothing: one dab where the brush as
it is fits the defect, else one lasso along its outline, however many corners that has, and strokes
until the same rule is met; no wand, no click-to-segment. Counting a whole lasso as one action
favours drawing: in time it costs more than a click.

DATA holds polished_am (see its README). With --masks, masks of a model, named like the fields of
DATA, are corrected as well; a file NAME.npy beside one is its probability, (M, N, 1).
With --check, exit 1 if a goal is missed.
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage
from zero_label import read_gray, valid_pixels

from sorby.annotate.boxes import grown, slices
from sorby.annotate.strokes import stroke
from sorby.core.errors import SorbyError
from sorby.io import read_mask, write_micrograph
from sorby.synthetic import lpbf_build
from sorby.workflow import new_project
from sorby.workflow.annotating import Desk

LEAST_PX = 10
SMALL_PX = 50
GOOD_IOU = 0.7
TOLERANCE_PX = 1
MOST_STROKES = 40
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.55, 0.6, 0.65, 0.7)
NO_SLIDER = "same, outlines not cut anew"
RADII_PX = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
"""Sizes of the brush."""

NEARLY = 0.8
"""A brush that sets right so much of what the best one would is not changed for it."""

GOALS = {"actions per corrected defect": 1.5, "saved at the zero-label start": 0.65}
_EIGHT = np.ones((3, 3), bool)


# ---------------------------------------------------------------------- when a defect is right


def is_right(found: np.ndarray, true: np.ndarray) -> bool:
    """Whether two defects, in one window, are the same by the rule above."""
    either = np.count_nonzero(found | true)
    if either and np.count_nonzero(found & true) >= GOOD_IOU * either:
        return True
    core = ndimage.binary_erosion(true, _EIGHT, iterations=TOLERANCE_PX)
    rim = ndimage.binary_dilation(true, _EIGHT, iterations=TOLERANCE_PX)
    fits = not (core & ~found).any() and not (found & ~rim).any()
    return bool(found.any() and core.any() and fits)


@dataclass
class Counts:
    """Actions, and the defects they were spent on, for small and large defects."""

    actions: dict[str, int] = field(default_factory=lambda: {"small": 0, "large": 0})
    corrected: dict[str, int] = field(default_factory=lambda: {"small": 0, "large": 0})
    true: dict[str, int] = field(default_factory=lambda: {"small": 0, "large": 0})
    finishing: int = 0
    wrong_after: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another field."""
        for name in ("actions", "corrected", "true"):
            for size, n in getattr(other, name).items():
                getattr(self, name)[size] += n
        self.finishing += other.finishing
        self.wrong_after += other.wrong_after


def size_of(pixels: np.ndarray) -> str:
    return "small" if np.count_nonzero(pixels) < SMALL_PX else "large"


# ---------------------------------------------------------------------- the annotator


class Annotator:
    """Knows the true mask of one field and brings a draft to it."""

    def __init__(
        self, desk: Desk, name: str, truth: np.ndarray, mode: str, *, cuts_anew: bool = True
    ) -> None:
        self.cuts_anew = cuts_anew
        self.desk, self.name, self.mode = desk, name, mode
        self.base = desk.open(name, mode)["base"]
        self.truth = truth == 1
        self.judged = (truth != 255) & (desk.working_mask(name, mode) != 255)
        self.labels, n = ndimage.label(self.truth, _EIGHT)
        area = np.bincount(self.labels.ravel(), minlength=n + 1)
        self.boxes = ndimage.find_objects(self.labels)
        self.wanted = [k for k in range(1, n + 1) if area[k] >= LEAST_PX]
        self.counts = Counts()
        self.radius = 3.0

    @property
    def mask(self) -> np.ndarray:
        """The working mask."""
        return self.desk.working_mask(self.name, self.mode)

    def do(self, kind: str, size: str, n_actions: int = 1, **gesture: Any) -> dict[str, Any]:
        """One gesture through the desk, counted."""
        answer = self.desk.apply(
            self.name,
            {"uuid": str(uuid.uuid4()), "kind": kind, "seconds": 0.0, "n_actions": n_actions,
             "mode": self.mode, "base": self.base, "gesture": gesture},
        )  # fmt: skip
        self.counts.actions[size] += n_actions
        return answer

    def window(self, number: int, margin: int = 4) -> tuple[slice, slice]:
        """Rows and columns around a true defect."""
        rows, columns = self.boxes[number - 1]
        box = (rows.start, columns.start, rows.stop, columns.stop)
        return slices(grown(box, margin, self.truth.shape))

    def state_of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """A true defect, and what the mask has there: all pieces that touch it, whole."""
        window = self.window(number)
        true = self.labels[window] == number
        while True:
            pieces, _ = ndimage.label(self.mask[window] == 1, _EIGHT)
            touching = np.unique(pieces[true])
            found = np.isin(pieces, touching[touching > 0])
            edge = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
            if not edge.any() or window[0].stop - window[0].start >= self.truth.shape[0]:
                return true, found & self.judged[window]
            rows, columns = window
            box = (rows.start, columns.start, rows.stop, columns.stop)
            window = slices(grown(box, 16, self.truth.shape))
            true = self.labels[window] == number

    def origin(self, number: int, shape: tuple[int, ...]) -> tuple[int, int]:
        """First row and column of the window of this shape around a true defect."""
        for margin in (4, *range(20, 5000, 16)):
            window = self.window(number, margin)
            if (window[0].stop - window[0].start, window[1].stop - window[1].start) == shape:
                return window[0].start, window[1].start
        raise AssertionError("no window of this shape")

    # ------------------------------------------------------------------ strokes

    def touch_up(self, number: int) -> None:
        """Strokes over what is missing and what is too much, until the defect is right."""
        size = size_of(self.labels[self.window(number)] == number)
        for _ in range(MOST_STROKES):
            true, found = self.state_of(number)
            if is_right(found, true):
                return
            others = (self.truth[self.window_of(number, true.shape)]) & ~true
            missing, extra = true & ~found, found & ~true & ~others
            value = 1 if missing.sum() >= extra.sum() else 0
            wrong = missing if value else extra
            if not wrong.any():
                return
            spare = ~true if value else true
            points, radius = sweep(wrong, spare, self.radius)
            at = (points + np.array(self.origin(number, true.shape))).tolist()
            n_actions = 1 + (radius != self.radius)
            self.radius = radius
            self.do("brush", size, n_actions, points=at, radius_px=radius, value=value)

    def window_of(self, number: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """The window of this shape around a true defect."""
        top, left = self.origin(number, shape)
        return slice(top, top + shape[0]), slice(left, left + shape[1])

    def draw(self, number: int) -> None:
        """A dab where the brush fits, else a lasso along the outline; then touch up."""
        window = self.window(number)
        true = self.labels[window] == number
        size, origin = size_of(true), np.array([window[0].start, window[1].start])
        middle = np.rint(4 * np.argwhere(true).mean(axis=0)) / 4
        box, covered = stroke(middle[None], self.radius, true.shape)
        dab = np.zeros_like(true)
        dab[slices(box)] = covered
        if is_right(dab, true):
            points = [(middle + origin).tolist()]
            self.do("brush", size, points=points, radius_px=self.radius, value=1)
        else:
            self.do("lasso", size, points=(outline(true) + origin).tolist(), value=1)
        self.touch_up(number)

    # ------------------------------------------------------------------ whole fields

    def draw_all(self) -> Counts:
        """Draw every true defect on an empty mask."""
        for number in self.wanted:
            self.draw(number)
        self.finish("done")
        return self.judge()

    def correct_all(self) -> Counts:
        """Bring the draft to the truth, and finish it."""
        n_corrected = {"small": 0, "large": 0}
        self.cut_anew(n_corrected)
        false = [d for d in self.desk.open(self.name, self.mode)["defects"] if self.is_false(d)]
        for defect in false:
            if defect["area_px"] >= LEAST_PX:
                n_corrected["small" if defect["area_px"] < SMALL_PX else "large"] += 1
        self.delete(false)
        for number in self.wanted:
            true, found = self.state_of(number)
            if is_right(found, true):
                continue
            n_corrected[size_of(true)] += 1
            if not (found & true).any():
                self.add(number)
            self.touch_up(number)
        self.finish("accept_rest", "done")
        self.counts.corrected = n_corrected
        return self.judge()

    def cut_anew(self, n_corrected: dict[str, int]) -> None:
        """At the threshold that leaves least to correct; what it sets right is corrected by it."""
        if not (self.cuts_anew and self.desk.open(self.name, self.mode)["can_recut"]):
            return
        before = self.to_correct()
        if sum(before.values()) <= 2:
            return
        left = {}
        for threshold in THRESHOLDS:
            is_changed = self.do("recut", "large", 0, threshold=threshold)["patch"] is not None
            left[threshold] = sum(self.to_correct().values())
            if is_changed:
                self.do("undo", "large", 0)
        best = min(left, key=lambda threshold: left[threshold])
        if left[best] + 2 < sum(before.values()):
            self.do("recut", "small", 2, threshold=best)
            for size, n in self.to_correct().items():
                n_corrected[size] += max(0, before[size] - n)

    def to_correct(self) -> dict[str, int]:
        """Defects that are wrong now, false ones included."""
        found = {"small": 0, "large": 0}
        for number in self.wanted:
            true, here = self.state_of(number)
            found[size_of(true)] += not is_right(here, true)
        for defect in self.desk.open(self.name, self.mode)["defects"]:
            if defect["area_px"] >= LEAST_PX and self.is_false(defect):
                found["small" if defect["area_px"] < SMALL_PX else "large"] += 1
        return found

    def is_false(self, defect: dict[str, Any]) -> bool:
        """Whether a predicted defect shares no pixel with a true one."""
        window = slices(tuple(defect["box"]))
        labels, _ = ndimage.label(self.mask[window] == 1, _EIGHT)
        row, column = defect["point"][0] - window[0].start, defect["point"][1] - window[1].start
        own = labels == labels[row, column]
        return not (self.truth[window] & own).any() and bool(self.judged[window][own].any())

    def delete(self, false: list[dict[str, Any]]) -> None:
        """By a limit where that takes three or more that count, then one by one."""
        gone = {defect["id"] for defect in false}
        every = self.desk.open(self.name, self.mode)["defects"]
        best: tuple[int, str, float] = (2, "", 0.0)
        for key, limit in (("area_px", "max_area_px"), ("confidence", "max_confidence")):
            if any(defect[key] is None for defect in every):
                continue  # a mask without a probability has no confidence
            kept = [defect[key] for defect in every if defect["id"] not in gone]
            least = min(kept, default=np.inf)
            below = [d[key] for d in false if d[key] < least and d["area_px"] >= LEAST_PX]
            if len(below) > best[0]:
                best = (len(below), limit, max(below))
        if best[1]:
            answer = self.do("delete_where", "small", 2, **{best[1]: best[2]})
            gone -= set(answer["removed"])
        for defect in false:
            if defect["id"] in gone and defect["area_px"] >= LEAST_PX:
                size = "small" if defect["area_px"] < SMALL_PX else "large"
                self.do("delete", size, defects=[defect["id"]])

    def add(self, number: int) -> None:
        """Click on the deepest pixel; where that goes wrong, undo and draw."""
        window = self.window(number)
        true = self.labels[window] == number
        depth = ndimage.distance_transform_edt(np.pad(true, 1))[1:-1, 1:-1]
        at = np.unravel_index(int(depth.argmax()), depth.shape)
        point = [int(at[0]) + window[0].start, int(at[1]) + window[1].start]
        size = size_of(true)
        try:
            self.do("click", size, point=point, value=1)
        except SorbyError:
            self.counts.actions[size] += 1  # a click all the same
            self.draw(number)
            return
        after_true, found = self.state_of(number)
        either = np.count_nonzero(after_true | found)
        if np.count_nonzero(after_true & found) < 0.3 * either:
            self.do("undo", size)
            self.draw(number)

    def finish(self, *kinds: str) -> None:
        """Keys that belong to the image and to no defect."""
        for kind in kinds:
            self.do(kind, "large", 0)
            self.counts.finishing += 1

    def judge(self) -> Counts:
        """Count what is right in the end."""
        for number in self.wanted:
            true, found = self.state_of(number)
            self.counts.true[size_of(true)] += 1
            self.counts.wrong_after += not is_right(found, true)
        return self.counts


def sweep(wrong: np.ndarray, spare: np.ndarray, held: float) -> tuple[np.ndarray, float]:
    """A stroke along the largest wrong part, with the brush held or a better one."""
    labels, n = ndimage.label(wrong, _EIGHT)
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel(), minlength=n + 1)[1:]))
    depth = ndimage.distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1]
    tried: dict[float, tuple[int, np.ndarray]] = {}
    for radius in RADII_PX:
        points = path(np.argwhere(largest & (depth >= min(radius, depth.max())))).astype(float)
        box, covered = stroke(points, radius, wrong.shape)
        gain = np.count_nonzero(covered & wrong[slices(box)])
        tried[radius] = (gain - np.count_nonzero(covered & spare[slices(box)]), points)
    best = max(tried, key=lambda radius: tried[radius][0])
    if tried[held][0] >= max(1, NEARLY * tried[best][0]):
        best = held
    return tried[best][1], best


def path(spots: np.ndarray) -> np.ndarray:
    """Spots in an order that a hand could follow: always on to the nearest, no long jumps."""
    left = list(range(1, len(spots)))
    order = [0]
    while left:
        away = np.abs(spots[left] - spots[order[-1]]).max(axis=1)
        nearest = int(away.argmin())
        if away[nearest] > 2:
            break
        order.append(left.pop(nearest))
    return spots[order]


def outline(true: np.ndarray) -> np.ndarray:
    """Corners of a lasso along the outside of a defect, as a careful hand draws it."""
    from skimage.measure import find_contours

    padded = np.pad(true, 1).astype(float)
    longest = max(find_contours(padded, 0.5), key=len) - 1
    return np.clip(longest, 0, np.array(true.shape) - 1)


# ---------------------------------------------------------------------- fields and tables


def synthetic_fields() -> list[tuple[str, np.ndarray, np.ndarray]]:
    build = lpbf_build(
        rng=np.random.default_rng(3), powers_w=(160, 240, 320), speeds_mm_s=(400, 800, 1200),
        fields_per_condition=1, shape=(512, 512),
    )  # fmt: skip
    return [(one.name, one.polished, one.mask) for one in build]


def real_fields(folder: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    bars = pd.read_csv(folder / "bars.csv")
    found = []
    for name in pd.read_csv(folder / "index.csv")["name"]:
        gray = read_gray(folder / "images" / f"{name}.png")
        truth = (read_gray(folder / "masks" / f"{name}.png") > 0).astype(np.uint8)
        truth[~valid_pixels(truth.shape, bars[bars["name"] == name])] = 255
        found.append((name, gray, truth))
    return found


def play(
    home: Path, fields: list[Any], masks: Path | None, *, cuts_anew: bool = True
) -> tuple[Counts, Counts]:
    """Correct every field, and draw every field from nothing."""
    for name, gray, _ in fields:
        write_micrograph(home / "images" / f"{name}.png", gray)
    given = [] if masks is None else [masks / f"{name}.png" for name, *_ in fields]
    new_project(home / "project", [home / "images"])
    corrected, drawn = Counts(), Counts()
    with Desk(home / "project", author="script") as desk:
        for (name, _, truth), path_ in zip(fields, given or [None] * len(fields), strict=True):
            if path_ is not None:
                known = next(f for f in desk.project.fields() if f.name == name)
                beside = path_.with_suffix(".npy")
                desk.project.add_mask(
                    known,
                    read_mask(path_),
                    source="model",
                    method="given",
                    probability=np.load(beside) if beside.exists() else None,
                )
            corrected.add(
                Annotator(desk, name, truth, "correct", cuts_anew=cuts_anew).correct_all()
            )
            drawn.add(Annotator(desk, name, truth, "from_nothing").draw_all())
    return corrected, drawn


def row(
    start: str, fields: str, corrected: Counts, drawn: Counts, sizes: list[str]
) -> dict[str, Any]:
    def total(counts: dict[str, int]) -> int:
        return sum(counts[size] for size in sizes)

    actions, n = total(corrected.actions), total(corrected.corrected)
    drawing, finishing = total(drawn.actions), (0, 0)
    if len(sizes) > 1:
        finishing = (corrected.finishing, drawn.finishing)
    return {
        "start": start,
        "fields": fields,
        "size": " + ".join(sizes),
        "defects": total(corrected.true),
        "corrected": n,
        "actions": actions,
        "per corrected": actions / n if n else 0.0,
        "drawn": drawing,
        "per drawn": drawing / max(1, total(drawn.true)),
        "finishing": f"{finishing[0]}/{finishing[1]}" if len(sizes) > 1 else "",
        "saved": 1 - (actions + finishing[0]) / max(1, drawing + finishing[1]),
        "wrong after": f"{corrected.wrong_after}/{drawn.wrong_after}" if len(sizes) > 1 else "",
    }


def main(words: list[str]) -> int:
    check = "--check" in words
    words = [word for word in words if word != "--check"]
    masks = None
    if "--masks" in words[:-1]:
        at = words.index("--masks")
        masks = Path(words[at + 1])
        del words[at : at + 2]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        print(__doc__)
        return 2
    sets = {"synthetic": synthetic_fields()}
    if words:
        sets["polished_am"] = real_fields(Path(words[0]) / "polished_am")
    starts = [("zero-label", None), (NO_SLIDER, None)] + ([("model", masks)] if masks else [])
    rows, totals = [], {"zero-label": (Counts(), Counts())}
    for name, fields in sets.items():
        for start, given in starts:
            if given is not None and name == "synthetic":
                continue
            with tempfile.TemporaryDirectory() as home:
                cuts_anew = start != NO_SLIDER
                corrected, drawn = play(Path(home), fields, given, cuts_anew=cuts_anew)
            for sizes in (["small"], ["large"], ["small", "large"]):
                rows.append(row(start, name, corrected, drawn, sizes))
            if start == "zero-label":
                totals[start][0].add(corrected)
                totals[start][1].add(drawn)
    whole = row("zero-label", "all", *totals["zero-label"], ["small", "large"])
    print(pd.DataFrame([*rows, whole]).to_string(index=False, float_format="%.2f"))
    print(f"small: under {SMALL_PX} px; wrong after: true defects not right in the end, both modes")
    print(f"{'':34}{'measured':>10}{'goal':>8}")
    print(f"{'actions per corrected defect':34}{whole['per corrected']:>10.2f}{'<= 1.5':>8}")
    print(f"{'saved at the zero-label start':34}{whole['saved']:>10.2f}{'>= 0.65':>8}")
    missed = whole["per corrected"] > GOALS["actions per corrected defect"]
    missed |= whole["saved"] < GOALS["saved at the zero-label start"]
    return int(missed and check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
