import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import label as skimage_label

from sorby.core.errors import SettingError
from sorby.defects import defect_at, instances, label_instances, size_floor_px2

MASKS = arrays(
    np.uint8,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14),
    elements=st.sampled_from([0, 0, 1, 2, 255]),
)


@given(MASKS)
def test_labels_are_those_of_scikit_image_in_reading_order(mask):
    found = label_instances(mask, min_area_px=0)
    reference = skimage_label(np.where(mask == 255, 0, mask), connectivity=2)
    pairs = set(zip(found.ravel().tolist(), reference.ravel().tolist(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    numbers, first = np.unique(found, return_index=True)
    first = first[numbers > 0]
    assert numbers.max(initial=0) == first.size
    assert (np.diff(first) > 0).all()


@given(MASKS)
def test_labels_do_not_depend_on_the_strips_they_are_worked_in(mask):
    whole = label_instances(mask, min_area_px=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "_STRIP_PX", 1)
        np.testing.assert_array_equal(label_instances(mask, min_area_px=2), whole)


@given(MASKS)
def test_what_is_left_has_the_smallest_area_and_nothing_else_is_dropped(mask):
    everything = label_instances(mask, min_area_px=0)
    large = np.bincount(everything.ravel()) >= 4
    large[0] = False
    np.testing.assert_array_equal(label_instances(mask) > 0, large[everything])


def test_pixels_that_touch_at_a_corner_are_one_defect():
    assert label_instances(np.eye(5, dtype=np.uint8)).max() == 1


def test_touching_defects_of_different_class_stay_apart():
    mask = np.repeat(np.uint8([[1, 2]]), 4, axis=0)
    np.testing.assert_array_equal(label_instances(mask), mask)


def test_pixels_that_are_not_sample_belong_to_no_defect_and_join_none():
    mask = np.ones((4, 9), np.uint8)
    mask[:, 4] = 255
    assert label_instances(mask)[0].tolist() == [1, 1, 1, 1, 0, 2, 2, 2, 2]


def test_input_is_untouched_and_result_is_int32():
    mask = np.uint8([[1, 1], [1, 255]])
    before = mask.copy()
    result = label_instances(mask)
    assert result.dtype == np.int32
    assert result.max() == 0  # three pixels are below the floor
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("mask", [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32)])
def test_what_is_no_mask_is_refused(mask):
    with pytest.raises(SettingError, match="uint8"):
        label_instances(mask)


def test_negative_area_is_refused():
    with pytest.raises(SettingError, match="-1"):
        label_instances(np.zeros((2, 2), np.uint8), min_area_px=-1)


@pytest.mark.parametrize(
    ("x", "y", "number"),
    [(2, 1, 5), (1.5, 0.5, 5), (1.4, 1, 0), (2.4, 1.4, 5), (2.5, 1, 0), (-1, 1, 0), (np.nan, 1, 0)],
)
def test_a_point_belongs_to_the_pixel_around_it(x, y, number):
    assert defect_at(np.array([[0, 0, 0], [0, 0, 5]]), x, y) == number


def test_size_floor_is_the_disc_of_twice_the_resolution():
    # 2 * 0.61 * 0.55 µm / 0.1 = 6.71 µm; at 1 µm/px a disc of 35.36 px²
    assert size_floor_px2(1.0, 0.1) == pytest.approx(35.36, abs=0.01)
    assert size_floor_px2(0.5, 0.1) == pytest.approx(4 * 35.36, abs=0.04)
    assert size_floor_px2(1.0, 0.1, wavelength_um=0.275) == pytest.approx(35.36 / 4, abs=0.01)


@pytest.mark.parametrize(
    ("um_per_px", "na"), [(None, 0.1), (1.0, None), (np.nan, 0.1), (1.0, np.nan), (5.9, 0.9)]
)
def test_size_floor_is_4_px_where_resolution_is_unknown_or_finer(um_per_px, na):
    assert size_floor_px2(um_per_px, na) == 4.0


@pytest.mark.parametrize(("um_per_px", "na"), [(0, 0.1), (-1, None), (1.0, -0.1), (1, np.inf)])
def test_size_floor_refuses_impossible_optics(um_per_px, na):
    with pytest.raises(SettingError, match="positive"):
        size_floor_px2(um_per_px, na)
