"""What fields that nothing is learnt from say: when to stop, which weights, which threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from sorby.core.records import IGNORE
from sorby.learn import Check, Example
from sorby.learn.loop import State
from sorby.metrics import class_counts
from sorby.segment.trained import class_probability

THRESHOLDS = np.round(np.arange(0.2, 0.81, 0.05), 2)

GLIMPSE_PX = 2_000_000
"""Pixels of the validation fields that are looked at on the way, at the model's scale."""

TOLERANCE = 0.02
"""Scores this close are as good: with one or two validation fields finer differences are chance
(docs/explanation/learning.md)."""


def glimpses(validation: Sequence[Example]) -> list[Example]:
    """Validation fields, large ones cut to the square that holds most of their defects.

    The threshold is chosen on whole fields; the looks on the way must not take longer than the
    training between them.

    Parameters
    ----------
    validation : sequence of Example
        Planes and labels at the model's scale.

    Returns
    -------
    list of Example
        As many; together at most about `GLIMPSE_PX` pixels.
    """
    edge = int(np.sqrt(GLIMPSE_PX / len(validation)))
    return [_densest(example, edge) for example in validation]


def look(network: nn.Module, validation: Sequence[Example], loss: Any) -> tuple[Check, np.ndarray]:
    """Score and loss of the validation fields.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    validation : sequence of Example
        Fields that it does not learn from.
    loss : callable
        ``f(logits, labels) -> scalar``.

    Returns
    -------
    check : Check
        The best mean macro-F1 over `THRESHOLDS`, and the mean loss.
    by_threshold : ndarray of shape (len(THRESHOLDS),)
        Mean macro-F1 over the fields.
    """
    scores, losses = [], []
    for example in validation:
        found = class_probability(network, example.planes)
        called = found.sum(axis=0)
        best = (found.argmax(axis=0) + 1).astype(np.uint8)
        scores.append(
            [
                class_counts(np.where(called >= t, best, 0), example.labels, len(found)).macro_f1
                for t in THRESHOLDS
            ]
        )
        losses.append(float(loss(_logits(found), torch.from_numpy(example.labels)[None])))
    by_threshold = np.mean(scores, axis=0)
    return Check(float(by_threshold.max()), float(np.mean(losses))), by_threshold


def settle(
    network: nn.Module,
    state: State,
    first: State | None,
    validation: Sequence[Example],
    loss: Any,
    *,
    kept: float,
) -> np.ndarray:
    """Give a network its final weights: those learnt, or mixed with those that it started from.

    What the few labels do not show is not forgotten by a mixture [1]_. The weights as learnt are
    taken only where the validation fields score better with them by more than `TOLERANCE`.

    Parameters
    ----------
    network : Module
        Changed in place; in evaluation mode after it.
    state : dict of str to Tensor
        The weights that training chose.
    first : dict of str to Tensor or None
        Those that it started from; None where they were random or know other classes.
    validation : sequence of Example
        Fields that it did not learn from.
    loss : callable
        As for `look`.
    kept : float
        Share of ``first`` in the mixture, 0 to 1.

    Returns
    -------
    ndarray of shape (len(THRESHOLDS),)
        Mean macro-F1 of the final weights by threshold.

    References
    ----------
    .. [1] M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022.
    """
    network.load_state_dict(state)
    network.eval()
    learnt = look(network, validation, loss)[1]
    if first is None or not kept:
        return learnt
    network.load_state_dict(
        {
            key: value.lerp(first[key], kept) if value.is_floating_point() else value
            for key, value in state.items()
        }
    )
    mixed = look(network, validation, loss)[1]
    if learnt.max() > mixed.max() + TOLERANCE:
        network.load_state_dict(state)
        return learnt
    return mixed


def nearest_to_a_half(by_threshold: np.ndarray) -> tuple[float, float]:
    """Threshold nearest to 0.5 of those that score within `TOLERANCE` of the best, and its score.

    Parameters
    ----------
    by_threshold : ndarray of shape (len(THRESHOLDS),)
        Of `look`.

    Returns
    -------
    threshold, score : float
        One of `THRESHOLDS`, and what it scores.

    Examples
    --------
    >>> nearest_to_a_half(np.linspace(0.8, 0.92, len(THRESHOLDS)))
    (0.7, 0.9)
    """
    good = np.flatnonzero(by_threshold >= by_threshold.max() - TOLERANCE)
    chosen = good[np.abs(THRESHOLDS[good] - 0.5).argmin()]
    return float(THRESHOLDS[chosen]), float(by_threshold[chosen])


def _densest(example: Example, edge: int) -> Example:
    defects = ((example.labels != 0) & (example.labels != IGNORE)).astype(np.float32)
    if defects.size <= edge**2:
        return example
    sums = ndimage.uniform_filter(defects, edge, mode="constant")
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    rows, columns = (
        slice(start := int(np.clip(place - edge // 2, 0, max(length - edge, 0))), start + edge)
        for place, length in zip((row, column), defects.shape, strict=True)
    )
    return replace(
        example, planes=example.planes[:, rows, columns], labels=example.labels[rows, columns]
    )


def _logits(found: np.ndarray) -> torch.Tensor:
    probability = torch.from_numpy(found)[None].clamp(1e-6, 1 - 1e-6)
    if len(found) == 1:
        return torch.logit(probability)
    background = (1 - probability.sum(dim=1, keepdim=True)).clamp(1e-6)
    return torch.log(torch.cat((background, probability), dim=1))
