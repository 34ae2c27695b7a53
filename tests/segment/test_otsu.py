import numpy as np
import pytest
from skimage.filters import threshold_otsu

from sorby.core.records import Micrograph
from sorby.segment import gray
from sorby.segment.otsu import otsu


def variance_between(pixels, dark):
    return dark.mean() * (1 - dark.mean()) * (pixels[dark].mean() - pixels[~dark].mean()) ** 2


def test_mask_is_what_scikit_image_calls_dark(draw_field, many_discs):
    field, _ = draw_field((240, 320), many_discs, light=0.5, noise=10)
    pixels = field.astype(np.uint8)
    mask = otsu(Micrograph(pixels))[:, :, 0] >= 0.5
    assert np.array_equal(mask, pixels <= threshold_otsu(pixels))


@pytest.mark.parametrize("full_scale", [np.uint16(65535), np.float32(1)])
def test_classes_lie_at_least_as_far_apart_as_those_of_scikit_image(
    draw_field, many_discs, full_scale
):
    field, _ = draw_field((240, 320), many_discs, light=0.5, noise=10)
    pixels = (field * (float(full_scale) / 255)).astype(full_scale.dtype)
    ours = variance_between(pixels, otsu(Micrograph(pixels))[:, :, 0] >= 0.5)
    theirs = variance_between(pixels, pixels <= threshold_otsu(pixels, nbins=1024))
    assert ours >= theirs * (1 - 1e-4)


def test_probability_rises_with_darkness(draw_field, many_discs):
    field, _ = draw_field((240, 320), many_discs, noise=10)
    pixels = field.astype(np.uint8)
    probability = otsu(Micrograph(pixels))[:, :, 0]
    by_gray = probability.ravel()[np.argsort(pixels.ravel(), kind="stable")]
    assert (np.diff(by_gray) <= 0).all()


def test_one_hot_pixel_does_not_coarsen_a_float_image(draw_field, many_discs):
    field, _ = draw_field((240, 320), many_discs)
    mask = otsu(Micrograph(field)) >= 0.5
    field[0, 0] = 1e9
    assert np.array_equal(otsu(Micrograph(field)) >= 0.5, mask)


def test_strips_change_nothing(draw_field, many_discs, monkeypatch):
    field, _ = draw_field((240, 320), many_discs, noise=10)
    whole = otsu(Micrograph(field.astype(np.uint8)))
    monkeypatch.setattr(gray, "STRIP_PX", 1000)
    assert np.array_equal(otsu(Micrograph(field.astype(np.uint8))), whole)
