import numpy as np
import pytest

from sorby.synthetic.imaging import burn_scale_bar, recorded, smooth_noise, uneven_light


@pytest.mark.parametrize("um_per_px, bar_um", [(1.25, 100), (0.5, 50), (3.0, 200)])
def test_scale_bar_has_the_length_its_text_says(um_per_px, bar_um):
    metal = np.full((600, 800), 200, np.uint8)
    pixels, (top, left, bottom, right) = burn_scale_bar(metal, um_per_px)
    box = pixels[top:bottom, left:right] == 0
    longest = max(
        len(run) for row in box for run in "".join("#" if p else " " for p in row).split()
    )
    assert longest == pytest.approx(bar_um / um_per_px, abs=5)


def test_scale_bar_and_text_lie_in_the_box_and_the_input_is_untouched():
    metal = np.full((300, 400), 200, np.uint8)
    pixels, (top, left, bottom, right) = burn_scale_bar(metal, 1.25)
    changed = pixels != metal
    assert changed.any()
    changed[top:bottom, left:right] = False
    assert not changed.any()
    assert (metal == 200).all()


@pytest.mark.parametrize("sigma", [1.0, 12.0, (30.0, 3.0)])
def test_smooth_noise_is_standardised_and_of_the_asked_size(sigma, rng):
    field = smooth_noise((500, 700), sigma, rng=rng)
    assert field.shape == (500, 700)
    assert abs(field.mean()) < 0.3
    assert field.std() == pytest.approx(1, abs=0.2)


def test_light_varies_around_one_within_its_strength(rng):
    light = uneven_light((200, 300), 0.2, rng=rng)
    assert light.mean() == pytest.approx(1, abs=0.02)
    assert np.ptp(light) > 0.02 and abs(light - 1).max() < 0.4


def test_camera_keeps_mean_and_clips(rng):
    image = np.full((64, 64), 120.0)
    pixels = recorded(image, rng=rng, blur_px=1, noise=2)
    assert pixels.dtype == np.uint8
    assert pixels.mean() == pytest.approx(120, abs=1)
    assert recorded(image + 400, rng=rng, blur_px=1, noise=2).min() == 255
