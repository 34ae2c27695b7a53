"""The whole main job in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sorby.core.progress import OnStep, silent


def run_project(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Predict, measure, classify, map and report; run again, it goes on where it was stopped.

    Without laser power and scan speed there is no map, and the report comes without it.

    Parameters
    ----------
    folder : Path
        The project.
    on_step : callable
        Told after each field of each step, with ``step=`` its name.

    Returns
    -------
    dict
        What each step returned, by its name.
    """
    from sorby.workflow.classifying import classify_project
    from sorby.workflow.mapping import NoMapError, map_project
    from sorby.workflow.measuring import measure
    from sorby.workflow.predicting import predict
    from sorby.workflow.reporting import report_project

    steps = {
        "predict": predict,
        "measure": measure,
        "classify": classify_project,
        "map": map_project,
        "report": report_project,
    }
    answers: dict[str, Any] = {}
    for name, step in steps.items():
        try:
            answers[name] = step(folder, on_step=named(on_step, name))  # type: ignore[operator]
        except NoMapError as error:
            answers[name] = {"n_conditions": 0, "n_left_out": 0, "files": [], "notes": [str(error)]}
    return answers


def named(on_step: OnStep, step: str) -> OnStep:
    """Callback that adds the step's name to what it is told."""

    def told(done: int, total: int, **values: object) -> None:
        on_step(done, total, **{"step": step, **values})

    return told
