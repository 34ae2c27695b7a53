"""The printed result: figures, tables and one self-contained HTML page.

The room knows no stage and no project: it takes tables, arrays and plain records.
Functions are imported on first use, so that looking at the registry loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sorby.core.registry import Registry

if TYPE_CHECKING:
    from sorby.report.figures import (
        MaskExample,
        condition_figure,
        embedding_figure,
        examples_figure,
        loss_figure,
        overlay_figure,
        process_map_figure,
        rounds_figure,
        save_figure,
        size_distribution_figure,
    )
    from sorby.report.html import MAX_OVERLAYS, ReportContent, write_report
    from sorby.report.learning import LearningContent
    from sorby.report.pictures import Picture
    from sorby.report.tables import write_csv

EXPORTERS = Registry(
    "exporters",
    {
        "csv": "sorby.report.tables:write_csv",
        "html": "sorby.report.tables:write_html",
    },
)
"""``f(tables, path) -> path``: tables by name, to a file or folder."""

_PLACES = {
    "MaskExample": "figures",
    "condition_figure": "figures",
    "embedding_figure": "figures",
    "examples_figure": "figures",
    "loss_figure": "figures",
    "overlay_figure": "figures",
    "process_map_figure": "figures",
    "rounds_figure": "figures",
    "save_figure": "figures",
    "size_distribution_figure": "figures",
    "LearningContent": "learning",
    "MAX_OVERLAYS": "html",
    "Picture": "pictures",
    "ReportContent": "html",
    "write_report": "html",
    "write_csv": "tables",
}

__all__ = [
    "EXPORTERS",
    "MAX_OVERLAYS",
    "LearningContent",
    "MaskExample",
    "Picture",
    "ReportContent",
    "condition_figure",
    "embedding_figure",
    "examples_figure",
    "loss_figure",
    "overlay_figure",
    "process_map_figure",
    "rounds_figure",
    "save_figure",
    "size_distribution_figure",
    "write_csv",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a public function when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
