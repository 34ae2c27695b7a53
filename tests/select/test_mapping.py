"""The map keeps neighbours together and does not depend on cores or scale."""

import subprocess
import sys

import numpy as np
import pytest

from sorby.select import mapping, tsne_map


def test_groups_stay_apart_on_the_map(rng):
    rows = np.repeat(20 * np.eye(3, 10), 12, axis=0) + rng.normal(size=(36, 10))
    points = tsne_map(rows, rng=rng)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    same = np.arange(36)[:, None] // 12 == np.arange(36) // 12
    assert distance[same].max() < distance[~same].min()


@pytest.mark.parametrize("n", [1, 2, 4, 5, 6, 40])
@pytest.mark.parametrize("d", [1, 3])
def test_every_size_of_pool_has_a_finite_map(rng, n, d):
    points = tsne_map(rng.normal(size=(n, d)), rng=rng)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()


def test_four_images_are_placed_by_their_principal_components():
    corners = np.array([[0.0, 0, 0], [4, 0, 0], [0, 2, 0], [4, 2, 0]])
    points = tsne_map(corners, rng=np.random.default_rng(0))
    expected = np.linalg.norm(corners[:, None] - corners[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - points[None], axis=2), expected)


def test_identical_rows_lie_on_one_spot():
    assert np.ptp(tsne_map(np.ones((9, 3)), rng=np.random.default_rng(0)), axis=0).max() == 0


def test_selecting_never_loads_torch():
    code = (
        "import sys, numpy as np; from sorby.select import SELECTORS;"
        "SELECTORS['smile'](np.eye(9), 2, rng=np.random.default_rng(0));"
        "print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


# ---------------------------------------------------------------------- large pools


@pytest.fixture
def few_are_placed(monkeypatch):
    """The limits made small, so that a test of them is."""
    monkeypatch.setattr(mapping, "EXACT_UP_TO", 300)
    monkeypatch.setattr(mapping, "_DRAWN", 120)
    monkeypatch.setattr(mapping, "_ODD", 20)


def test_groups_of_a_large_pool_stay_apart(rng, few_are_placed):
    group = rng.integers(4, size=900)
    rows = 20 * np.eye(4, 10)[group] + rng.normal(size=(900, 10))
    points = tsne_map(rows, rng=rng)
    centres = np.array([np.median(points[group == number], axis=0) for number in range(4)])
    distance = np.linalg.norm(points[:, None] - centres[None], axis=2)
    assert (distance.argmin(axis=1) == group).all()


def test_rare_kind_of_a_large_pool_keeps_a_place_of_its_own(rng, few_are_placed):
    rows = rng.normal(size=(2000, 10))
    rows[[17, 1234]] += 40
    points = tsne_map(rows, rng=rng)
    rest = np.delete(points, [17, 1234], axis=0)
    assert {17, 1234} <= set(mapping.landmark_rows(rows, rng).tolist())
    apart = np.linalg.norm(points[17] - points[1234])
    assert apart < np.linalg.norm(rest - points[17], axis=1).min()


def test_large_pool_same_seed_same_map_and_every_landmark_once(rng, few_are_placed):
    rows = rng.normal(size=(500, 5))
    first, second = (tsne_map(rows, rng=np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first, second)
    landmarks = mapping.landmark_rows(rows, rng)
    assert len(np.unique(landmarks)) == 140


def test_copies_lie_together_in_a_large_pool(rng, few_are_placed):
    rows = np.repeat(rng.normal(size=(40, 5)), 20, axis=0)
    points = tsne_map(rows, rng=rng)
    assert np.isfinite(points).all()
