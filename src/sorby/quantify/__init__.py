"""Quantify: from defect tables to one row an image, one row a condition, and process maps.

Functions are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sorby.quantify import intervals
    from sorby.quantify.conditions import summarise_conditions
    from sorby.quantify.fields import RESERVED_TYPES, summarise_fields
    from sorby.quantify.paired import PairedDifference, paired_difference
    from sorby.quantify.processmap import MapSection, ProcessMap, process_map

_PLACES = {
    "summarise_fields": "fields",
    "summarise_conditions": "conditions",
    "PairedDifference": "paired",
    "paired_difference": "paired",
    "process_map": "processmap",
    "ProcessMap": "processmap",
    "MapSection": "processmap",
    "RESERVED_TYPES": "fields",
}

__all__ = [
    "RESERVED_TYPES",
    "MapSection",
    "PairedDifference",
    "ProcessMap",
    "intervals",
    "paired_difference",
    "process_map",
    "summarise_conditions",
    "summarise_fields",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name == "intervals":
        return importlib.import_module(f"{__name__}.intervals")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
