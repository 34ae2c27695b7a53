"""What a project holds and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sorby.project import Project, StoredMask


def project_status(folder: Path) -> dict[str, Any]:
    """State of a project.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    dict
        ``project``, ``synthetic``, ``n_fields``, ``n_test_fields``, ``n_etched``, ``n_masks``,
        ``n_masks_by_person``, ``model`` (number of the one in use, or None),
        ``n_trained_on``, ``picks_waiting`` (chosen fields that no person has labelled yet),
        ``n_without_scale``, ``n_scale_bars``, ``n_labels``,
        ``measured`` and ``classified`` ("yes", "no", "out of date"), ``last_step``, ``next``
        (the command that comes next).
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        fields, masks, history = project.fields(), project.masks(), project.history()
        state = {
            "project": str(project.folder),
            "synthetic": project.note("synthetic") is not None,
            "n_fields": len(fields),
            "n_test_fields": sum(field.split == "test" for field in fields),
            "n_etched": len(project.picture_hashes("etched")),
            "n_masks": len(masks),
            "n_masks_by_person": sum(mask.source == "person" for mask in masks.values()),
            **_learning(project, masks),
            "n_without_scale": sum(field.pixel_size is None for field in fields),
            "n_scale_bars": sum(bool(field.ignore_boxes) for field in fields),
            "n_labels": len(project.labels()),
            "measured": _freshness(project, "measurements"),
            "classified": _freshness(project, "types"),
            "last_step": f"{history[-1].step}, {history[-1].time}" if history else None,
        }
    state["next"] = _next_step(state, folder)
    return state


def _learning(project: Project, masks: dict[str, StoredMask]) -> dict[str, Any]:
    model = project.models.current()
    picks = project.rounds.picks()["image"].unique()
    return {
        "model": model.number if model else None,
        "n_trained_on": len(model.card.settings["training"]["images"]) if model else 0,
        "picks_waiting": [n for n in picks if n not in masks or masks[n].source != "person"],
    }


def _freshness(project: Project, name: str) -> str:
    stored = project.result(name)
    if stored is None:
        return "no"
    return "yes" if stored[1] == project.fingerprint() else "out of date"


def _next_step(state: dict[str, Any], folder: Path) -> str:
    if state["n_masks"] < state["n_fields"]:
        return f"sorby predict {folder}"
    if state["picks_waiting"]:
        return (
            f"correct the masks of {', '.join(state['picks_waiting'][:4])} "
            f"(sorby masks export {folder} masks/), then sorby masks import {folder} masks/"
        )
    if state["measured"] != "yes":
        return f"sorby measure {folder}"
    if state["classified"] != "yes":
        return f"sorby classify predict {folder}"
    if state["last_step"] and state["last_step"].startswith("report"):
        return "read results/report.html"
    return f"sorby report {folder}"
