"""A small U-Net that corrects a first guess: the network of the preset ``fast``.

It is shown what a method without labels believes, and learns where that is wrong: with fresh
weights its answer is the guess itself. On families of images that it never saw, this is what
keeps it as good as the guess (measured: see the benchmarks).

It works at half resolution and below. Sixteen channels at full resolution are where a plain
U-Net spends most of its time. Here the image is folded into channels first (space to depth),
every convolution works on at most a quarter of the pixels, and the logits are unfolded again, so
that the boundary is still drawn pixel by pixel.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

_FOLD = 2

Window: TypeAlias = tuple[slice, slice]

GUESS_LIMITS = (0.02, 0.98)
"""The guess is never surer than this: training can overrule it."""


class CorrectingUNet(nn.Module):
    """U-Net with a space-to-depth stem whose logits are added to those of the last plane.

    Parameters
    ----------
    in_channels : int
        Planes of the input; the last is a probability of defect, the first guess.
    n_classes : int
        Defect classes. One class gives one logit; more give a logit each, after one for the
        background.
    widths : tuple of int
        Channels at 1/2, 1/4, 1/8, ... of the resolution.
    """

    def __init__(
        self, in_channels: int, n_classes: int, widths: tuple[int, ...] = (16, 32, 48, 64, 64)
    ) -> None:
        super().__init__()
        self.stride = _FOLD * 2 ** (len(widths) - 1)
        folded = in_channels * _FOLD**2
        inputs = (folded, *widths[:-1])
        self.down = nn.ModuleList(
            _block(i, o, n_convolutions=1 if number == 0 else 2)
            for number, (i, o) in enumerate(zip(inputs, widths, strict=True))
        )
        pairs = list(zip(widths[1:], widths[:-1], strict=True))[::-1]
        self.narrow = nn.ModuleList(nn.Conv2d(deep, here, 1) for deep, here in pairs)
        self.up = nn.ModuleList(_block(2 * here, here, n_convolutions=1) for _, here in pairs)
        self._n_classes = n_classes
        n_logits = n_classes if n_classes == 1 else n_classes + 1
        self.head = nn.Conv2d(widths[0] + folded, n_logits * _FOLD**2, 1)

    def forward(self, image: Tensor, inner: Window | None = None) -> Tensor:
        """Logits (n, 1 or classes + 1, M, N) of images (n, channels, M, N).

        The edges must be multiples of ``stride``, and so must those of ``inner``, the window
        whose logits are wanted: the way up is then worked out there alone.
        """
        folded = functional.pixel_unshuffle(image, _FOLD)
        kept = []
        maps = folded
        for number, block in enumerate(self.down):
            maps = block(functional.avg_pool2d(maps, 2) if number else maps)
            kept.append(maps)
        seen = whole = slice(0, image.shape[2]), slice(0, image.shape[3])
        px = self.stride // 2
        for narrow, block, skip in zip(self.narrow, self.up, kept[-2::-1], strict=True):
            raised = functional.interpolate(narrow(maps), scale_factor=2.0, mode="nearest")
            if inner is not None:
                wanted = _grown(inner, 2 * px, whole)
                raised, skip = _cut(raised, wanted, seen, px), _cut(skip, wanted, whole, px)
                seen, px = wanted, px // 2
            maps = block(torch.cat((raised, skip), dim=1))
        guess = image[:, -1:]
        if inner is not None:
            maps, folded = _cut(maps, inner, seen, _FOLD), _cut(folded, inner, whole, _FOLD)
            guess = _cut(guess, inner, whole, 1)
        correction = functional.pixel_shuffle(self.head(torch.cat((maps, folded), dim=1)), _FOLD)
        guess = torch.logit(guess.clamp(*GUESS_LIMITS))
        if correction.shape[1] == 1:
            return correction + guess
        return torch.cat((correction[:, :1] - guess, correction[:, 1:]), dim=1)

    def start_from_guess(self) -> None:
        """Make the correction zero, so that training starts from the guess."""
        weight, bias = self.head.parameters()
        nn.init.zeros_(weight)
        nn.init.zeros_(bias)
        # Classes share the guess: the background outweighs all of them together, not each.
        nn.init.constant_(bias[: _FOLD**2], math.log(self._n_classes))


def _grown(window: Window, margin: int, whole: Window) -> Window:
    """A window with a margin, as far as the image goes.

    Two pixels of a map are enough: the outer ring is spoilt by the cut, as a convolution reaches
    one pixel, and the next map, of half the pixels' size, asks for the inner one.
    """
    rows, columns = (
        slice(max(one.start - margin, 0), min(one.stop + margin, end.stop))
        for one, end in zip(window, whole, strict=True)
    )
    return rows, columns


def _cut(maps: Tensor, wanted: Window, seen: Window, px: int) -> Tensor:
    """Part of maps whose pixels are ``px`` pixels of the image wide."""
    rows, columns = (
        slice((one.start - first.start) // px, (one.stop - first.start) // px)
        for one, first in zip(wanted, seen, strict=True)
    )
    return maps[:, :, rows, columns]


def _block(inputs: int, outputs: int, *, n_convolutions: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in [inputs, outputs][:n_convolutions]:
        layers += [
            nn.Conv2d(width, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


def build(in_channels: int = 1, n_classes: int = 1) -> CorrectingUNet:
    """Network of the preset ``fast``.

    Parameters
    ----------
    in_channels : int
        Planes of the input.
    n_classes : int
        Defect classes, the background not counted.

    Returns
    -------
    CorrectingUNet
        Its weights are torch's defaults: see `sorby.learn.initialise`.

    Examples
    --------
    >>> network = build(in_channels=2, n_classes=3)
    >>> tuple(network(torch.zeros(1, 2, 64, 96)).shape)
    (1, 4, 64, 96)
    """
    return CorrectingUNet(in_channels, n_classes)
