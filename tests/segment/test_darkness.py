import numpy as np
import pytest

from sorby.core.tiling import windows
from sorby.segment.darkness import HALO_PX, NOISE_GOAL, quiet_darkness
from sorby.segment.gray import gray_histogram


def quiet(pixels):
    return quiet_darkness(pixels, None, gray_histogram(pixels))


@pytest.mark.parametrize("sd", [0.01, 0.02])
def test_noise_of_sound_metal_is_its_standard_deviation(draw_field, many_discs, sd):
    gray, _ = draw_field((240, 320), many_discs, metal=180, noise=180 * sd)
    field, noise = quiet(gray)
    assert field.smoothing_px == 0
    assert noise == pytest.approx(sd, rel=0.15)


def test_noisy_fields_are_smoothed_until_they_are_quiet_and_quiet_ones_never(draw_field):
    smoothings = []
    for noise in (1, 10, 20, 30):
        gray, _ = draw_field((240, 320), [(100, 100, 20)], noise=noise)
        field, left = quiet(gray)
        smoothings.append(field.smoothing_px)
        assert left <= NOISE_GOAL
    assert smoothings[0] == 0
    assert smoothings == sorted(set(smoothings))


def test_noise_is_seen_where_most_of_the_metal_is_overexposed(rng):
    gray = (265 + rng.normal(0, 30, (240, 320))).clip(0, 255).astype(np.uint8)
    assert (gray == 255).mean() > 0.55
    field, _ = quiet(gray)
    assert field.smoothing_px > 0


def test_hot_pixels_are_held_within_their_neighbours_and_pairs_are_kept(draw_field):
    gray, _ = draw_field((240, 320), [], noise=1)
    gray[50, 60] = 0
    gray[100, 100:102] = 0
    field, _ = quiet(gray)
    window = next(windows(gray.shape, size=320))
    darkness, _ = field.block(window)
    assert darkness[50, 60] < 0.05
    assert (darkness[100, 100:102] > 0.9).all()


def test_blocks_with_a_halo_equal_the_whole(draw_field, many_discs, rng):
    gray, _ = draw_field((240, 320), many_discs, noise=30)
    valid = rng.random(gray.shape) < 0.95
    field, _ = quiet_darkness(gray, valid, gray_histogram(gray, valid))
    assert field.smoothing_px > 0
    whole, _ = field.block(next(windows(gray.shape, size=320)))
    for window in windows(gray.shape, size=70, halo=HALO_PX):
        assert np.array_equal(field.block(window)[0], whole[window.core])
