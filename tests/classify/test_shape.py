"""The shape baseline measures what its names say."""

import numpy as np
import pytest

from sorby.classify.patches import stretched
from sorby.classify.shape import MEASURE_NAMES, centre_defect, describe


def ellipse(major, minor, *, level=20, core=None, at=(0, 0)):
    row, column = np.indices((128, 128)) - 63.5
    reach = np.hypot((column - at[1]) / major, (row - at[0]) / minor)
    patch = np.where(reach < 1, level, 200)
    return np.where(reach < 0.5, core, patch).astype(np.uint8) if core else patch.astype(np.uint8)


def measured(patch):
    return dict(zip(MEASURE_NAMES, describe(patch[None])[0, 0].tolist(), strict=True))


def test_the_centre_defect_is_the_drawn_ellipse():
    patch = ellipse(20, 9)
    found = centre_defect(stretched(patch[None])[0] / 255)
    truth = patch < 100
    assert (found & truth).sum() / (found | truth).sum() > 0.9


def test_the_defect_nearest_the_centre_is_taken():
    patch = np.minimum(ellipse(6, 6), ellipse(20, 20, at=(40, 40)))
    found = centre_defect(stretched(patch[None])[0] / 255)
    assert np.abs(np.argwhere(found).mean(axis=0) - 63.5).max() < 1


def test_size_elongation_and_roundness_of_a_disc_and_an_ellipse():
    disc, flat = measured(ellipse(12, 12)), measured(ellipse(24, 6))
    assert disc["log_diameter"] == pytest.approx(np.log(24), abs=0.08)
    assert disc["aspect_ratio"] == pytest.approx(1, abs=0.03)
    assert disc["circularity"] == pytest.approx(1, abs=0.08)
    assert flat["aspect_ratio"] == pytest.approx(49 / 13, rel=0.15)
    assert flat["circularity"] < 0.7
    assert disc["radius_variation"] < 0.05 < flat["radius_variation"]


def test_a_bright_particle_inside_counts_as_hole():
    plain, filled = measured(ellipse(16, 16)), measured(ellipse(16, 16, core=220))
    assert plain["hole_share"] < 0.1
    assert filled["hole_share"] == pytest.approx(0.25, abs=0.1)
    assert filled["inside_brightest"] > 0.8 > plain["inside_brightest"]
    assert filled["log_diameter"] == pytest.approx(plain["log_diameter"], abs=0.05)


def test_measures_do_not_follow_brightness_and_contrast():
    patch = ellipse(14, 9)
    np.testing.assert_allclose(
        describe(patch[None]), describe((patch * 0.5 + 60).astype(np.uint8)[None]), atol=0.02
    )


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_patch_without_defect_gives_finite_measures(level):
    assert np.isfinite(describe(np.full((1, 128, 128), level, np.uint8))).all()
