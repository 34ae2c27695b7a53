"""The process map of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sorby.core.errors import ProjectError
from sorby.core.progress import OnStep, silent

FIGURE = "process_map"


class NoMapError(ProjectError):
    """No field has both laser power and scan speed."""


def map_project(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Process map as a figure (PNG, SVG) and a table (CSV).

    Parameters
    ----------
    folder : Path
        The project, measured and, for fractions of types, classified.
    on_step : callable
        Told after each file.

    Returns
    -------
    dict
        ``n_conditions`` on the map, ``n_left_out`` (without power or speed), ``files``.

    Raises
    ------
    ProjectError
        If the project is not measured or no field has laser power and scan speed.
    """
    from sorby.project import Project, history, results_folder
    from sorby.quantify import process_map
    from sorby.report import EXPORTERS, process_map_figure, save_figure
    from sorby.workflow.measuring import BOOTSTRAP_SEED, current_tables

    with Project.open(folder) as project:
        found = process_map(current_tables(project).conditions)
        if not found.sections:
            raise NoMapError(
                f"No field of {folder} has laser power and scan speed, so there is no map. Give "
                "them in a fields table (laser_power_w, scan_speed_mm_s) when the project is made: "
                "sorby new DIR --polished PATH... --fields CSV"
            )
        figure = process_map_figure(found.sections, synthetic=project.note("synthetic") is not None)
        results = results_folder(project.folder)
        files = [EXPORTERS["csv"]({FIGURE: found.table}, results / f"{FIGURE}.csv")]
        for suffix in (".png", ".svg"):
            files.append(save_figure(figure, results / f"{FIGURE}{suffix}"))
            on_step(len(files), 3)
        project.record(
            history.new_record("map", settings={"seed": BOOTSTRAP_SEED}, inputs=_hashes(project))
        )
    return {
        "n_conditions": len(found.table),
        "n_left_out": found.n_conditions_left_out,
        "files": [str(path) for path in files],
    }


def _hashes(project: Any) -> dict[str, str]:
    return {"fingerprint of images and masks": project.fingerprint()}
