"""The published rules, written a second time as they are described: slow, and all choices tried."""

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest

from sorby.select.paper import paper_picks


def spacing(points):
    """Each distance, smallest first, with how often it occurs: fewer is better."""
    gaps = Counter(round(float(np.linalg.norm(a - b)), 10) for a, b in combinations(points, 2))
    return [value for gap in sorted(gaps) for value in (gap, -gaps[gap])]


def literal(points, k):
    """Rule used and rows chosen."""
    low, high = points.min(axis=0), points.max(axis=0)
    square = (points - low) / (high - low)
    first = {}
    for number, (x, y) in enumerate(square):
        first.setdefault((min(int(x * k), k - 1), min(int(y * k), k - 1)), number)
    hypercubes = [
        [first[cell] for cell in enumerate(columns)]
        for columns in permutations(range(k))
        if all(cell in first for cell in enumerate(columns))
    ]
    if hypercubes:
        return "strict", sorted(max(hypercubes, key=lambda rows: spacing(square[rows])))
    subsets = [list(rows) for rows in combinations([first[cell] for cell in sorted(first)], k)]
    return "bins", sorted(max(subsets, key=lambda rows: spacing(square[rows])))


def clouds():
    rng = np.random.default_rng(11)
    for k in (1, 2, 3, 4, 5):
        for m in (8, 11, 20, 60):
            for kind in ("even", "normal", "ring"):
                points = rng.random((m, 2)) if kind == "even" else rng.normal(size=(m, 2))
                if kind == "ring":
                    points /= np.linalg.norm(points, axis=1, keepdims=True)
                yield 30 * points + 5, k


def test_picks_are_those_of_all_permutations_tried():
    rules = Counter()
    for points, k in clouds():
        rule, expected = literal(points, k)
        assert paper_picks(points, k) == expected
        rules[rule] += 1
    assert min(rules["strict"], rules["bins"]) >= 8  # both branches were examined


def test_the_first_point_of_a_bin_stands_for_it():
    corners = np.array([[0.1, 0.1], [0.9, 0.9], [0.0, 0.0], [1.0, 1.0]])
    assert paper_picks(corners, 2) == [0, 1]
    assert paper_picks(corners[::-1], 2) == [0, 1]


@pytest.mark.parametrize("k", [3, 5])
def test_too_few_bins_are_filled_up_in_the_order_of_the_table(k):
    pairs = np.array([[0.0, 0.0], [0.01, 0.0], [1.0, 1.0], [0.02, 0.0], [0.99, 1.0]])
    assert paper_picks(pairs, k) == {3: [0, 1, 2], 5: [0, 1, 2, 3, 4]}[k]


def test_identical_points_are_taken_in_order():
    assert paper_picks(np.ones((6, 2)), 4) == [0, 1, 2, 3]


def test_ten_of_a_hundred_do_not_crawl():
    assert len(paper_picks(np.random.default_rng(0).random((100, 2)), 10)) == 10
