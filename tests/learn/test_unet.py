"""The network that corrects a guess: what it says before it has learnt anything."""

import numpy as np
import pytest
import torch

from sorby.learn import initialise
from sorby.learn.unet import GUESS_LIMITS, CorrectingUNet, build
from sorby.segment.trained import HALO_PX


@pytest.fixture
def planes():
    return torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=[True, False], ids=["training", "evaluation"])
def is_training(request):
    return request.param


@torch.no_grad()
def test_with_fresh_weights_its_answer_is_the_guess(planes, is_training):
    network = build(3, 1).train(is_training)
    initialise(network, np.random.default_rng(0))
    expected = planes[:, 2:].clamp(*GUESS_LIMITS)
    torch.testing.assert_close(torch.sigmoid(network(planes)), expected)


@torch.no_grad()
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_with_several_classes_any_defect_is_as_likely_as_the_guess_and_all_are_alike(
    planes, n_classes
):
    network = build(3, n_classes)
    initialise(network, np.random.default_rng(0))
    shares = torch.softmax(network(planes), dim=1)
    torch.testing.assert_close(1 - shares[:, 0], planes[:, 2].clamp(*GUESS_LIMITS))
    torch.testing.assert_close(shares[:, 1:], shares[:, 1:2].expand_as(shares[:, 1:]))


@torch.no_grad()
def test_a_guess_beyond_the_limits_is_held_so_that_training_can_overrule_it():
    network = build(1, 1).eval()
    network.start_from_guess()
    sure = torch.tensor([0.0, 1.0]).repeat(32, 16)[None, None]
    found = torch.sigmoid(network(sure))
    assert found.unique().tolist() == pytest.approx(GUESS_LIMITS)


@torch.no_grad()
def test_after_a_first_step_it_says_something_else(planes):
    network = build(3, 1)
    initialise(network, np.random.default_rng(0))
    with torch.enable_grad():
        network(planes).square().mean().backward()
    for weight in network.parameters():
        weight -= 0.1 * weight.grad
    assert (torch.sigmoid(network(planes)) - planes[:, 2:]).abs().max() > 0.01


def test_stride_is_the_fold_times_the_poolings():
    assert CorrectingUNet(1, 1).stride == 32
    assert CorrectingUNet(1, 1, widths=(4, 8)).stride == 4


@torch.inference_mode()
def test_no_pixel_depends_on_one_farther_than_the_halo_of_the_tiles():
    network = build(1, 1).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # no pixel is cut off by a ReLU
            torch.nn.init.constant_(module.bias, 1.0)
    shape = (32, 32 * 31)
    flat = torch.full((1, 1, *shape), 0.5)
    for middle in range(480, 512, 5):
        pricked = flat.clone()
        pricked[..., middle] = 0.9
        changed = ((network(pricked) - network(flat)).abs() > 1e-7).any(dim=2)[0, 0]
        reach = (torch.nonzero(changed)[:, 0] - middle).abs().max()
        assert 64 < reach <= HALO_PX
