"""Standardised embeddings: same say for every feature, deterministic axes."""

import subprocess
import sys

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.features import common_scale, standardise


def test_units_of_a_column_do_not_matter(rng):
    rows = rng.normal(size=(20, 6))
    units = rows * [1, 1000, 1e-4, 3, 7, 1] + [0, 5, 0, -9, 0, 1]
    np.testing.assert_allclose(standardise(rows), standardise(units), atol=1e-9)


def test_distances_are_those_of_the_standardised_columns(rng):
    rows = rng.normal(size=(20, 6)) * np.arange(1, 7)
    scores = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    kept = standardise(rows)
    np.testing.assert_allclose(kept @ kept.T, scores @ scores.T, atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "columns"), [((70, 80), 50), ((9, 80), 8), ((9, 3), 3), ((1, 5), 1)]
)
def test_as_many_axes_as_the_images_can_have_up_to_50(rng, shape, columns):
    assert standardise(rng.normal(size=shape)).shape == (shape[0], columns)


def test_constant_columns_have_no_say(rng):
    rows = rng.normal(size=(12, 2)).astype(np.float32)
    constant = np.full((12, 1), 1e7, np.float32)
    constant[0] += 1
    found = standardise(np.hstack([rows, constant]))
    np.testing.assert_allclose(found[:, :2], standardise(rows), atol=1e-6)
    assert np.abs(found[:, 2:]).max() < 1e-9
    assert not standardise(np.full((5, 4), 3.0)).any()


def test_the_largest_weight_of_an_axis_is_positive():
    rows = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.1]])
    assert np.all(np.diff(standardise(rows)[:, 0]) > 0)


@pytest.mark.parametrize("rows", [np.zeros(4), np.zeros((0, 3)), [[1.0, np.nan]]])
def test_what_is_no_finite_table_is_refused(rows):
    with pytest.raises(SettingError, match="not a table of finite numbers"):
        standardise(rows)


def test_the_common_scale_is_the_median_of_those_known():
    assert common_scale([None, 1.0, 4.0, 2.0]) == 2.0
    assert common_scale([None, None]) is None


def test_the_room_and_its_statistics_load_without_torch():
    code = (
        "import sys, numpy as np; from sorby.core.records import Micrograph;"
        "from sorby.features import EMBEDDERS, default_embedder, standardise;"
        "EMBEDDERS['statistics']([Micrograph(np.eye(9))], rng=np.random.default_rng(0));"
        "default_embedder(); print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
