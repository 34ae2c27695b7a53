"""The paper's network, AtomAI's U-Net, and its weights files.

The module follows the published architecture [1]_ and carries its state-dict keys, so that a
``.pth`` of AtomAI loads key by key. Such a file is a pickle: it is read with torch's
restricted reader only, and refused if it holds anything but numbers.

References
----------
.. [1] Ziatdinov et al., "AtomAI framework for deep learning analysis of image and spectroscopy
   data in electron and scanning probe microscopy", Nature Machine Intelligence 4 (2022) 1101.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sorby.core.errors import ModelError, SettingError

_STEP = 8  # three times halved
_MOST_CHANNELS = 254
_MOST_BYTES = 64 * 1024**2  # the paper's file has 2.4 MB


class _ConvBlock(nn.Module):
    """Convolution 3x3, leaky ReLU, batch normalisation; ``layers`` times."""

    def __init__(self, layers: int, inputs: int, outputs: int) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for layer in range(layers):
            conv = nn.Conv2d(outputs if layer else inputs, outputs, 3, padding=1)
            parts += [conv, nn.LeakyReLU(0.01, inplace=True), nn.BatchNorm2d(outputs)]
        self.block = nn.Sequential(*parts)

    def forward(self, image: Tensor) -> Tensor:
        """Map of the same size."""
        return self.block(image)


class _UpsampleBlock(nn.Module):
    """Twice the size, then convolution 1x1.

    Interpolation is linear and its weights sum to 1, so the convolution commutes with it: done
    first, it works on a quarter of the pixels and gives the same numbers.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Map of twice the size."""
        return functional.interpolate(
            self.conv(image), scale_factor=2, mode="bilinear", align_corners=False
        )


class AtomAIUnet(nn.Module):
    """AtomAI's U-Net: 16, 32 and 64 channels down, 128 at the bottom, skip connections.

    Parameters
    ----------
    in_channels : int
        1 for the paper's weights.
    n_classes : int
        Defect classes; 1 for the paper's weights. One gives one logit, more give one each after
        one for the background.
    """

    stride = _STEP

    def __init__(self, in_channels: int = 1, n_classes: int = 1) -> None:
        super().__init__()
        self.c1 = _ConvBlock(1, in_channels, 16)
        self.c2 = _ConvBlock(2, 16, 32)
        self.c3 = _ConvBlock(2, 32, 64)
        self.bn = _ConvBlock(3, 64, 128)
        self.upsample_block1 = _UpsampleBlock(128, 64)
        self.c4 = _ConvBlock(2, 128, 64)
        self.upsample_block2 = _UpsampleBlock(64, 32)
        self.c5 = _ConvBlock(2, 64, 32)
        self.upsample_block3 = _UpsampleBlock(32, 16)
        self.c6 = _ConvBlock(1, 32, 16)
        self.px = nn.Conv2d(16, n_classes if n_classes == 1 else n_classes + 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Logits of every pixel.

        Parameters
        ----------
        image : Tensor of shape (n, in_channels, M, N)
            Gray values from 0 to 1, see `paper_normalised`. Any size: edges are repeated up to
            the next multiple of 8 px and cut off again.

        Returns
        -------
        Tensor of shape (n, 1 or n_classes + 1, M, N)
            Before sigmoid or softmax.
        """
        rows, columns = image.shape[-2:]
        below, right = -rows % _STEP, -columns % _STEP
        if below or right:
            image = functional.pad(image, (0, right, 0, below), mode="replicate")
        fine = self.c1(image)
        middle = self.c2(functional.max_pool2d(fine, 2))
        coarse = self.c3(functional.max_pool2d(middle, 2))
        bottom = self.bn(functional.max_pool2d(coarse, 2))
        up = self.c4(torch.cat([coarse, self.upsample_block1(bottom)], dim=1))
        up = self.c5(torch.cat([middle, self.upsample_block2(up)], dim=1))
        up = self.c6(torch.cat([fine, self.upsample_block3(up)], dim=1))
        logits: Tensor = self.px(up)
        return logits[..., :rows, :columns]


def build(in_channels: int = 1, n_classes: int = 1) -> nn.Module:
    """AtomAI's U-Net with fresh weights, as the paper trains it.

    Parameters
    ----------
    in_channels : int
        Channels of an image; 1 for gray.
    n_classes : int
        Defect classes; 1 for defect or not.

    Returns
    -------
    AtomAIUnet
        In training mode; 0.6 million parameters.

    Raises
    ------
    SettingError
        If a number is not from 1 to 254.

    Examples
    --------
    >>> network = build()
    >>> network(torch.zeros(1, 1, 30, 41)).shape
    torch.Size([1, 1, 30, 41])
    """
    for what, count in (("input channels", in_channels), ("classes", n_classes)):
        if not 1 <= count <= _MOST_CHANNELS:
            raise SettingError(f"{count} {what}: the network takes 1 to {_MOST_CHANNELS}.")
    return AtomAIUnet(in_channels, n_classes)


def paper_normalised(pixels: np.ndarray) -> np.ndarray:
    """Gray values as the paper's network saw them: minimum to 0, maximum to 1.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values, all finite.

    Returns
    -------
    ndarray of shape (M, N)
        float32; 0 throughout where the image is of one gray.

    Raises
    ------
    SettingError
        If a value is not finite or the image is not gray.

    Examples
    --------
    >>> paper_normalised(np.array([[10, 20], [20, 30]])).tolist()
    [[0.0, 0.5], [0.5, 1.0]]
    """
    values = np.asarray(pixels, np.float64)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise SettingError(
            f"An image of shape {values.shape} is empty, not gray or has values that are not "
            "finite. The network takes one gray (rows, columns) image of finite values."
        )
    low, span = values.min(), np.ptp(values)
    return ((values - low) / (span or 1.0)).astype(np.float32)


def load_paper_weights(path: Path | str) -> dict[str, Tensor]:
    """Weights of AtomAI's U-Net from a ``.pth`` file, without executing anything in it.

    Parameters
    ----------
    path : Path or str
        State dict saved by torch: one input channel, one class.

    Returns
    -------
    dict of str to Tensor
        For ``build().load_state_dict``, on the CPU.

    Raises
    ------
    ModelError
        If the file is missing, too large, damaged, holds anything but numbers (a pickle that
        wants to call something), or weights of another network.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "seg_model.pth"
    >>> torch.save(build().state_dict(), path)
    >>> load_paper_weights(path)["px.weight"].shape
    torch.Size([1, 16, 1, 1])
    """
    path = Path(path)
    _check_file(path)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"{path.name} is not a plain file of weights ({reason[:200]}). Needed is a state dict "
            "saved by torch; nothing else in it is executed. Choose the paper's seg_model.pth, "
            "or save yours with torch.save(model.state_dict(), path)."
        ) from error
    wanted = AtomAIUnet().state_dict()
    _check_keys(found, wanted, path.name)
    return {key: _checked(key, found[key], like, path.name) for key, like in wanted.items()}


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise ModelError(f"{path} is not a file. Give the path of the paper's seg_model.pth.")
    size = path.stat().st_size
    if size <= _MOST_BYTES and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    if size > _MOST_BYTES:
        raise ModelError(
            f"{path.name} holds {size / 1e6:,.0f} MB. The paper's U-Net has 2.4 MB, and at most "
            f"{_MOST_BYTES / 1e6:.0f} MB are read. Choose a state dict of AtomAI's Unet."
        )


def _check_keys(found: Any, wanted: dict[str, Tensor], name: str) -> None:
    if not isinstance(found, dict):
        raise ModelError(
            f"{name} holds a {type(found).__name__}. Needed is a state dict: names and tensors. "
            "Save it with torch.save(model.state_dict(), path)."
        )
    missing = [key for key in wanted if key not in found]
    foreign = [str(key)[:60] for key in found if key not in wanted]
    if missing or foreign:
        raise ModelError(
            f"{name} holds weights of another network: {len(missing)} names are missing "
            f"({', '.join(missing[:3]) or 'none'}), {len(foreign)} are foreign "
            f"({', '.join(foreign[:3]) or 'none'}). Choose a state dict of AtomAI's Unet "
            "(16 filters, no dropout, batch normalisation, no dilation)."
        )


def _checked(key: str, value: Any, like: Tensor, name: str) -> Tensor:
    if type(value) not in (Tensor, nn.Parameter) or value.layout is not torch.strided:
        raise ModelError(
            f"{key} of {name} is a {type(value).__name__}, not a dense tensor. "
            "Choose the paper's seg_model.pth."
        )
    if value.shape != like.shape or value.is_floating_point() != like.is_floating_point():
        raise ModelError(
            f"{key} of {name} is {value.dtype} of shape {tuple(value.shape)}; AtomAI's Unet with "
            f"one input channel and one class needs {like.dtype} of shape {tuple(like.shape)}. "
            "Choose the paper's seg_model.pth."
        )
    plain = value.detach().to(like.dtype).clone()
    if not bool(torch.isfinite(plain).all()) or (key.endswith("_var") and bool((plain < 0).any())):
        raise ModelError(
            f"{key} of {name} holds values that are not finite, or a negative variance: the "
            "training diverged or the file is damaged. Copy it again or train again."
        )
    return plain
