"""What a project holds and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredMask, StoredModel


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
        ``model_is_whole`` (False where its file is gone or was changed), ``n_trained_on``,
        ``picks_waiting`` (chosen fields that no person has labelled yet), ``not_learnt`` (fields
        of the pool that a person labelled and the model does not know),
        ``n_without_scale``, ``n_scale_bars``, ``n_labels``,
        ``labelling`` (what is new, whether a round is due and labelling can stop, see
        `sorby.workflow.standing.labelling_state`),
        ``measured`` and ``classified`` ("yes", "no", "out of date"), ``last_step``, ``next``
        (the command that comes next).
    """
    from sorby.project import Project
    from sorby.workflow.standing import labelling_state

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
            **_learning(project, fields, masks),
            "n_without_scale": sum(field.pixel_size is None for field in fields),
            "n_scale_bars": sum(bool(field.ignore_boxes) for field in fields),
            "n_labels": len(project.labels()),
            "labelling": labelling_state(project),
            "measured": _freshness(project, "measurements"),
            "classified": _freshness(project, "types"),
            "last_step": f"{history[-1].step}, {history[-1].time}" if history else None,
        }
    state["next"] = _next_step(state, folder)
    return state


def _learning(
    project: Project, fields: list[Field], masks: dict[str, StoredMask]
) -> dict[str, Any]:
    model, is_whole = _model_in_use(project)
    learnt = model.card.settings["training"]["images"] if model else {}
    by_person = {name for name, mask in masks.items() if mask.source == "person"}
    pool = [field.name for field in fields if not field.is_locked]
    return {
        "model": model.number if model else None,
        "model_is_whole": is_whole,
        "n_trained_on": len(learnt),
        "picks_waiting": [
            n for n in project.rounds.picks()["image"].unique() if n not in by_person
        ],
        "not_learnt": [name for name in pool if name in by_person and name not in learnt],
    }


def _model_in_use(project: Project) -> tuple[StoredModel | None, bool]:
    """The model in use, as the database knows it, and whether its file is whole."""
    number = project.models.current_number()
    model = next((m for m in project.models.all() if m.number == number), None)
    return model, model is None or model.is_whole


def _freshness(project: Project, name: str) -> str:
    stored = project.result(name)
    if stored is None:
        return "no"
    return "yes" if stored[1] == project.fingerprint() else "out of date"


def _next_step(state: dict[str, Any], folder: Path) -> str:
    if not state["n_fields"]:
        return f"add images on the page: sorby app {folder}"
    has_masks = state["n_masks"] == state["n_fields"]
    if not state["model_is_whole"]:
        return f"put the file of the model back, or use another: sorby models {folder} --use N"
    if has_masks and state["picks_waiting"]:
        return (
            f"correct the masks of {', '.join(state['picks_waiting'][:4])} "
            f"(sorby masks export {folder} masks/), then sorby masks import {folder} masks/"
        )
    if state["not_learnt"] and not state["picks_waiting"]:
        return f"sorby train {folder}"
    if not has_masks:
        return f"sorby predict {folder}"
    if state["measured"] != "yes":
        return f"sorby measure {folder}"
    if state["classified"] != "yes":
        return f"sorby classify predict {folder}"
    if state["last_step"] and state["last_step"].startswith("report"):
        return "read results/report.html"
    return f"sorby report {folder}"
