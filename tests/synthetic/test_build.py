from collections import Counter

import numpy as np
import pytest
from scipy import ndimage

from sorby.core.errors import SettingError
from sorby.synthetic import TRUE_TYPES, defect_class, lpbf_build

SMALL = {"shape": (256, 320), "fields_per_condition": 1}


def build(seed=0, **options):
    return list(lpbf_build(rng=np.random.default_rng(seed), **{**SMALL, **options}))


@pytest.fixture(scope="module")
def grid():
    return build(seed=3, powers_w=[160, 320], speeds_mm_s=[400, 1200])


def test_instances_mask_and_types_agree(grid):
    for field in grid:
        np.testing.assert_array_equal(field.mask == 1, field.instances > 0)
        assert set(np.unique(field.mask)) <= {0, 1, 255}
        assert sorted(field.types) == list(range(1, field.instances.max() + 1))
        assert set(field.types.values()) <= set(TRUE_TYPES)
        for number in field.types:
            _, parts = ndimage.label(field.instances == number, structure=np.ones((3, 3)))
            assert parts == 1


def test_records_have_the_form_that_other_rooms_expect(grid):
    for field in grid:
        assert field.name.startswith("synthetic_") and field.name.startswith(field.specimen)
        assert field.polished.dtype == field.etched.dtype == field.mask.dtype == np.uint8
        assert field.instances.dtype == np.int32
        assert field.polished.shape == field.etched.shape == field.mask.shape == SMALL["shape"]
        assert set(field.process.known()) == {
            "laser_power_w",
            "scan_speed_mm_s",
            "hatch_um",
            "layer_um",
            "beam_um",
            "preheat_c",
            "alloy",
        }


def test_bar_is_ignored_and_covers_no_defect(grid):
    for field in grid:
        top, left, bottom, right = field.bar_box
        inside = np.zeros(field.mask.shape, dtype=bool)
        inside[top:bottom, left:right] = True
        np.testing.assert_array_equal(field.mask == 255, inside)
        assert not field.instances[inside].any()


def test_without_a_bar_nothing_is_ignored():
    (field,) = build(powers_w=[160], speeds_mm_s=[1200], scale_bar=False)
    assert field.bar_box is None
    assert not (field.mask == 255).any()


def test_defects_are_darker_than_the_metal_in_both_twins(grid):
    for field in grid:
        inside, metal = field.mask == 1, field.mask == 0
        metal &= ~ndimage.binary_dilation(inside, iterations=8)
        core = ndimage.binary_erosion(inside, iterations=2)
        if core.any():
            assert np.median(field.polished[core]) < np.median(field.polished[metal]) - 60
            assert np.median(field.etched[core]) < np.median(field.etched[metal]) - 40


def test_same_seed_same_build_and_other_seed_other_build():
    one, same, other = (build(seed, powers_w=[160], speeds_mm_s=[1200])[0] for seed in (5, 5, 6))
    for name in ("polished", "etched", "instances", "mask"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    assert one.types == same.types
    assert (one.mask != other.mask).any()


def test_a_field_does_not_depend_on_how_many_follow():
    alone = build(powers_w=[160], speeds_mm_s=[1200])[0]
    first = build(powers_w=[160, 240], speeds_mm_s=[1200], fields_per_condition=3)[0]
    np.testing.assert_array_equal(alone.polished, first.polished)
    np.testing.assert_array_equal(alone.etched, first.etched)


def test_fields_of_one_specimen_differ():
    first, second = build(powers_w=[160], speeds_mm_s=[1200], fields_per_condition=2)
    assert first.specimen == second.specimen and first.name != second.name
    assert (first.mask != second.mask).any()


def test_turned_build_direction_mirrors_the_truth():
    options = {"powers_w": [160], "speeds_mm_s": [1200], "scale_bar": False}
    (down,) = build(build_direction_deg=270, **options)
    (up,) = build(build_direction_deg=90, **options)
    np.testing.assert_array_equal(up.mask[::-1], down.mask)


def dominant_and_fraction(power_w, speed_mm_s, seeds):
    classes, defect, valid = Counter(), 0, 0
    for seed in seeds:
        for field in build(seed, powers_w=[power_w], speeds_mm_s=[speed_mm_s], shape=(400, 500)):
            classes.update(defect_class(name) for name in field.types.values())
            defect += (field.mask == 1).sum()
            valid += (field.mask != 255).sum()
    return classes.most_common(1)[0][0], defect / valid


def test_type_and_area_follow_the_energy_input():
    seeds = range(3)
    low, low_area = dominant_and_fraction(160, 1200, seeds)
    middle, middle_area = dominant_and_fraction(240, 800, seeds)
    high, high_area = dominant_and_fraction(320, 400, seeds)
    assert (low, middle, high) == ("lack_of_fusion", "porosity", "porosity")
    assert low_area > 0.02
    assert middle_area < 0.003
    assert 0.004 < high_area < 0.06


def test_keyhole_pores_need_the_threshold():
    below = build(powers_w=[160], speeds_mm_s=[800])
    above = [f for s in range(3) for f in build(s, powers_w=[350], speeds_mm_s=[300])]
    assert "keyhole" not in {name for field in below for name in field.types.values()}
    assert "keyhole" in {name for field in above for name in field.types.values()}


@pytest.mark.parametrize(
    "options, message",
    [
        ({"alloy": "cheese"}, "'cheese'"),
        ({"powers_w": [0]}, "laser_power_w is 0"),
        ({"layer_um": -30.0}, "layer_um is -30"),
        ({"shape": (32, 400)}, "32 x 400"),
        ({"um_per_px": 0.0}, "um_per_px is 0"),
        ({"build_direction_deg": 45.0}, "build_direction_deg is 45"),
    ],
)
def test_impossible_settings_are_refused_before_the_first_field(options, message):
    with pytest.raises(SettingError, match=message):
        lpbf_build(rng=np.random.default_rng(0), **options)
