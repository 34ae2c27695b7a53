"""The model in the box: what it must get right on any polished section."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from sorby.core.records import Micrograph
from sorby.segment import base_model, mask_from_probability
from sorby.segment.base import WEIGHTS, base
from sorby.synthetic import discs

METAL, HOLE, NOISE = 180, 50, 3


def section(holes: np.ndarray, rng) -> np.ndarray:
    """Metal with holes, a little blurred and noisy."""
    gray = ndimage.gaussian_filter(np.where(holes, float(HOLE), float(METAL)), 0.8)
    return (gray + rng.normal(0, NOISE, holes.shape)).clip(0, 255).astype(np.uint8)


def mask_of(pixels: np.ndarray) -> np.ndarray:
    return mask_from_probability(base(Micrograph(pixels))) == 1


def test_the_file_is_small_and_says_that_it_saw_synthetic_sections_alone():
    assert WEIGHTS.stat().st_size <= 4e6
    segmenter, card = base_model()
    assert "SYNTHETIC" in card.trained_on
    assert card.licence
    assert card.limits
    assert segmenter.threshold == 0.5, "the shared threshold of the methods without labels"


@pytest.mark.parametrize("radius", [20, 60, 110])
def test_a_large_pore_has_no_hole(radius, rng):
    truth = discs((400, 400), [(200, 200)], radius)
    called = mask_of(section(truth, rng))
    _, n_parts = ndimage.label(~called)
    assert n_parts == 1, "the metal around is one part, and there is none inside"
    assert abs(np.count_nonzero(called) / np.count_nonzero(truth) - 1) < 0.05


def test_pores_a_few_pixels_apart_stay_apart(rng):
    truth = discs((128, 160), [(64, 50), (64, 74), (64, 98)], 10)
    _, n_found = ndimage.label(mask_of(section(truth, rng)))
    assert n_found == 3


@pytest.mark.parametrize("value", [0, 255])
def test_one_odd_pixel_changes_nothing_beyond_its_neighbours(value, rng):
    truth = discs((200, 200), [(50, 60), (120, 140)], 9)
    pixels = section(truth, rng)
    odd = pixels.copy()
    odd[20, 180] = value
    differs = mask_of(pixels) != mask_of(odd)
    assert not differs.any()


def test_straight_faint_scratches_are_no_defects(rng):
    truth = discs((256, 256), [(60, 60), (190, 120)], 12)
    gray = section(truth, rng).astype(float)
    rows = np.arange(256)
    for offset, depth in ((0, 25), (70, 35)):
        gray[rows, np.clip(rows // 2 + offset, 0, 255)] -= depth
    called = mask_of(gray.clip(0, 255).astype(np.uint8))
    outside = called & ~ndimage.binary_dilation(truth, iterations=3)
    assert np.count_nonzero(outside) < 0.02 * np.count_nonzero(truth)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4, 2.0])
def test_area_fraction_stays_when_the_image_is_resized(factor, rng):
    places = [(60, 70), (150, 210), (220, 90), (90, 240), (250, 250)]
    pixels = section(discs((300, 300), places, [14, 22, 18, 10, 26]), rng)
    size = (round(300 * factor), round(300 * factor))
    resized = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    assert mask_of(resized).mean() == pytest.approx(mask_of(pixels).mean(), rel=0.05)
