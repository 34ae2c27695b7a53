"""Grad-CAM is high where the evidence was put."""

import numpy as np
import pytest
import torch
from torch import nn

from sorby.core.errors import ModelError, SettingError
from sorby.learn import NETWORKS, grad_cam, initialise
from sorby.learn.explain import last_convolution


class Planted(nn.Module):
    """A defect is where the second plane is bright; the first plane speaks for nothing."""

    stride = 1

    def __init__(self, n_logits=1):
        super().__init__()
        self.see = nn.Conv2d(2, 2, 1, bias=False)
        self.say = nn.Conv2d(2, n_logits, 1)
        with torch.no_grad():
            self.see.weight.copy_(torch.eye(2)[..., None, None])
            self.say.weight.zero_()
            self.say.weight[-1, 1] = 4.0
            self.say.bias.fill_(-2.0 if n_logits == 1 else 0.0)
            if n_logits > 1:
                self.say.bias[0] = 2.0

    def forward(self, image):
        return self.say(torch.relu(self.see(image)))


@pytest.fixture
def planes():
    """Bright in two places, of which only the one in the second plane is evidence."""
    planes = np.zeros((2, 20, 30), np.float32)
    planes[0, 2:6, 2:6] = 1
    planes[1, 12:16, 20:26] = 1
    return planes


@pytest.mark.parametrize(("n_logits", "class_number"), [(1, 1), (3, 2)])
def test_map_is_high_where_the_evidence_is_and_nowhere_else(planes, n_logits, class_number):
    found = grad_cam(Planted(n_logits).eval(), planes, class_number=class_number)
    assert found.shape == (20, 30)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, planes[1], atol=1e-6)


def test_class_without_evidence_has_an_empty_map(planes):
    assert not grad_cam(Planted(3).eval(), planes, class_number=1).any()


def test_guess_that_is_not_corrected_is_the_evidence():
    network = NETWORKS["fast"](in_channels=3, n_classes=1).eval()
    initialise(network, np.random.default_rng(0))
    planes = np.zeros((3, 64, 64), np.float32)
    planes[2, 20:30, 40:52] = 0.9
    planes[0, 5:15, 5:15] = 1.0  # seen, and no part of the guess
    np.testing.assert_allclose(grad_cam(network, planes), planes[2] > 0.5, atol=1e-6)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_network_can_be_asked_and_is_left_as_it_was(name, rng):
    network = NETWORKS[name](in_channels=2, n_classes=1).eval()
    initialise(network, np.random.default_rng(0))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    planes = rng.random((2, 50, 70), dtype=np.float32)
    found = grad_cam(network, planes)
    assert found.shape == (50, 70)
    assert 0 <= found.min() <= found.max() <= 1
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_layer_is_what_the_logits_are_made_of():
    fast = NETWORKS["fast"](in_channels=3, n_classes=1)
    assert last_convolution(fast) is fast.head


def test_network_of_one_convolution_is_refused():
    with pytest.raises(ModelError, match="has 1 convolutions"):
        last_convolution(nn.Sequential(nn.Conv2d(1, 1, 1)))


def test_unknown_class_is_refused(planes):
    with pytest.raises(SettingError, match="Class 2 is asked for"):
        grad_cam(Planted().eval(), planes, class_number=2)
