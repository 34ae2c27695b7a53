"""The exam of every network: ``build(in_channels, n_classes) -> nn.Module``."""

import inspect

import numpy as np
import pytest
import torch

from sorby.learn import LOSSES, NETWORKS, initialise


@pytest.fixture(params=list(NETWORKS))
def build(request):
    return NETWORKS[request.param]


@pytest.fixture(params=[1, 3], ids=lambda n: f"{n} classes")
def n_classes(request):
    return request.param


def images(n, channels, *shape):
    """Values from 0 to 1: what every plane may hold."""
    return torch.rand(n, channels, *shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("channels", [1, 3])
def test_gives_one_logit_or_one_a_class_and_one_for_the_background(build, n_classes, channels):
    network = build(in_channels=channels, n_classes=n_classes)
    side = network.stride * 2
    found = network(images(2, channels, side, side + network.stride))
    assert found.shape == (2, 1 if n_classes == 1 else n_classes + 1, side, side + network.stride)
    assert found.dtype == torch.float32


def test_takes_every_edge_that_its_stride_divides(build, n_classes):
    network = build(in_channels=2, n_classes=n_classes).eval()
    assert isinstance(network.stride, int)
    assert network.stride > 0
    for edges in ((1, 1), (1, 3), (4, 2)):
        shape = tuple(network.stride * edge for edge in edges)
        assert network(images(1, 2, *shape)).shape[2:] == shape


def test_gradients_reach_every_weight(build, n_classes):
    network = build(in_channels=3, n_classes=n_classes)
    planes = images(2, 3, 2 * network.stride, 3 * network.stride)
    labels = (planes[:, 0] > 0.5).to(torch.uint8) * n_classes
    LOSSES["bce_dice"](network(planes), labels).backward()
    untouched = [
        name
        for name, weight in network.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    assert untouched == []


@torch.inference_mode()
def test_images_of_a_batch_do_not_see_one_another(build, n_classes):
    network = build(in_channels=2, n_classes=n_classes).eval()
    batch = images(3, 2, 2 * network.stride, 2 * network.stride)
    alone = torch.cat([network(one[None]) for one in batch])
    torch.testing.assert_close(network(batch), alone, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_the_memory_layout_changes_nothing_and_the_input_stays(build, n_classes):
    network = build(in_channels=2, n_classes=n_classes).eval()
    batch = images(2, 2, 2 * network.stride, 2 * network.stride)
    before = batch.clone()
    plain = network(batch)
    network = network.to(memory_format=torch.channels_last)
    found = network(batch.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(found, plain, atol=1e-5, rtol=1e-4)
    assert torch.equal(batch, before)


def test_first_weights_depend_on_the_generator_alone(build):
    drawn = []
    for torch_seed, seed in ((0, 5), (1, 5), (0, 6)):
        torch.manual_seed(torch_seed)
        network = build(in_channels=2, n_classes=1)
        initialise(network, np.random.default_rng(seed))
        drawn.append(torch.cat([weight.detach().ravel() for weight in network.parameters()]))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_is_documented_with_an_example(build):
    text = inspect.getdoc(build)
    for part in ("Parameters", "Returns", "Examples", ">>>"):
        assert part in text
