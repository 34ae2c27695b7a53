"""The room that knows torch: networks, losses, the training loop, features, model files.

Names load on first use, so that reading a model file does not import torch.
"""

from __future__ import annotations

import importlib
from typing import Any

from sorby.core.registry import Registry

NETWORKS = Registry(
    "networks",
    {
        "fast": "sorby.learn.unet:build",
        "paper": "sorby.learn.legacy:build",
    },
)
"""``build(in_channels, n_classes) -> Module``; its ``stride`` divides the edges of its input."""

LOSSES = Registry(
    "losses",
    {
        "bce": "sorby.learn.losses:bce",
        "bce_dice": "sorby.learn.losses:bce_dice",
    },
)
"""``f(logits, labels, *, ignore=255) -> scalar tensor``."""

_PLACES = {
    "EfficientNetLite0": "sorby.learn.efficientnet",
    "FeatureMaps": "sorby.learn.efficientnet",
    "frozen_lite0": "sorby.learn.efficientnet",
    "load_lite0": "sorby.learn.efficientnet",
    "normalised": "sorby.learn.efficientnet",
    "weights_path": "sorby.learn.pretrained",
    "has_weights": "sorby.learn.pretrained",
    "load_checkpoint": "sorby.learn.checkpoint",
    "load_paper_weights": "sorby.learn.legacy",
    "Crops": "sorby.learn.sampling",
    "Example": "sorby.learn.sampling",
    "Variation": "sorby.learn.sampling",
    "Check": "sorby.learn.loop",
    "Schedule": "sorby.learn.loop",
    "fit": "sorby.learn.loop",
    "grad_cam": "sorby.learn.explain",
    "initialise": "sorby.learn.loop",
    "save_checkpoint": "sorby.learn.checkpoint",
}
__all__ = ["LOSSES", "NETWORKS", *sorted(_PLACES)]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
