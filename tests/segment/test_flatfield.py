import numpy as np
import pytest
from scipy import ndimage

from sorby.segment import flatfield
from sorby.segment.flatfield import model_flat_field

WHOLE = (slice(0, 240), slice(0, 320))


def test_large_pores_do_not_pull_the_background_down(draw_field):
    discs = [(70, 80, 40), (160, 220, 45)]
    bare, _ = draw_field((240, 320), [], light=0.4, noise=1)
    gray, truth = draw_field((240, 320), discs, light=0.4, noise=1)
    flat = model_flat_field(gray, None, (0, 255))
    assert truth.mean() > 0.14
    assert np.abs(flat.darkness(bare, WHOLE)).max() < 0.04


def test_uneven_light_leaves_sound_metal_at_darkness_zero(draw_field):
    gray, _ = draw_field((240, 320), [], light=0.5, noise=0.5)
    darkness = model_flat_field(gray, None, (0, 255)).darkness(gray, WHOLE)
    assert np.abs(darkness).max() < 0.03
    assert gray.std() / gray.mean() > 0.05


def test_dark_metal_with_bright_defects_is_measured_towards_white(draw_field, many_discs):
    gray, _ = draw_field((240, 320), many_discs)
    dark = model_flat_field(gray, None, (0, 255))
    bright = model_flat_field(255 - gray, None, (0, 255))
    assert (dark.zero, bright.zero) == (0, 255)
    np.testing.assert_allclose(
        bright.darkness(255 - gray, WHOLE), dark.darkness(gray, WHOLE), atol=0.02
    )


def test_bright_smears_on_sound_bright_metal_do_not_turn_the_polarity(draw_field):
    gray, _ = draw_field((240, 320), [(100, 100, 20)], metal=150, depth=-0.5)
    assert model_flat_field(gray, None, (0, 255)).zero == 0


def test_resin_beside_the_metal_has_no_say(draw_field):
    bare, _ = draw_field((240, 320), [], noise=1)
    gray = bare.copy()
    gray[:, :180] = 12
    flat = model_flat_field(gray, None, (0, 255))
    metal = (slice(0, 240), slice(185, 320))
    assert np.abs(flat.darkness(gray[metal], metal)).max() < 0.05


@pytest.mark.parametrize("view_px", [50, 512])
def test_any_block_of_the_darkness_equals_that_of_the_whole(draw_field, monkeypatch, view_px):
    monkeypatch.setattr(flatfield, "VIEW_PX", view_px)
    gray, _ = draw_field((240, 320), [(70, 80, 40)], light=0.4)
    gray = gray.astype(np.float32)
    flat = model_flat_field(gray, None, (0, 255))
    whole = flat.darkness(gray, WHOLE)
    block = (slice(31, 97), slice(200, 263))
    assert np.array_equal(flat.darkness(gray[block], block), whole[block])


def test_a_reduced_view_gives_the_same_background(draw_field, monkeypatch):
    gray, _ = draw_field((240, 320), [(70, 80, 30)], light=0.4)
    full = model_flat_field(gray, None, (0, 255)).darkness(gray, WHOLE)
    monkeypatch.setattr(flatfield, "VIEW_PX", 80)
    reduced = model_flat_field(gray, None, (0, 255))
    assert reduced.block == 4
    np.testing.assert_allclose(reduced.darkness(gray, WHOLE), full, atol=0.02)


@pytest.mark.parametrize("shape", [(31, 200), (1, 7), (64, 64)])
def test_the_wide_average_is_that_of_scipy(shape):
    values = np.random.default_rng(0).normal(size=shape)
    expected = ndimage.gaussian_filter(values, 8.5, truncate=3)
    np.testing.assert_allclose(flatfield._gaussian(values, 8.5), expected, atol=1e-12)
