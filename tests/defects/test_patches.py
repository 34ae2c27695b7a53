import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import SettingError
from sorby.defects import cut_patches, label_instances, measure_defects


def boxes(*rows):
    return pd.DataFrame(rows, columns=["row_min", "column_min", "row_max", "column_max"])


@pytest.fixture
def image(rng):
    return rng.integers(0, 256, (300, 400), dtype=np.uint8)


def test_patch_is_the_window_around_the_middle_of_the_box(image):
    (patch,) = cut_patches(image, boxes((100, 200, 120, 210)))
    np.testing.assert_array_equal(patch, image[46:174, 141:269])


def test_a_defect_of_just_the_patch_size_fills_it(image):
    (patch,) = cut_patches(image, boxes((100, 200, 228, 210)))
    np.testing.assert_array_equal(patch[:, 59:69], image[100:228, 200:210])


def test_a_larger_defect_is_shown_whole_with_10_px_around_it():
    image = np.zeros((400, 400), np.uint8)
    image[100:300, 120:280] = 200
    (patch,) = cut_patches(image, boxes((100, 120, 300, 280)))
    # 220 x 180 px become 128 x 128: margins of 5.8 rows and 7.1 columns
    assert patch[64, 64] == 200
    assert patch[:5].max() == patch[:, :6].max() == 0
    assert patch[7:121, 9:119].min() == 200


def test_beyond_the_edge_the_image_is_reflected_as_numpy_pads(image):
    (patch,) = cut_patches(image, boxes((0, 390, 6, 400)))
    padded = np.pad(image, 64, mode="reflect")
    np.testing.assert_array_equal(patch, padded[3:131, 395:523])


@pytest.mark.parametrize("shape", [(20, 30), (1, 50), (1, 1), (2, 128)])
def test_an_image_smaller_than_the_patch_is_reflected_as_often_as_needed(rng, shape):
    small = rng.integers(0, 256, shape, dtype=np.uint8)
    (patch,) = cut_patches(small, boxes((0, 0, *shape)))
    padded = np.pad(small, 128, mode="reflect")
    top, left = 128 + (shape[0] - 128) // 2, 128 + (shape[1] - 128) // 2
    np.testing.assert_array_equal(patch, padded[top : top + 128, left : left + 128])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.int32])
def test_other_gray_depths_are_scaled_by_their_percentiles(image, dtype):
    deep = image.astype(dtype) * 100 + 1000
    where = boxes((100, 200, 120, 210))
    patch, truth = (cut_patches(pixels, where)[0].astype(int) for pixels in (deep, image))
    assert patch.dtype == int
    assert np.abs(patch - truth).max() <= 2


def test_a_few_hot_pixels_do_not_darken_the_patches(image):
    deep = image.astype(np.uint16) * 16
    deep[0, :10] = 65535
    where = boxes((100, 200, 120, 210))
    patch, truth = (cut_patches(pixels, where)[0].astype(int) for pixels in (deep, image))
    assert np.abs(patch - truth).max() <= 2


def test_all_patches_of_an_image_share_one_gray_scale():
    ramp = np.tile(np.linspace(0, 1, 600, dtype=np.float32), (200, 1))
    dark, bright = cut_patches(ramp, boxes((90, 90, 110, 110), (90, 490, 110, 510)))
    assert bright.mean() - dark.mean() == pytest.approx(255 * 400 / 599, abs=1)


def test_flat_and_broken_gray_values_give_patches(image):
    assert cut_patches(np.full((50, 50), 7, np.uint16), boxes((5, 5, 9, 9))).max() == 0
    broken = image.astype(np.float32)
    broken[110, 205] = np.nan
    assert cut_patches(broken, boxes((100, 200, 120, 210))).dtype == np.uint8


def test_input_is_untouched_and_shape_is_that_of_the_contract(image):
    before = image.copy()
    patches = cut_patches(image, boxes((0, 0, 9, 9), (5, 5, 200, 300), (1, 1, 3, 3)))
    assert patches.shape == (3, 128, 128)
    assert patches.dtype == np.uint8
    np.testing.assert_array_equal(image, before)


def test_an_empty_defect_table_gives_no_patches(image):
    table = measure_defects(np.zeros(image.shape, np.int32), image="a", valid=None)
    assert cut_patches(image, table).shape == (0, 128, 128)


def test_patches_follow_the_defect_table():
    mask = np.zeros((200, 200), np.uint8)
    mask[20:30, 20:40], mask[150:160, 100:110] = 1, 1
    table = measure_defects(label_instances(mask), image="a", valid=None)
    patches = cut_patches(mask * 255, table[::-1])
    assert [int((p[59:69, 59:69] == 255).sum()) for p in patches] == [100, 100]
    assert (patches[0] > 0).sum() == 100


def test_misfits_are_refused(image):
    with pytest.raises(SettingError, match="gray"):
        cut_patches(np.zeros((5, 5, 3), np.uint8), boxes())
    with pytest.raises(SettingError, match="outside the image of 300 x 400"):
        cut_patches(image, boxes((290, 0, 301, 5)))
    with pytest.raises(SettingError, match="patch size is 0"):
        cut_patches(image, boxes((0, 0, 5, 5)), size=0)
