"""From a micrograph to a probability of defect, and from that to a mask.

Every segmenter of ``SEGMENTERS`` is ``f(micrograph, *, valid=None, **options)`` and returns the
probability of each defect class, float32 of shape (M, N, classes), background left out. A trained
one (`load_segmenter`) is called the same way. Names that need torch load on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

from sorby.core.registry import Registry
from sorby.segment.masks import mask_from_probability

SEGMENTERS = Registry(
    "segmenters",
    {
        "base": "sorby.segment.base:base",
        "flatfield_otsu": "sorby.segment.classical:flatfield_otsu",
        "otsu": "sorby.segment.otsu:otsu",
    },
)

DEFAULT_SEGMENTER = "base"
"""What the product uses before any label exists."""

_PLACES = {
    "LabelledField": "training",
    "PlaneCache": "planes",
    "TrainSettings": "presets",
    "TrainedSegmenter": "trained",
    "base_model": "base",
    "base_sha256": "base",
    "base_suits": "base",
    "compare": "evaluation",
    "load_segmenter": "trained",
    "preset": "presets",
    "save_segmenter": "trained",
    "scores_of": "evaluation",
    "summarise_scores": "evaluation",
    "train": "training",
}

__all__ = ["DEFAULT_SEGMENTER", "SEGMENTERS", "mask_from_probability", *_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
