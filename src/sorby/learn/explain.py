"""Where a network looked: Grad-CAM of its last layer but one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sorby.core.errors import ModelError, SettingError
from sorby.learn.unet import GUESS_LIMITS, CorrectingUNet


def grad_cam(network: nn.Module, planes: np.ndarray, *, class_number: int = 1) -> np.ndarray:
    """Evidence for a defect class, pixel by pixel, in the maps that the last convolution reads.

    Grad-CAM [1]_ for a mask [2]_: the logits of the pixels that the network calls this class are
    summed (of all pixels where it calls none), each channel of the layer is weighted by its
    gradient, the weighted channels are added up and what is negative is set to zero. For a
    network that corrects a first guess, the guess is one more channel.

    Parameters
    ----------
    network : Module
        In evaluation mode, with a ``stride``; logits (1, 1 or classes + 1, M, N).
    planes : ndarray of shape (channels, M, N), float32
        Its input. Taken whole: cut large fields before.
    class_number : int
        1, 2, ... as in masks.

    Returns
    -------
    ndarray of shape (M, N), float32
        0 to 1, scaled by its largest value; 0 everywhere where nothing speaks for the class.

    Raises
    ------
    ModelError
        If the network has fewer than two convolutions.
    SettingError
        If there is no such class.

    References
    ----------
    .. [1] Selvaraju et al., "Grad-CAM", ICCV 2017.
    .. [2] Vinogradova, Dibrov and Myers, "Towards interpretable semantic segmentation via
       gradient-weighted class activation mapping", AAAI 2020.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1))
    >>> network.stride = 1
    >>> grad_cam(network.eval(), np.zeros((1, 6, 8), np.float32)).shape
    (6, 8)
    """
    n_rows, n_columns = planes.shape[1:]
    stride = int(network.stride)  # type: ignore[arg-type]
    padded = np.pad(planes, ((0, 0), (0, -n_rows % stride), (0, -n_columns % stride)), "symmetric")
    image = torch.from_numpy(padded)[None]
    maps, weights = _seen(network, image, class_number)
    evidence = (weights * maps).sum(dim=1, keepdim=True)
    full = functional.interpolate(evidence, size=padded.shape[1:], mode="bilinear")
    if isinstance(network, CorrectingUNet):
        full = full + torch.logit(image[:, -1:].clamp(*GUESS_LIMITS))
    found = full[0, 0, :n_rows, :n_columns].clamp_min(0).numpy()
    return np.asarray(found / max(float(found.max()), 1e-12), np.float32)


def _seen(network: nn.Module, image: Tensor, class_number: int) -> tuple[Tensor, Tensor]:
    """Maps that the last convolution reads, and what each speaks for the class, a pixel."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        kept.append(inputs[0] if inputs[0].requires_grad else inputs[0].requires_grad_())
        return (kept[-1],)

    hook = last_convolution(network).register_forward_pre_hook(keep)
    try:
        with torch.enable_grad():
            spoken = _spoken(network(image), class_number)
            (gradient,) = torch.autograd.grad(spoken.sum(), kept[-1])
    finally:
        hook.remove()
    return kept[-1].detach(), gradient.sum(dim=(2, 3), keepdim=True) / spoken.numel()


def last_convolution(network: nn.Module) -> nn.Conv2d:
    """Last convolution of a network, in the order in which it holds them.

    Raises
    ------
    ModelError
        If it has fewer than two: nothing then lies before the last.
    """
    found = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    if len(found) < 2:
        raise ModelError(
            f"The network has {len(found)} convolutions; where it looked is read from the layer "
            "before its last. Use a network of NETWORKS."
        )
    return found[-1]


def _spoken(logits: Tensor, class_number: int) -> Tensor:
    """What speaks for a class against the background, at the pixels that are called so."""
    n_classes = max(1, logits.shape[1] - 1)
    if not 1 <= class_number <= n_classes:
        raise SettingError(
            f"Class {class_number} is asked for; the network knows 1 to {n_classes}."
        )
    if logits.shape[1] == 1:
        evidence = logits[:, 0]
        called = evidence > 0
    else:
        evidence = logits[:, class_number] - logits[:, 0]
        called = logits.argmax(dim=1) == class_number
    return evidence[called] if bool(called.any()) else evidence
