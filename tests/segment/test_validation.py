"""What validation decides: how much of the start stays, worked out on a network of one weight."""

import numpy as np
import pytest
import torch
from torch import nn

from sorby.learn import LOSSES, Example
from sorby.segment.validation import TOLERANCE, settle


class Scaled(nn.Module):
    """Logit of a pixel: gray times one weight, and a bias."""

    stride = 1

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.bias = nn.Parameter(torch.zeros(1))
        self.register_buffer("n_seen", torch.tensor(0))

    def forward(self, image):
        return self.weight * image + self.bias


def state(weight, bias=0.0, n_seen=0):
    return {
        "weight": torch.tensor([weight]),
        "bias": torch.tensor([bias]),
        "n_seen": torch.tensor(n_seen),
    }


@pytest.fixture
def bright():
    """Half of the pixels are defect and bright, the others dark."""
    labels = np.zeros((8, 8), np.uint8)
    labels[:, :4] = 1
    return [Example("bright", np.where(labels, 1.0, -1.0).astype(np.float32)[None], labels)]


def test_the_mixture_is_taken_where_both_do_as_well(bright):
    network = Scaled()
    scores = settle(network, state(8.0, n_seen=5), state(4.0), bright, LOSSES["bce"], kept=0.25)
    assert float(network.weight.detach()) == pytest.approx(0.75 * 8 + 0.25 * 4)
    assert int(network.n_seen) == 5  # counters are not mixed
    assert scores.max() == 1


def test_weights_as_learnt_are_taken_where_they_are_clearly_better(bright):
    """Half of the start turns the sign, and every pixel is called wrongly."""
    network = Scaled()
    scores = settle(network, state(8.0), state(-24.0), bright, LOSSES["bce"], kept=0.5)
    assert float(network.weight.detach()) == 8
    assert scores.max() == 1
    assert TOLERANCE < 1 / 3


@pytest.mark.parametrize(("first", "kept"), [(None, 0.5), (state(-24.0), 0.0)])
def test_nothing_is_mixed_without_a_start_or_a_share(bright, first, kept):
    network = Scaled()
    settle(network, state(8.0), first, bright, LOSSES["bce"], kept=kept)
    assert float(network.weight.detach()) == 8
