"""What a micrograph looks like, as numbers: embeddings of whole fields.

Every embedder of ``EMBEDDERS`` is ``f(micrographs, *, rng, valid=None, um_per_px=None,
**options) -> (n, d)`` float32, one row a micrograph. Names load on first use: torch is imported
only when "network" embeds.
"""

from __future__ import annotations

import importlib
from typing import Any

from sorby.core.registry import Registry

EMBEDDERS = Registry(
    "embedders",
    {
        "network": "sorby.features.network:network",
        "statistics": "sorby.features.statistics:statistics",
    },
)

_PLACES = {
    "common_scale": "sorby.features.fields",
    "default_embedder": "sorby.features.default",
    "isomap_map": "sorby.features.isomap",
    "near_duplicate_fields": "sorby.features.duplicates",
    "standardise": "sorby.features.reduce",
}
__all__ = ["EMBEDDERS", *_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
