"""The Isomap of the figures keeps ways along the data."""

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.features.isomap import isomap_map


def test_a_rolled_up_strip_is_unrolled():
    turn = np.linspace(0, 1.5 * np.pi, 60)
    places = isomap_map(np.column_stack([np.cos(turn), np.sin(turn), np.zeros(60)]))
    along = np.corrcoef(places[:, 0], turn)[0, 1]
    assert abs(along) > 0.999
    assert np.ptp(places[:, 0]) == pytest.approx(1.5 * np.pi, rel=0.02)


def test_groups_apart_are_joined_without_a_warning(recwarn):
    rows = np.concatenate([np.eye(12), np.eye(12) + 50])
    places = isomap_map(rows)
    assert np.isfinite(places).all()
    assert np.sign(places[:12, 0]).sum() == -np.sign(places[12:, 0]).sum()
    assert not len(recwarn)


def test_same_rows_same_map(rng):
    rows = rng.normal(size=(30, 8))
    assert np.array_equal(isomap_map(rows), isomap_map(rows))


def test_two_images_make_no_map():
    with pytest.raises(SettingError, match="three images"):
        isomap_map(np.eye(2))
