"""The engine of a network: the quickest there is, and never one that answers otherwise."""

import importlib.util

import numpy as np
import pytest
import torch

from sorby.learn import NETWORKS, runtime


def active(name, n_classes=1):
    torch.manual_seed(0)
    network = NETWORKS[name](in_channels=2, n_classes=n_classes)
    with torch.no_grad():
        for _ in range(10):
            network.train()(torch.rand(2, 2, 64, 64))
    return network.eval()


def planes(rows=160, columns=192):
    return np.random.default_rng(0).random((1, 2, rows, columns), dtype=np.float32)


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("n_classes", [1, 3])
def test_an_engine_gives_the_logits_of_the_network(name, n_classes):
    network = active(name, n_classes)
    with torch.inference_mode():
        expected = network(torch.from_numpy(planes())).numpy()
    for run in (runtime.engine(network, 2), runtime.torch_engine(network)):
        np.testing.assert_allclose(run(planes()), expected, atol=1e-4)
    assert expected.std() > 0.01


WINDOWS = [(0, 32, 0, 32), (64, 96, 32, 160), (0, 160, 0, 192), (96, 160, 160, 192)]


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("window", WINDOWS)
def test_the_logits_of_a_window_are_those_of_the_whole(name, window):
    top, bottom, left, right = window
    run = runtime.engine(active(name), 2)
    found = run(planes(), (slice(top, bottom), slice(left, right)))
    np.testing.assert_allclose(found, run(planes())[:, :, top:bottom, left:right], atol=1e-4)


def test_an_engine_is_chosen_once_and_anew_when_the_weights_change(monkeypatch):
    made = []
    monkeypatch.setattr(runtime, "_quickest", lambda network, n: made.append(n) or len(made))
    network = active("fast")
    assert [runtime.engine(network, 2) for _ in range(3)] == [1, 1, 1]
    with torch.no_grad():
        network.head.bias.add_(1)
    assert runtime.engine(network, 2) == 2


def other_engine(monkeypatch, *, off=0.0, error=None, is_quick=True):
    """What `engine` takes where ONNX Runtime seems installed and answers as it is told."""
    default = runtime.torch_engine(runtime.folded(active("fast")))

    def other(*where):
        return default(*where) + np.float32(off)

    def made(network, in_channels):
        if error:
            raise error
        return other

    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(runtime, "onnx_engine", made)
    monkeypatch.setattr(runtime, "_seconds", lambda run, trial: (run is other) != is_quick)
    return runtime.engine(active("fast"), 2) is other


def test_the_quicker_engine_is_taken_if_it_agrees(monkeypatch):
    assert other_engine(monkeypatch)
    assert not other_engine(monkeypatch, is_quick=False)
    assert not other_engine(monkeypatch, off=1e-3)
    assert not other_engine(monkeypatch, off=float("nan"))
    assert not other_engine(monkeypatch, error=RuntimeError("no such layer"))


@pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="extra fast")
@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("n_classes", [1, 3])
def test_onnx_runtime_agrees_for_planes_of_any_size(name, n_classes):
    network = active(name, n_classes)
    run, other = runtime.torch_engine(network), runtime.onnx_engine(network, 2)
    for rows, columns in ((64, 64), (160, 192)):
        image = planes(rows, columns)
        np.testing.assert_allclose(other(image), run(image), atol=1e-4)
        inner = (slice(32, 64), slice(0, 32))
        np.testing.assert_allclose(other(image, inner), run(image, inner), atol=1e-4)
