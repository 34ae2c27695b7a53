"""The printed result: figures, tables and one self-contained HTML page.

The room knows no stage and no project: it takes tables, arrays and plain records.
Functions are imported on first use, so that looking at the registry loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sorby.core.registry import Registry

if TYPE_CHECKING:
    from sorby.report.byround import by_round_figure
    from sorby.report.differences import difference_sentence, differences_figure
    from sorby.report.evidence import Evidence, evidence_figure
    from sorby.report.experiment import ExperimentContent, Section, write_experiment_page
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
    from sorby.report.lossrounds import loss_rounds_figure
    from sorby.report.pickmaps import pick_maps_figure
    from sorby.report.pictures import Picture
    from sorby.report.rounds import strategy_label
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
    "Evidence": "evidence",
    "ExperimentContent": "experiment",
    "Section": "experiment",
    "by_round_figure": "byround",
    "difference_sentence": "differences",
    "differences_figure": "differences",
    "evidence_figure": "evidence",
    "loss_rounds_figure": "lossrounds",
    "pick_maps_figure": "pickmaps",
    "strategy_label": "rounds",
    "write_experiment_page": "experiment",
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
    "Evidence",
    "ExperimentContent",
    "LearningContent",
    "MaskExample",
    "Picture",
    "ReportContent",
    "Section",
    "by_round_figure",
    "condition_figure",
    "difference_sentence",
    "differences_figure",
    "embedding_figure",
    "evidence_figure",
    "examples_figure",
    "loss_figure",
    "loss_rounds_figure",
    "overlay_figure",
    "pick_maps_figure",
    "process_map_figure",
    "rounds_figure",
    "save_figure",
    "size_distribution_figure",
    "strategy_label",
    "write_csv",
    "write_experiment_page",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a public function when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
