"""The map keeps neighbours together and does not depend on cores or scale."""

import subprocess
import sys

import numpy as np
import pytest

from sorby.select import tsne_map


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
