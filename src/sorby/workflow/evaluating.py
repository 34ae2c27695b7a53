"""How good the model is on the locked test fields, with the methods without labels beside it."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ProjectError
from sorby.core.plain import plain
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredModel
    from sorby.segment import PlaneCache

BASELINES = ("otsu", "flatfield_otsu", "base")
"""Methods without labels that a model is worth its labels only above."""


def evaluate(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Score the model in use on the test fields that a person labelled.

    Parameters
    ----------
    folder : Path
        The project.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``model``; as `sorby.segment.summarise_scores`: ``n``, ``macro_f1``, ``defect_f1``,
        ``precision``, ``recall`` (``mean``, ``sd``), ``pooled``, ``classes``; ``baselines``: the
        same for each of `BASELINES`; ``images``: scores of each field; ``notes``.

    Raises
    ------
    ProjectError
        If there is no model, or no test field has a mask by a person.
    """
    from sorby.project import Project, history, no_model_error
    from sorby.workflow.splitting import lock_test_fields

    with Project.open(folder) as project:
        model = project.models.current()
        if model is None:
            raise no_model_error(folder)
        notes = lock_test_fields(project)
        truth = test_truth(project)
        answer = {"model": model.number, **score_model(project, model, truth, on_step=on_step)}
        with project.transaction():
            kept = {**plain(answer), "masks": truth_hashes(project)}
            project.set_note("evaluation", json.dumps(kept))
            _remember_round(project, model, answer)
            project.record(
                history.new_record(
                    "evaluate",
                    settings={"model": model.number, "scores": answer["pooled"]},
                    inputs={f"model {model.number}": model.sha256}
                    | {f"{name} mask": sha256 for name, sha256 in truth_hashes(project).items()},
                )
            )
        notes += _left_out(project)
    return {**answer, "notes": [*notes, *_notes(answer)]}


def last_evaluation(folder: Path) -> dict[str, Any]:
    """Where the locked test stands.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    dict
        ``tests``: test fields; ``without_mask``: those of them without a mask by a person;
        ``scores``: the last answer of `evaluate`, with ``is_current`` (of the model in use, on
        the test masks as they are now); None where there is none.
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        kept = json.loads(project.note("evaluation") or "null")
        return {
            "tests": [field.name for field in _test_fields(project)],
            "without_mask": _without_mask(project),
            "scores": kept and {**kept, "is_current": is_current(project, kept)},
        }


def is_current(project: Project, evaluation: Mapping[str, Any] | None) -> bool:
    """Whether scores are of the model in use, on the test masks as they are now."""
    return (
        evaluation is not None
        and evaluation["model"] == project.models.current_number()
        and evaluation.get("masks") == truth_hashes(project)
    )


def _without_mask(project: Project) -> list[str]:
    known = truth_hashes(project)
    return [field.name for field in _test_fields(project) if field.name not in known]


def _left_out(project: Project) -> list[str]:
    tests, names = _test_fields(project), _without_mask(project)
    if not names:
        return []
    return [
        f"{len(names)} of {len(tests)} test fields have no mask by a person and were not scored: "
        f"{', '.join(names[:8])}{', ...' if len(names) > 8 else ''}."
    ]


def _remember_round(project: Project, model: StoredModel, answer: Mapping[str, Any]) -> None:
    """Keep the scores as those of the round by hand in which the model's labels were chosen."""
    from sorby.project import BY_HAND, history
    from sorby.workflow.splitting import project_seed

    labelled = list(model.card.settings["training"]["images"])
    picks = project.rounds.picks()
    own = picks[picks["image"].isin(labelled)]
    if own.empty:
        return
    content = {
        "round": int(own["round"].max()),
        "time": history.new_record("round").time,
        "tested_on": truth_hash(project),
        "strategy": str(own["strategy"].iloc[-1]),
        "seed": project_seed(project),
        "n_labelled": len(labelled),
        "picks": list(own.loc[own["round"] == own["round"].max(), "image"]),
        **answer,
    }
    project.rounds.put(BY_HAND, content["round"], plain(content))


def _notes(answer: Mapping[str, Any]) -> list[str]:
    score = fair_score(answer)
    own, baselines = answer[score]["mean"], answer["baselines"]
    best = max(baselines, key=lambda name: baselines[name][score]["mean"])
    free = baselines[best][score]["mean"]
    notes = []
    if own <= free:
        notes.append(
            f"The model is no better than {best}, which needs no labels "
            f"({score.replace('_f1', '-F1')} {own:.3f} against {free:.3f}): label more fields, or "
            f"use sorby predict --method {best}."
        )
    if answer["n"] < 5:
        notes.append(f"{answer['n']} test fields: these scores say little of other images.")
    if len(answer["classes"]) > 1:
        notes.append("The baselines know one class: compare their defect-F1, not their macro-F1.")
    return notes


def fair_score(answer: Mapping[str, Any]) -> str:
    """Score in which model and baselines, which know one class, may be compared."""
    return "defect_f1" if len(answer["classes"]) > 1 else "macro_f1"


def test_truth(project: Project) -> dict[Field, np.ndarray]:
    """Masks by a person of the test fields.

    Raises
    ------
    ProjectError
        If there is none.
    """
    masks, known = project.masks(), truth_hashes(project)
    tests = _test_fields(project)
    labelled = [field for field in tests if field.name in known]
    if not labelled:
        names = ", ".join(field.name for field in tests[:8]) or "none"
        raise ProjectError(
            f"No test field of {project.folder} has a mask by a person, so there is no truth to "
            f"compare with. Test fields: {names}. Correct their masks and take them in: "
            f"sorby masks import {project.folder} PATH"
        )
    return {field: project.read_mask(masks[field.name]) for field in labelled}


def truth_hashes(project: Project) -> dict[str, str]:
    """SHA-256 of the masks by a person of the test fields, by field name."""
    masks = project.masks()
    names = [field.name for field in _test_fields(project)]
    return {n: masks[n].sha256 for n in names if n in masks and masks[n].source == "person"}


def truth_hash(project: Project) -> str:
    """One hash for the test fields and their masks: scores of the same hash may be compared."""
    return hashlib.sha256(json.dumps(truth_hashes(project)).encode()).hexdigest()


def _test_fields(project: Project) -> list[Field]:
    return [field for field in project.fields() if field.split == "test"]


def score_model(
    project: Project,
    model: StoredModel,
    truth: Mapping[Field, np.ndarray],
    *,
    baselines: Mapping[str, Any] | None = None,
    planes: PlaneCache | None = None,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Scores of a model and of the baselines on fields whose truth is known.

    Parameters
    ----------
    project : Project
        Whose images are looked at.
    model : StoredModel
        The model.
    truth : mapping of Field to ndarray of shape (M, N)
        True masks.
    baselines : mapping, optional
        Scores of the baselines, where they are known already.
    planes : PlaneCache, optional
        Keeps what networks see of fields.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        See `evaluate`, without ``model`` and ``notes``.

    Raises
    ------
    ProjectError
        If a true mask holds a class that the model does not know.
    """
    from sorby.segment import SEGMENTERS, compare, load_segmenter, scores_of, summarise_scores
    from sorby.workflow.predicting import segment_micrograph

    trained, card = load_segmenter(model.path)
    _refuse_unknown_classes(project, model, truth, card.classes)
    ways: dict[str, Any] = {"model": functools.partial(trained, planes=planes)}
    if baselines is None:
        ways |= {name: SEGMENTERS[name] for name in BASELINES}
    counts: dict[str, list[Any]] = {name: [] for name in ways}
    for done, (field, mask) in enumerate(truth.items(), start=1):
        micrograph, valid = project.read_picture(field), field.valid()
        for name, segmenter in ways.items():
            threshold = trained.threshold if name == "model" else 0.5
            called, _ = segment_micrograph(segmenter, micrograph, valid, threshold=threshold)
            counts[name].append(compare(called, mask, n_classes=len(card.classes)))
        on_step(done, len(truth), step="evaluate", image=field.name)
    summaries = {name: summarise_scores(each, card.classes) for name, each in counts.items()}
    return {
        **summaries.pop("model"),
        "baselines": summaries if baselines is None else dict(baselines),
        "images": [
            {"image": field.name, **scores_of(one)}
            for field, one in zip(truth, counts["model"], strict=True)
        ],
    }


def _refuse_unknown_classes(
    project: Project,
    model: StoredModel,
    truth: Mapping[Field, np.ndarray],
    classes: Sequence[str],
) -> None:
    for field, mask in truth.items():
        unknown = sorted(set(np.unique(mask).tolist()) - {*range(len(classes) + 1), IGNORE})
        if unknown:
            raise ProjectError(
                f"The true mask of test field {field.name} holds the value {unknown[0]}, and model "
                f"{model.number} knows {len(classes)} defect classes ({', '.join(classes)}): its "
                "scores would say nothing. Label that class in the pool and train again: sorby "
                f"train {project.folder}; or make the project with all its classes: sorby new "
                "--classes NAME..."
            )
