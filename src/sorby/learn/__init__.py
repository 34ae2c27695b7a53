"""The room that knows torch: pretrained features and model files.

Names load on first use, so that reading a model file does not import torch.
"""

from __future__ import annotations

import importlib
from typing import Any

_PLACES = {
    "EfficientNetLite0": "sorby.learn.efficientnet",
    "FeatureMaps": "sorby.learn.efficientnet",
    "frozen_lite0": "sorby.learn.efficientnet",
    "load_lite0": "sorby.learn.efficientnet",
    "normalised": "sorby.learn.efficientnet",
    "weights_path": "sorby.learn.pretrained",
    "has_weights": "sorby.learn.pretrained",
    "load_checkpoint": "sorby.learn.checkpoint",
    "save_checkpoint": "sorby.learn.checkpoint",
}
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
