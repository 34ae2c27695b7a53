import numpy as np
import pytest
from skimage.draw import ellipse

from sorby.core.errors import SettingError
from sorby.synthetic import discs, ellipses


def test_disc_of_radius_20_px_has_its_area_within_1_percent():
    assert discs((64, 64), [(31.5, 31.5)], 20).sum() == pytest.approx(np.pi * 400, rel=0.01)


def test_ellipse_at_an_angle_agrees_with_scikit_image():
    own = ellipses((90, 120), [(40, 60)], [(30, 12)], angles_deg=25)
    reference = np.zeros((90, 120), dtype=bool)
    reference[ellipse(40, 60, 12, 30, shape=(90, 120), rotation=np.radians(25))] = True
    assert (own ^ reference).sum() <= 0.02 * reference.sum()


def test_long_axis_at_45_degrees_points_to_the_upper_right():
    tilted = ellipses((41, 41), [(20, 20)], [(15, 2)], angles_deg=45)
    assert tilted[12, 28] and not tilted[28, 28]


def test_discs_are_cut_at_the_edge_and_absent_outside():
    assert discs((20, 20), [(0, 0)], 5).sum() < discs((20, 20), [(10, 10)], 5).sum()
    assert not discs((20, 20), [(-30, 10), (10, 60)], 5).any()


def test_radius_of_zero_is_refused():
    with pytest.raises(SettingError, match="semi-axis is 0 px"):
        discs((20, 20), [(10, 10)], 0)
