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
        "smile+uncertainty": "sorby.select.smile_uncertainty:smile_uncertainty",
        "ensemble": "sorby.select.ensemble:ensemble",
        "manual": "sorby.select.manual:manual",
        "kcenter": "sorby.select.kcenter:kcenter",
        "uniform": "sorby.select.uniform:uniform",
    },
)

SUMMARIES = {
    "smile": "images that stand for every kind of image in the pool, each unlike the others and "
    "unlike those labelled; needs no model, begin with it",
    "smile+uncertainty": "as smile, from the half of each kind of image about which the model in "
    "use is least sure; needs a trained model, and no further training",
    "ensemble": "images about which ten models, trained for this on the labels so far, are least "
    "sure; takes ten trainings, and looks at no variety",
    "kcenter": "one after the other the image least like any that is labelled or chosen; goes for "
    "the odd ones, blurred or dirty ones too",
    "uniform": "images drawn at random; the yardstick that every other way has to beat",
    "manual": "the images that you name yourself",
}
"""One sentence on each, for the command line and the page alike."""

DEFAULT_SELECTOR = "smile"
"""What the product uses where nobody chooses a strategy."""

_PLACES = {
    "tsne_map": "sorby.select.mapping",
    "wasserstein_to_pool": "sorby.select.coverage",
}
__all__ = ["DEFAULT_SELECTOR", "SELECTORS", "SUMMARIES", *_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
