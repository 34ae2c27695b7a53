"""Strokes, lassos and cuts against a look at every pixel.

``strokes.json`` holds strokes with their pixels for the page's tests too. After a change of the
rule:  python tests/annotate/test_strokes.py
"""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from sorby.annotate.strokes import cut_line, lasso, stroke

STORED = Path(__file__).with_name("strokes.json")


def every_pixel(points, radius_px, shape):
    """The rule of the brush, pixel by pixel, in whole numbers of quarter pixels."""
    corners = [(round(4 * r), round(4 * c)) for r, c in points]
    radius2 = round(4 * radius_px) ** 2
    covered = np.zeros(shape, bool)
    for row, column in np.ndindex(shape):
        for a, b in zip(corners, corners[1:] or corners, strict=False):
            d = (b[0] - a[0], b[1] - a[1])
            v = (4 * row - a[0], 4 * column - a[1])
            along, length2 = v[0] * d[0] + v[1] * d[1], d[0] ** 2 + d[1] ** 2
            if along <= 0 or length2 == 0:
                near = v[0] ** 2 + v[1] ** 2 <= radius2
            elif along >= length2:
                near = (v[0] - d[0]) ** 2 + (v[1] - d[1]) ** 2 <= radius2
            else:
                near = (v[0] * d[1] - v[1] * d[0]) ** 2 <= radius2 * length2
            covered[row, column] |= near
    return covered


def whole(box_and_covered, shape):
    (top, left, bottom, right), covered = box_and_covered
    image = np.zeros(shape, bool)
    image[top:bottom, left:right] = covered
    return image


def random_strokes(n=40, shape=(48, 64)):
    rng = np.random.default_rng(4)
    for k in range(n):
        points = rng.uniform(-8, 60, (rng.integers(1, 7), 2))
        points = np.rint(points) if k % 3 == 0 else np.rint(4 * points) / 4
        yield (
            points.tolist(),
            float(rng.choice([0, 0.25, 0.5, 1, 1.5, 2, 2.75, 4, 6.25, 10, 25])),
            shape,
        )


def runs(covered):
    found = []
    for row in range(covered.shape[0]):
        edges = np.flatnonzero(np.diff(np.pad(covered[row].astype(int), 1)))
        found += [[row, int(a), int(b - a)] for a, b in edges.reshape(-1, 2)]
    return found


@pytest.mark.parametrize(("points", "radius_px", "shape"), list(random_strokes()))
def test_stroke_covers_the_pixels_within_its_radius(points, radius_px, shape):
    found = whole(stroke(np.array(points), radius_px, shape), shape)
    assert np.array_equal(found, every_pixel(points, radius_px, shape))


def test_stored_strokes_are_those_of_the_rule():
    stored = json.loads(STORED.read_text())
    assert len(stored["strokes"]) == 40
    for one in stored["strokes"]:
        shape = tuple(stored["shape"])
        assert one["runs"] == runs(every_pixel(one["points"], one["radius_px"], shape))


def test_many_points_in_several_parts_are_one_stroke(monkeypatch):
    points = np.random.default_rng(0).uniform(0, 60, (50, 2))
    once = stroke(points, 5, (64, 64))
    monkeypatch.setattr("sorby.annotate.strokes._AT_ONCE", 1)
    again = stroke(points, 5, (64, 64))
    assert once[0] == again[0] and np.array_equal(once[1], again[1])


def test_stroke_outside_the_image_covers_nothing():
    box, covered = stroke(np.array([[-50, -50]]), 3, (20, 20))
    assert covered.size == 0 and box[0] == box[2]


@pytest.mark.parametrize("seed", range(20))
def test_lasso_covers_what_is_inside_by_even_odd_or_on_the_outline(seed):
    rng = np.random.default_rng(seed)
    corners = np.rint(rng.uniform(-5, 45, (rng.integers(3, 9), 2)) * (1 if seed % 2 else 4))
    corners /= 1 if seed % 2 else 4
    rows, columns = np.indices((40, 40))
    inside, on = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        d = b - a
        if d[0]:
            crosses = (a[0] > rows) != (b[0] > rows)
            inside ^= crosses & (columns < a[1] + (rows - a[0]) * d[1] / d[0])
        cross = d[0] * (columns - a[1]) - d[1] * (rows - a[0])
        along = (rows - a[0]) * d[0] + (columns - a[1]) * d[1]
        on |= (np.abs(cross) < 1e-9) & (along >= 0) & (along <= d @ d)
    assert np.array_equal(whole(lasso(corners, (40, 40)), (40, 40)), inside | on)


@pytest.mark.parametrize("seed", range(10))
def test_cut_parts_what_it_crosses_even_at_corners(seed):
    ends = np.random.default_rng(seed).integers(0, 30, 2)
    plate = np.ones((30, 30), bool)
    plate[tuple(cut_line(np.array([[ends[0], 0], [ends[1], 29]])).T)] = False
    _labels, n = ndimage.label(plate, np.ones((3, 3)))
    expected = 2 if ends.min() > 0 and ends.max() < 29 else n
    assert n == expected


if __name__ == "__main__":
    strokes = [
        {"points": points, "radius_px": radius, "runs": runs(every_pixel(points, radius, shape))}
        for points, radius, shape in random_strokes()
    ]
    about = "runs are [row, first column, length]; see sorby.annotate.strokes.stroke"
    STORED.write_text(json.dumps({"about": about, "shape": [48, 64], "strokes": strokes}) + "\n")
