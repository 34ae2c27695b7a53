"""The order of steps: one function for each command, importable as ``sorby.workflow.<name>``."""

from __future__ import annotations

import importlib
from typing import Any

_PLACES = {
    "accept_masks": "masks",
    "change_field": "gallery",
    "classify_project": "classifying",
    "compare_models": "comparing",
    "confirm_scale": "gallery",
    "demo": "demonstrating",
    "Desk": "annotating",
    "embedding_map": "choosing",
    "effort": "accounting",
    "evaluate": "evaluating",
    "evaluate_patches": "patches",
    "export_masks": "masks",
    "fetch_paper": "fetching",
    "field_row": "gallery",
    "first_mask": "starting",
    "import_labels": "labelling",
    "import_masks": "masks",
    "Jobs": "jobs",
    "kept_comparison": "comparing",
    "last_evaluation": "evaluating",
    "list_models": "modelling",
    "map_project": "mapping",
    "mask_png": "draft_views",
    "mask_tile": "draft_views",
    "measure": "measuring",
    "new_project": "importing",
    "open_or_create": "creating",
    "predict": "predicting",
    "predict_patches": "patches",
    "project_overview": "gallery",
    "project_results": "results",
    "project_status": "status",
    "report_file": "results",
    "report_project": "reporting",
    "run_experiment": "experimenting",
    "run_project": "running",
    "run_rounds": "experiment",
    "segment_images": "segmenting",
    "select": "selecting",
    "take_folder": "uploads",
    "take_uploads": "uploads",
    "train_patches": "patches",
    "train_project": "training",
    "Viewer": "viewing",
}

__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
