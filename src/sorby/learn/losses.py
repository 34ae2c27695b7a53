"""What training makes small: ``f(logits, labels, *, ignore=255) -> scalar``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sorby.core.records import IGNORE

DICE_SHARE = 0.5


def bce(logits: Tensor, labels: Tensor, *, ignore: int = IGNORE) -> Tensor:
    """Cross entropy of the pixels that count: binary for one logit, over classes for more.

    Parameters
    ----------
    logits : Tensor of shape (n, 1 or classes + 1, M, N)
        One logit: defect or not. More: background first, then each class.
    labels : Tensor of shape (n, M, N)
        0 background, 1.. classes, ``ignore`` not counted. With one logit every class is defect.
    ignore : int
        Label of the pixels that do not count.

    Returns
    -------
    Tensor
        Mean over the counted pixels; 0 where none counts.

    Examples
    --------
    >>> logits = torch.tensor([[[[0.0, 0.0, 9.0]]]])
    >>> round(float(bce(logits, torch.tensor([[[0, 1, 255]]]))), 4)
    0.6931
    """
    counted = labels != ignore
    n_counted = counted.sum().clamp(min=1)
    if logits.shape[1] == 1:
        target = (labels != 0).to(logits.dtype)
        each = functional.binary_cross_entropy_with_logits(logits[:, 0], target, reduction="none")
        return torch.where(counted, each, 0).sum() / n_counted
    target = torch.where(counted, labels.long(), 0)
    each = functional.cross_entropy(logits, target, reduction="none")
    return torch.where(counted, each, 0).sum() / n_counted


def bce_dice(logits: Tensor, labels: Tensor, *, ignore: int = IGNORE) -> Tensor:
    """Cross entropy plus half a soft Dice loss, which cares for the rare class.

    Parameters
    ----------
    logits : Tensor of shape (n, 1 or classes + 1, M, N)
        As for `bce`.
    labels : Tensor of shape (n, M, N)
        As for `bce`.
    ignore : int
        Label of the pixels that do not count.

    Returns
    -------
    Tensor
        ``bce + 0.5 (1 - Dice)``; Dice over all counted pixels of the batch, averaged over the
        defect classes.

    References
    ----------
    .. [1] F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net", 3DV 2016, section 3 (soft Dice).

    Examples
    --------
    >>> sure = torch.tensor([[[[-30.0, 30.0]]]])
    >>> round(float(bce_dice(sure, torch.tensor([[[0, 1]]]))), 3)
    0.0
    """
    counted = (labels != ignore)[:, None]
    if logits.shape[1] == 1:
        probability = torch.sigmoid(logits)
        target = (labels != 0)[:, None].to(logits.dtype)
    else:
        probability = torch.softmax(logits, dim=1)[:, 1:]
        classes = torch.arange(1, logits.shape[1], device=logits.device)[None, :, None, None]
        target = (labels[:, None] == classes).to(logits.dtype)
    probability, target = probability * counted, target * counted
    both = (probability * target).sum(dim=(0, 2, 3))
    either = probability.sum(dim=(0, 2, 3)) + target.sum(dim=(0, 2, 3))
    dice = (2 * both + 1) / (either + 1)
    return bce(logits, labels, ignore=ignore) + DICE_SHARE * (1 - dice).mean()
