"""Patches of every kind become 128 x 128 gray bytes with the defect still in the centre."""

import numpy as np
import pytest

from sorby.classify import as_patches
from sorby.classify.patches import stretched
from sorby.core.errors import SettingError


def disc(rows, columns, radius):
    row, column = np.indices((rows, columns), dtype=float)
    inside = np.hypot(row - (rows - 1) / 2, column - (columns - 1) / 2) < radius
    return np.where(inside, 20, 200).astype(np.uint8)


def test_the_wanted_form_is_passed_on_untouched(drawn):
    assert as_patches(drawn[0]) is drawn[0]


@pytest.mark.parametrize("shape", [(64, 64), (256, 256), (100, 140), (31, 90), (128, 128)])
def test_a_disc_stays_in_the_centre_and_keeps_its_share_of_the_patch(shape):
    edge = max(shape)
    (patch,) = as_patches([disc(*shape, edge / 10)])
    dark = np.argwhere(patch < 110)
    assert patch.shape == (128, 128) and patch.dtype == np.uint8
    np.testing.assert_allclose(dark.mean(axis=0), 63.5, atol=1.0)
    # A patch of 31 x 90 is mirrored at its long sides; the disc itself is 12.8 px in radius.
    near = np.hypot(*(dark - 63.5).T) < 30
    assert near.sum() == pytest.approx(np.pi * 12.8**2, rel=0.1)


def test_colour_becomes_luminance_and_alpha_is_dropped(drawn):
    gray = drawn[0][0]
    rgba = np.dstack([gray, gray, gray, np.full_like(gray, 7)])
    for colour in (rgba, rgba[..., :3]):
        assert np.abs(as_patches([colour])[0].astype(int) - gray).max() <= 1
    red = np.zeros((128, 128, 3), np.uint8)
    red[..., 0] = 255
    assert as_patches(red[None]).max() == round(255 * 0.2125)


def test_sixteen_bits_and_floats_are_stretched_over_their_own_range(drawn):
    gray = drawn[0][0]
    full = (gray.astype(float) - gray.min()) / np.ptp(gray) * 255
    for deep in (gray.astype(np.uint16) * 16 + 300, gray / 255.0, gray > 100):
        (patch,) = as_patches([deep])
        assert (patch.min(), patch.max()) == (0, 255)
    np.testing.assert_allclose(as_patches([gray / 255.0])[0], full, atol=1)


def test_no_patches_of_any_form_are_no_patches():
    for empty in ([], np.zeros((0, 128, 128)), np.zeros((0, 50, 50, 3), np.uint8)):
        assert as_patches(empty).shape == (0, 128, 128)


@pytest.mark.parametrize(
    "bad", [np.zeros(5), np.zeros((4, 4, 2)), np.zeros((0, 7)), np.full((9, 9), np.nan)]
)
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(SettingError, match="Patch 0 has shape"):
        as_patches([bad])


def test_stretching_does_not_amplify_the_noise_of_a_blank_patch(rng):
    blank = rng.normal(200, 1, (1, 128, 128))
    assert stretched(blank).std() < 15
    assert np.isfinite(stretched(np.full((1, 128, 128), 9.0))).all()


def test_stretching_keeps_a_pore_of_three_pixels_and_drops_a_dead_pixel():
    pore, dead = np.full((2, 128, 128), 200, np.uint8)
    pore[63:66, 63:66] = 30
    dead[64, 64] = 30
    shown = stretched(np.stack([pore, dead]))
    assert shown[0, 64, 64] == 0 and shown[0, 0, 0] == 255
    assert shown[1, 0, 0] > 190
