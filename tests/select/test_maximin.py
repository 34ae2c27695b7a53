"""The search against every choice there is."""

from itertools import combinations

import numpy as np
import pytest

from sorby.select.cloud import Cloud, grid_bins, unit_square
from sorby.select.lhs_search import Search
from sorby.select.maximin import maximin_lhs


def obeys(rule, bins):
    if rule == "strict":
        return all(len(set(bins[:, axis].tolist())) == len(bins) for axis in (0, 1))
    return rule == "points" or len({tuple(b) for b in bins.tolist()}) == len(bins)


def best_of_all(points, k, anchors=None):
    """Strictest rule that a choice obeys, and the largest smallest distance under it."""
    bins = grid_bins(points, k)
    for rule in ("strict", "bins", "points"):
        widths = []
        for choice in combinations(range(len(points)), k):
            if obeys(rule, bins[list(choice)]):
                gaps = [np.linalg.norm(points[a] - points[b]) for a, b in combinations(choice, 2)]
                if anchors is not None:
                    gaps += [np.linalg.norm(points[a] - b) for a in choice for b in anchors]
                widths.append(min(gaps, default=np.inf))
        if widths:
            return rule, max(widths)
    raise AssertionError


def clouds():
    rng = np.random.default_rng(7)
    for k, m in ((1, 5), (2, 12), (3, 12), (4, 14), (5, 13), (6, 12), (6, 14)):
        for kind in ("even", "normal", "line", "repeated"):
            points = rng.random((m, 2)) if kind == "even" else rng.normal(size=(m, 2))
            if kind == "line":
                points[:, 1] = points[:, 0] + 0.05 * points[:, 1]
            if kind == "repeated":
                points = points[rng.integers(0, 4, m)]
            yield pytest.param(unit_square(points), k, id=f"{kind}-{m}-{k}")


@pytest.mark.parametrize("n_anchors", [0, 2])
@pytest.mark.parametrize(("points", "k"), list(clouds()))
def test_no_choice_is_better_than_the_one_found(points, k, n_anchors):
    anchors = np.random.default_rng(1).random((n_anchors, 2))
    found = maximin_lhs(points, k, anchors=anchors)
    rule, width = best_of_all(points, k, anchors)
    assert (found.rule, len(set(found.indices)), found.is_proved) == (rule, k, True)
    assert found.distance == pytest.approx(width, abs=1e-12)
    assert obeys(rule, grid_bins(points, k)[list(found.indices)])


def test_one_point_alone_is_the_most_central():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.6], [0.0, 1.0]])
    assert maximin_lhs(points, 1).indices == (2,)


def test_one_point_beside_an_anchor_is_the_farthest():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.6]])
    assert maximin_lhs(points, 1, anchors=np.array([[0.9, 0.9]])).indices == (0,)


def test_other_distances_are_improved_where_an_anchor_sets_the_smallest():
    points = np.array([[0.0, 0.0], [0.45, 0.45], [1.0, 0.55], [1.0, 1.0]])
    anchors = np.array([[0.0, 0.1]])  # the two in the lower bin both must stay near it
    found = maximin_lhs(points[[0, 1, 3]], 2, anchors=anchors)
    assert found.indices == (1, 2)


def test_a_search_that_is_cut_short_says_so_and_still_chooses(monkeypatch):
    monkeypatch.setattr("sorby.select.lhs_search._LOOKS", {True: 3, False: 3})
    points = np.random.default_rng(0).random((30, 2))
    found = maximin_lhs(points, 4)
    assert len(set(found.indices)) == 4
    assert not found.is_proved


def test_large_clouds_are_thinned_and_spread_well():
    points = np.random.default_rng(0).random((3000, 2))
    found = maximin_lhs(points, 3)
    assert not found.is_proved
    assert obeys("strict", grid_bins(points, 3)[list(found.indices)])
    assert found.distance > 0.9  # three points of the whole square under the rule reach 0.943


def test_every_choice_from_a_distance_on_is_listed_once():
    points = np.random.default_rng(2).random((10, 2))
    for rule in ("strict", "bins"):
        cloud = Cloud.of(points, 3)
        got = [tuple(c) for c in Search(cloud, rule, 3).all_from(0.3)]
        expected = [
            choice
            for choice in combinations(range(10), 3)
            if obeys(rule, cloud.bins[list(choice)]) and cloud.smallest(list(choice)) >= 0.3
        ]
        assert sorted(got) == expected
        assert len(got) > 1


def test_the_upper_edge_belongs_to_the_last_bin():
    assert grid_bins(np.array([[1.0, 0.0], [0.24, 0.76]]), 4).tolist() == [[3, 0], [0, 3]]
