"""Defects: from a mask to instances, a defect table and patches.

Functions are imported on first use, so that looking at the registry loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sorby.core.registry import Registry

if TYPE_CHECKING:
    from sorby.defects.geometry import Field
    from sorby.defects.instances import defect_at, label_instances, size_floor_px2
    from sorby.defects.measure import measure_defects, measure_definitions
    from sorby.defects.patches import cut_patches

MEASURES = Registry(
    "measures",
    {
        name: f"sorby.defects.measures:{name}"
        for name in (
            "area",
            "filled_area",
            "equivalent_diameter",
            "perimeter",
            "feret_max",
            "feret_min",
            "aspect_ratio",
            "circularity",
            "roundness",
            "solidity",
            "orientation",
        )
    },
)
"""``f(instances, field) -> (n_defects,)``, each with its ``unit`` and ``definition``."""

_PLACES = {
    "Field": "geometry",
    "label_instances": "instances",
    "defect_at": "instances",
    "size_floor_px2": "instances",
    "measure_defects": "measure",
    "measure_definitions": "measure",
    "cut_patches": "patches",
}

__all__ = [
    "MEASURES",
    "Field",
    "cut_patches",
    "defect_at",
    "label_instances",
    "measure_defects",
    "measure_definitions",
    "size_floor_px2",
]


def __getattr__(name: str) -> Any:
    """Import a public function when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
