"""The exam of every metric: ``f(pred, truth, *, valid=None) -> float``, 1 is perfect."""

import inspect

import numpy as np
import pytest

from sorby.metrics import METRICS


@pytest.fixture(params=list(METRICS))
def metric(request):
    return METRICS[request.param]


@pytest.fixture
def masks(rng):
    return tuple((rng.random((30, 40)) < share).astype(np.uint8) for share in (0.2, 0.3))


def test_is_a_float_from_0_to_1(metric, masks):
    score = metric(*masks)
    assert isinstance(score, float)
    assert 0 <= score <= 1


def test_same_masks_score_1_and_opposite_masks_0(metric, masks):
    pred, _ = masks
    assert metric(pred, pred) == 1
    assert metric(pred, 1 - pred) == 0


def test_same_input_same_answer_and_input_untouched(metric, masks):
    pred, truth = masks
    before = pred.copy(), truth.copy()
    assert metric(pred, truth) == metric(pred, truth)
    assert np.array_equal(pred, before[0])
    assert np.array_equal(truth, before[1])


def test_pixels_that_are_not_valid_change_nothing(metric, masks, rng):
    pred, truth = masks
    valid = rng.random(pred.shape) < 0.5
    disturbed = np.where(valid, pred, 1 - pred)
    ignored = np.where(valid, truth, 255).astype(np.uint8)
    assert metric(disturbed, truth, valid=valid) == metric(pred, truth, valid=valid)
    assert metric(disturbed, ignored) == metric(pred, truth, valid=valid)


def test_is_documented_with_an_example(metric):
    text = inspect.getdoc(metric)
    for part in ("Parameters", "Returns", "Examples", ">>>"):
        assert part in text
