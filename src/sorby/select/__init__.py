"""Which images to label next.

Every selector of ``SELECTORS`` is ``f(embedding, n_select, *, labelled=(), round=1,
uncertainty=None, rng, **options) -> Selection``. The embedding is one row an image, already on
comparable axes (as ``sorby.features.standardise`` leaves it); rows in ``labelled`` are never
chosen. Names load on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

from sorby.core.registry import Registry

SELECTORS = Registry(
    "selectors",
    {
        "smile": "sorby.select.smile:smile",
        "ensemble": "sorby.select.ensemble:ensemble",
        "manual": "sorby.select.manual:manual",
        "kcenter": "sorby.select.kcenter:kcenter",
        "uniform": "sorby.select.uniform:uniform",
    },
)

DEFAULT_SELECTOR = "smile"
"""What the product uses where nobody chooses a strategy."""

_PLACES = {
    "tsne_map": "sorby.select.mapping",
    "wasserstein_to_pool": "sorby.select.coverage",
}
__all__ = ["DEFAULT_SELECTOR", "SELECTORS", *_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
