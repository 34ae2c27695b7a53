"""The exam of every loss: ``f(logits, labels, *, ignore=255) -> scalar tensor``."""

import inspect

import pytest
import torch

from sorby.learn import LOSSES


@pytest.fixture(params=list(LOSSES))
def loss(request):
    return LOSSES[request.param]


@pytest.fixture(params=[1, 2, 3], ids=lambda n: f"{n} classes")
def n_classes(request):
    return request.param


@pytest.fixture
def labels(n_classes):
    draws = torch.Generator().manual_seed(3)
    made = torch.randint(0, n_classes + 1, (2, 12, 16), generator=draws).to(torch.uint8)
    made[:, :2] = 255
    return made


def logits_for(labels, n_classes, sureness):
    """Logits that are right by so much."""
    if n_classes == 1:
        return torch.where(labels == 0, -sureness, sureness)[:, None].float()
    truth = torch.where(labels == 255, 0, labels).long()
    return sureness * torch.nn.functional.one_hot(truth, n_classes + 1).permute(0, 3, 1, 2).float()


def test_is_a_finite_scalar_that_is_not_negative(loss, labels, n_classes):
    for sureness in (-60.0, 0.0, 60.0):
        value = loss(logits_for(labels, n_classes, sureness), labels)
        assert value.shape == ()
        assert torch.isfinite(value)
        assert value >= 0


def test_a_better_prediction_costs_less(loss, labels, n_classes):
    costs = [
        float(loss(logits_for(labels, n_classes, sureness), labels)) for sureness in (-2, 0, 1, 4)
    ]
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == len(costs)


def test_the_gradient_leads_to_a_lower_loss_and_is_finite(loss, labels, n_classes):
    logits = logits_for(labels, n_classes, -1.0).requires_grad_()
    before = loss(logits, labels)
    before.backward()
    assert torch.isfinite(logits.grad).all()
    assert loss((logits - 10 * logits.grad).detach(), labels) < before


def test_a_batch_of_which_nothing_counts_has_a_finite_loss_and_teaches_nothing(loss, n_classes):
    labels = torch.full((2, 8, 8), 255, dtype=torch.uint8)
    logits = logits_for(labels, n_classes, 3.0).requires_grad_()
    value = loss(logits, labels)
    value.backward()
    assert torch.isfinite(value)
    assert not logits.grad.any()


def test_a_batch_without_defect_has_a_finite_loss(loss, n_classes):
    labels = torch.zeros((1, 8, 8), dtype=torch.uint8)
    assert torch.isfinite(loss(logits_for(labels, n_classes, 3.0), labels))


def test_what_is_ignored_has_no_say(loss, labels, n_classes):
    logits = logits_for(labels, n_classes, 1.0)
    ignored = (labels == 255)[:, None].expand_as(logits)
    assert loss(torch.where(ignored, torch.tensor(9.0), logits), labels) == loss(logits, labels)
    assert loss(logits, labels) != loss(logits, torch.where(labels == 255, 1, labels))


def test_labels_may_be_of_any_whole_type_and_neither_input_is_changed(loss, labels, n_classes):
    logits = logits_for(labels, n_classes, 1.0)
    before = logits.clone(), labels.clone()
    assert loss(logits, labels.long()) == loss(logits, labels)
    assert torch.equal(logits, before[0])
    assert torch.equal(labels, before[1])


def test_is_documented_with_an_example(loss):
    text = inspect.getdoc(loss)
    for part in ("Parameters", "Returns", "Examples", ">>>"):
        assert part in text
