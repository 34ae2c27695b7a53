"""Copies are found whatever their shift and size; different fields are left apart."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph, PixelSize
from sorby.features import near_duplicate_fields
from sorby.synthetic import discs, lpbf_build


def texture(seed, shape=(192, 256), grain_px=2.0):
    """Independent gray texture, uint8, mean 150 and standard deviation 20."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), grain_px)
    return (150 + 20 * noise / noise.std()).clip(0, 255).astype(np.uint8)


def porous(seed, n_pores, shape=(192, 256), radius_px=5):
    """Bright texture with dark discs."""
    rng = np.random.default_rng(seed)
    gray = texture(seed, shape) // 2 + 100
    centres = np.column_stack([rng.uniform(0, length, n_pores) for length in shape])
    gray[discs(shape, centres, radius_px)] = 30
    return gray


def groups(*images, **options):
    return near_duplicate_fields([Micrograph(image) for image in images], **options).tolist()


def shrunk(image, factor):
    rows, columns = (round(length * factor) for length in image.shape)
    return np.asarray(Image.fromarray(image).resize((columns, rows), Image.Resampling.BICUBIC))


WALLS = {
    "white noise": lambda: texture(0, (600, 800), 0.1),
    "fine": lambda: texture(1, (600, 800), 2),
    "coarse": lambda: texture(2, (600, 800), 12),
    "pores": lambda: porous(3, 150, (600, 800)),
}


@pytest.fixture(params=list(WALLS))
def wall(request):
    return WALLS[request.param]()


def test_a_crop_shifted_by_30_percent_is_found(wall):
    rows, columns = 460, 615  # of 600 x 800: the other crop is shifted by 30 % of its edges
    first, second = wall[:rows, :columns], wall[600 - rows :, 800 - columns :]
    assert groups(first, wall[::-1, ::-1], second) == [0, 1, 0]


@pytest.mark.parametrize("factor", [0.5, 0.6, 0.83])
def test_a_resized_copy_is_found(wall, factor):
    assert groups(wall, shrunk(wall, factor)) == [0, 0]


@pytest.mark.parametrize("edge", [0.55, 0.7, 0.85])
def test_an_enlarged_detail_is_found(wall, edge):
    rows, columns = round(600 * edge), round(800 * edge)
    detail = wall[50 : 50 + rows, 100 : 100 + columns]
    assert groups(wall, detail, shrunk(detail, 1 / edge)) == [0, 0, 0]


def test_exposure_depth_and_noise_hide_nothing(wall, rng):
    darker = (wall * 140.0 + rng.normal(0, 300, wall.shape)).clip(0, 65535).astype(np.uint16)
    assert groups(wall, darker) == [0, 0]


@pytest.mark.parametrize("grain_px", [0.1, 2, 8, 20])
def test_independent_textures_stay_apart(grain_px):
    fields = [texture(seed, (384, 512), grain_px) for seed in range(8)]
    assert groups(*fields) == list(range(8))


def test_fields_with_one_pore_each_stay_apart():
    assert groups(*(porous(seed, 1, radius_px=25) for seed in range(5))) == list(range(5))


def test_turned_copies_are_not_looked_for(wall):
    assert groups(wall, np.rot90(wall)) == [0, 1]


def test_synthetic_fields_are_all_different():
    build = list(
        lpbf_build(
            rng=np.random.default_rng(0),
            powers_w=(160, 320),
            speeds_mm_s=(400, 1200),
            shape=(384, 512),
        )
    )
    masks = [field.mask != 255 for field in build]
    polished = near_duplicate_fields([Micrograph(f.polished) for f in build], valid=masks)
    etched = near_duplicate_fields([Micrograph(f.etched) for f in build])
    assert polished.tolist() == etched.tolist() == list(range(8))


def test_pixel_sizes_lead_to_a_detail_far_outside_the_tried_ratios():
    wall = texture(4, (900, 1200), 6)
    detail = wall[300:600, 400:800]
    enlarged = shrunk(detail, 3.0)
    fields = [
        Micrograph(wall, "overview", PixelSize(3.0, "given")),
        Micrograph(enlarged, "detail", PixelSize(1.0, "given")),
    ]
    assert near_duplicate_fields(fields).tolist() == [0, 0]
    assert near_duplicate_fields(fields, um_per_px=[None, None]).tolist() == [0, 1]


def test_friends_of_friends_are_one_group():
    wall = texture(5, (300, 1000))
    views = [wall[:, start : start + 400] for start in (0, 250, 500)]
    assert groups(views[0], views[2]) == [0, 1]
    assert groups(*views) == [0, 0, 0]


def test_no_one_and_blank_fields():
    assert groups() == []
    assert groups(texture(0)) == [0]
    blank = np.full((64, 80), 255, np.uint8)
    assert groups(blank, blank, blank // 2) == [0, 1, 2]
    assert groups(np.zeros((1, 1), np.uint8), np.zeros((3, 90), np.uint8)) == [0, 1]


def test_lists_of_another_length_are_refused():
    with pytest.raises(SettingError, match="1 pixel sizes for 2 fields"):
        groups(texture(0), texture(1), um_per_px=[1.0])
    with pytest.raises(SettingError, match="valid masks"):
        groups(texture(0), texture(1), valid=[None])
