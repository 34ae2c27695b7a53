"""Sections of any look: their truth is what can be seen, by the depth of the deep defects."""

import numpy as np
import pytest
from scipy import ndimage

from sorby.synthetic import discs, random_section
from sorby.synthetic.blemishes import random_blemishes
from sorby.synthetic.holes import random_holes
from sorby.synthetic.randomised import _truth

SHAPE = (128, 160)


@pytest.fixture(scope="module")
def sections():
    return [random_section(SHAPE, rng=np.random.default_rng(seed)) for seed in range(40)]


def test_same_seed_same_section_and_another_seed_another():
    first, again, other = (random_section(SHAPE, rng=np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.pixels, other.pixels)


def test_masks_hold_metal_defect_and_uncounted_alone(sections):
    for section in sections:
        assert section.pixels.shape == section.mask.shape == SHAPE
        assert section.pixels.dtype == section.mask.dtype == np.uint8
        assert set(np.unique(section.mask)) <= {0, 1, 255}


def test_a_defect_can_be_seen_darker_than_the_metal_around_it_or_brighter_if_inverted(sections):
    steps = []
    for section in sections:
        defect = section.mask == 1
        around = ndimage.binary_dilation(defect, iterations=8) & (section.mask == 0)
        around &= ~ndimage.binary_dilation(defect, iterations=3)
        if np.count_nonzero(defect) > 20 and around.any():
            step = np.median(section.pixels[around].astype(float)) - np.median(
                section.pixels[defect].astype(float)
            )
            steps.append(step)
            assert abs(step) > 10
    assert len(steps) > 20
    assert np.mean(np.array(steps) > 0) > 0.85


def test_looks_differ_widely_from_section_to_section(sections):
    levels = [np.median(section.pixels) for section in sections]
    assert np.ptp(levels) > 100
    shares = [np.mean(section.mask == 1) for section in sections]
    assert min(shares) == 0
    assert max(shares) > 0.05


def test_truth_is_deep_enough_beside_the_deep_ones():
    depth = np.zeros((80, 240))
    for column, value in ((30, 0.8), (80, 0.4), (130, 0.2), (180, 0.6)):
        depth[discs(depth.shape, [(40, column)], 12)] = value
    depth[40, 220] = 0.8
    mask = _truth(depth, noise=1.0)
    assert [mask[40, column] for column in (30, 80, 130, 180)] == [1, 255, 0, 1]
    assert mask[40, 220] == 255, "one pixel is under the size floor"
    assert np.array_equal(mask[:, :60] == 1, discs((80, 60), [(40, 30)], 12))


def test_boundary_of_a_blurred_disc_lies_where_six_tenths_of_its_depth_are_left():
    y, x = np.indices((100, 100))
    depth = 0.8 * np.clip((30.5 - np.hypot(y - 50, x - 50)) / 10 + 0.5, 0, 1)
    mask = _truth(depth, noise=1.0)
    assert np.array_equal(mask == 1, depth >= 0.6 * 0.8)


def test_what_drowns_in_noise_is_not_counted():
    depth = np.zeros((60, 60))
    depth[discs(depth.shape, [(30, 30)], 8)] = 0.1
    assert set(np.unique(_truth(depth, noise=9.0))) == {0, 255}
    assert set(np.unique(_truth(depth, noise=1.0))) == {0, 1}


def test_holes_are_numbered_with_a_depth_each():
    for seed in range(10):
        holes = random_holes(SHAPE, rng=np.random.default_rng(seed))
        assert holes.instances.max() < len(holes.depths)
        assert holes.depths[0] == 0
        assert (holes.depths[1:] > 0).all()
        assert (holes.depths < 1).all()


def test_blemishes_leave_most_of_the_metal_as_it_is():
    for seed in range(10):
        light = random_blemishes(SHAPE, rng=np.random.default_rng(seed))
        assert 0.9 < np.median(light) < 1.1
        assert light.min() >= 0.1
