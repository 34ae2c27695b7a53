"""The numbers of a project as the Results page shows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import ProjectError
from sorby.core.plain import plain

if TYPE_CHECKING:
    import pandas as pd

    from sorby.project import Project

MAX_FIGURE_BYTES = 20 * 1024**2


def project_results(folder: Path) -> dict[str, Any]:
    """Tables of defects, fields and conditions, and the process map where it is up to date.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    dict
        ``defects``, ``fields``, ``conditions`` (rows; empty where nothing is measured or masks
        have changed since), ``measured``, ``classified`` ("yes", "no", "out of date"),
        ``process_map_svg`` (text or None), ``can_report``.
    """
    from sorby.project import Project
    from sorby.workflow.measuring import current_tables
    from sorby.workflow.status import project_status

    status = project_status(folder)
    tables: dict[str, list[dict[str, Any]]] = {"defects": [], "fields": [], "conditions": []}
    with Project.open(folder) as project:
        if status["measured"] == "yes":
            found = vars(current_tables(project))
            tables = {name: _rows(table) for name, table in found.items()}
        figure = _process_map(project)
    return {
        **tables,
        "measured": status["measured"],
        "classified": status["classified"],
        "process_map_svg": figure,
        "can_report": status["measured"] == "yes",
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        plain(row) for row in table.astype(object).where(table.notna(), None).to_dict("records")
    ]


def _process_map(project: Project) -> str | None:
    """The figure that ``map`` drew of images and masks as they are now, or None."""
    from sorby.project import results_folder
    from sorby.workflow.mapping import FIGURE

    maps = [step for step in project.history() if step.step == "map"]
    path = results_folder(project.folder) / f"{FIGURE}.svg"
    if not maps or project.fingerprint() not in maps[-1].inputs.values():
        return None
    if not path.is_file() or path.stat().st_size > MAX_FIGURE_BYTES:
        return None
    return path.read_text(encoding="utf-8", errors="replace")


def report_file(folder: Path) -> Path:
    """The report that was written last.

    Raises
    ------
    ProjectError
        If there is none yet.
    """
    from sorby.project import results_folder

    path = results_folder(folder) / "report.html"
    if not path.is_file():
        raise ProjectError("There is no report yet. Make it on the Results page.")
    return path
