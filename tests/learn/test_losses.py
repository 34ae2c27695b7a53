"""Losses against values worked out on paper; what is ignored has no say."""

import math

import pytest
import torch

from sorby.learn.losses import bce, bce_dice


def logits_of(*shares):
    """Logits (1, k, 1, n) whose softmax is each pixel's shares (for one: odds of defect)."""
    columns = torch.tensor(shares, dtype=torch.float64).T
    if columns.shape[0] == 1:
        return torch.logit(columns)[None, :, None, :]
    return torch.log(columns)[None, :, None, :]


def labels_of(*labels):
    return torch.tensor([[labels]], dtype=torch.uint8)


def test_cross_entropy_of_one_logit_is_the_mean_of_minus_log_of_what_was_given_to_the_truth():
    logits = logits_of([0.5], [0.75], [0.25])
    expected = (math.log(2) - 2 * math.log(0.75)) / 3
    assert float(bce(logits, labels_of(1, 1, 0))) == pytest.approx(expected)


def test_one_logit_takes_every_class_for_defect():
    logits = logits_of([0.9], [0.8])
    assert float(bce(logits, labels_of(3, 1))) == float(bce(logits, labels_of(1, 1)))


def test_cross_entropy_of_several_logits_is_that_of_their_softmax():
    logits = logits_of([0.25, 0.5, 0.25], [0.75, 0.125, 0.125])
    expected = -(math.log(0.5) + math.log(0.75)) / 2
    assert float(bce(logits, labels_of(1, 0))) == pytest.approx(expected)


def test_soft_dice_of_one_logit_is_as_worked_out():
    # p = 3/4 on the defect and 1/4 beside it: both 3/4, either 3/4 + 1/4 + 1, one added to each.
    expected = -math.log(0.75) + 0.5 * (1 - (2 * 0.75 + 1) / (2 + 1))
    assert float(bce_dice(logits_of([0.75], [0.25]), labels_of(1, 0))) == pytest.approx(expected)


def test_soft_dice_of_several_logits_is_averaged_over_the_defect_classes():
    logits = logits_of([0.25, 0.5, 0.25], [0.75, 0.125, 0.125])
    first = (2 * 0.5 + 1) / (0.5 + 0.125 + 1 + 1)
    second = (2 * 0.125 + 1) / (0.25 + 0.125 + 1 + 1)
    expected = (math.log(2) + math.log(8)) / 2 + 0.5 * (1 - (first + second) / 2)
    assert float(bce_dice(logits, labels_of(1, 2))) == pytest.approx(expected)


def test_dice_counts_the_whole_batch_so_that_an_image_without_defect_is_not_an_odd_one_out():
    logits = torch.cat([logits_of([0.75], [0.25]), logits_of([0.25], [0.25])])
    labels = torch.cat([labels_of(1, 0), labels_of(0, 0)])
    expected = -math.log(0.75) + 0.5 * (1 - (2 * 0.75 + 1) / (1.5 + 1 + 1))
    assert float(bce_dice(logits, labels)) == pytest.approx(expected)


def value_and_gradient(loss, logits, labels, **options):
    logits = logits.clone().requires_grad_()
    value = loss(logits, labels, **options)
    value.backward()
    return float(value.detach()), logits.grad


@pytest.mark.parametrize("loss", [bce, bce_dice])
@pytest.mark.parametrize("n_logits", [1, 4])
@pytest.mark.parametrize("ignore", [255, 7])
def test_ignored_pixels_change_neither_value_nor_gradient_and_get_none(loss, n_logits, ignore):
    draws = torch.Generator().manual_seed(0)
    logits = torch.randn(2, n_logits, 5, 6, generator=draws, dtype=torch.float64)
    labels = torch.randint(0, max(n_logits, 2), (2, 5, 6), generator=draws).to(torch.uint8)
    ignored = torch.rand(2, 5, 6, generator=draws) < 0.4
    labels[ignored] = ignore
    everywhere = ignored[:, None].expand_as(logits)
    poisoned = torch.where(everywhere, torch.full_like(logits, 80.0), logits)
    value, gradient = value_and_gradient(loss, logits, labels, ignore=ignore)
    again, same = value_and_gradient(loss, poisoned, labels, ignore=ignore)
    assert again == value
    assert torch.equal(same, gradient)
    assert not gradient[everywhere].any()
    assert (gradient[~everywhere] != 0).all()


@pytest.mark.parametrize("loss", [bce, bce_dice])
@pytest.mark.parametrize("n_logits", [1, 3])
def test_a_border_of_ignored_pixels_is_as_good_as_none(loss, n_logits):
    draws = torch.Generator().manual_seed(1)
    logits = torch.randn(2, n_logits, 4, 4, generator=draws, dtype=torch.float64)
    labels = torch.randint(0, max(n_logits, 2), (2, 4, 4), generator=draws)
    wider = torch.nn.functional.pad(logits, (3, 3, 3, 3), value=5.0)
    framed = torch.nn.functional.pad(labels, (3, 3, 3, 3), value=255)
    assert float(loss(wider, framed)) == pytest.approx(float(loss(logits, labels)), rel=1e-12)


def test_missing_a_rare_defect_costs_more_with_dice_than_by_cross_entropy_alone():
    labels = torch.zeros(1, 100, 100, dtype=torch.uint8)
    labels[0, 50:53, 50:53] = 1
    blind = torch.full((1, 1, 100, 100), -7.0)
    assert float(bce(blind, labels)) < 0.01
    assert float(bce_dice(blind, labels)) > 0.4
