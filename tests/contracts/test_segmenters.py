"""The exam of every segmenter: ``f(micrograph, *, valid=None, **options) -> probability``."""

import inspect

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph
from sorby.segment import DEFAULT_SEGMENTER, SEGMENTERS, mask_from_probability


@pytest.fixture(params=list(SEGMENTERS))
def segmenter(request):
    return SEGMENTERS[request.param]


def pores(rng, shape=(96, 120)):
    """Gray field with three pores, and where they are."""
    rows, columns = np.indices(shape)
    truth = np.zeros(shape, bool)
    for row, column, radius in ((20, 30, 6), (60, 80, 10), (80, 20, 4)):
        truth |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    gray = np.where(truth, 60, 190) + rng.normal(0, 3, shape)
    return gray.clip(0, 255).astype(np.uint8), truth


def test_is_float32_from_0_to_1_with_one_plane_a_class(segmenter, rng):
    gray, _ = pores(rng)
    probability = segmenter(Micrograph(gray))
    assert probability.dtype == np.float32
    assert probability.ndim == 3
    assert probability.shape[:2] == gray.shape
    assert probability.min() >= 0
    assert probability.max() <= 1


def test_finds_plain_pores_to_the_pixel(segmenter, rng):
    gray, truth = pores(rng)
    assert np.array_equal(segmenter(Micrograph(gray)).max(axis=2) >= 0.5, truth)


def test_same_input_same_answer_and_input_untouched(segmenter, rng):
    gray, _ = pores(rng)
    valid = rng.random(gray.shape) < 0.9
    before = gray.copy(), valid.copy()
    first = segmenter(Micrograph(gray), valid=valid)
    assert np.array_equal(first, segmenter(Micrograph(gray), valid=valid))
    assert np.array_equal(gray, before[0])
    assert np.array_equal(valid, before[1])


@pytest.mark.parametrize("convert", [lambda g: g.astype(np.uint16) * 257, lambda g: g / 255.0])
def test_depth_of_the_file_changes_no_pixel(segmenter, rng, convert):
    gray, _ = pores(rng)
    mask = mask_from_probability(segmenter(Micrograph(gray)))
    assert np.array_equal(mask_from_probability(segmenter(Micrograph(convert(gray)))), mask)


def test_invalid_pixels_have_no_say(segmenter, rng):
    gray, _ = pores(rng)
    valid = np.ones(gray.shape, bool)
    valid[:, 100:] = False
    disturbed = gray.copy()
    disturbed[:, 100:] = rng.integers(0, 256, (gray.shape[0], 20))
    probability = segmenter(Micrograph(gray), valid=valid)
    assert np.array_equal(segmenter(Micrograph(disturbed), valid=valid), probability)
    assert not probability[~valid].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 7), (2, 300)])
def test_tiny_and_constant_fields_have_no_defect(segmenter, shape):
    for level in (0, 128, 255):
        probability = segmenter(Micrograph(np.full(shape, level, np.uint8)))
        assert probability.shape[:2] == shape
        assert not (probability >= 0.5).any()


def test_values_that_are_not_finite_and_fields_without_valid_pixels_are_no_defect(segmenter, rng):
    gray, truth = pores(rng)
    holey = gray.astype(np.float32)
    holey[0, :40] = np.nan
    holey[1, :40] = np.inf
    probability = segmenter(Micrograph(holey))
    assert np.isfinite(probability).all()
    assert not probability[:2, :40].any()
    assert np.array_equal(probability.max(axis=2) >= 0.5, truth)
    assert not segmenter(Micrograph(gray), valid=np.zeros(gray.shape, bool)).any()


@pytest.mark.parametrize("shape", [(4, 5, 3), (7,), (0, 5)])
def test_what_is_not_one_gray_plane_is_refused_with_its_shape(segmenter, shape):
    with pytest.raises(SettingError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        segmenter(Micrograph(np.zeros(shape, np.uint8)))


def test_valid_mask_of_another_size_is_refused(segmenter):
    with pytest.raises(SettingError, match=r"\(3, 3\).*\(4, 4\)"):
        segmenter(Micrograph(np.zeros((4, 4), np.uint8)), valid=np.ones((3, 3), bool))


def test_is_documented_with_an_example(segmenter):
    text = inspect.getdoc(segmenter)
    for part in ("Parameters", "Returns", "Examples", ">>>"):
        assert part in text


def test_the_default_is_one_of_them():
    assert DEFAULT_SEGMENTER in SEGMENTERS
