"""The order of steps: one function for each command, importable as ``sorby.workflow.<name>``."""

from __future__ import annotations

import importlib
from typing import Any

_PLACES = {
    "accept_masks": "masks",
    "classify_project": "classifying",
    "demo": "demonstrating",
    "effort": "accounting",
    "evaluate": "evaluating",
    "evaluate_patches": "patches",
    "export_masks": "masks",
    "fetch_paper": "fetching",
    "import_labels": "labelling",
    "import_masks": "masks",
    "list_models": "modelling",
    "map_project": "mapping",
    "measure": "measuring",
    "new_project": "importing",
    "predict": "predicting",
    "predict_patches": "patches",
    "project_status": "status",
    "report_project": "reporting",
    "run_project": "running",
    "run_rounds": "experiment",
    "segment_images": "segmenting",
    "select": "selecting",
    "train_patches": "patches",
    "train_project": "training",
}

__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
