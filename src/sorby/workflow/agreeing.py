"""How far consecutive models of a project agree on images that neither learnt from."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import SorbyError
from sorby.core.progress import OnStep, silent

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredModel
    from sorby.select.stopping import AreaChange

N_IMAGES = 8
"""Images that two models are compared on."""

WINDOW_PX = 1024
"""Edge of the middle part of an image that is compared."""

_NOTE = "agreements"


def compare_models(project: Project, *, on_step: OnStep = silent) -> None:
    """Compare the last models, each with the one before, where that was not done yet.

    Parameters
    ----------
    project : Project
        Keeps the counts.
    on_step : callable
        Told after each image.
    """
    known = _known(project)
    for before, now in _pairs(project):
        if _key(before, now) in known or not (before.is_whole and now.is_whole):
            continue
        known[_key(before, now)] = _compared(project, before, now, on_step)
        project.set_note(_NOTE, json.dumps(known))


def agreements(project: Project) -> tuple[list[float], AreaChange | None]:
    """Kappa of each comparison that was made, and the change of area in the last.

    Parameters
    ----------
    project : Project
        Nothing is predicted.

    Returns
    -------
    kappas : list of float
        Oldest first, those of consecutive models up to the one in use; NaN where there was no
        image to compare on.
    area : AreaChange or None
        None where the last two models were not compared.
    """
    from sorby.select.stopping import cohen_kappa

    known, pairs = _known(project), _pairs(project)
    found = [known.get(_key(*pair)) for pair in pairs]
    kappas: list[float] = []
    for one in reversed(found):
        if one is None:
            break
        kappas.insert(0, cohen_kappa(np.array(one["table"])))
    if not kappas or found[-1] is None:
        return [], None
    n_reported = sum(not field.is_locked for field in project.fields())
    return kappas, _area(np.array(found[-1]["areas"], float).reshape(-1, 3), n_reported)


def _area(areas: np.ndarray, n_reported: int) -> AreaChange | None:
    """Change over the compared images, beside the interval of all images that are reported."""
    from sorby.quantify.intervals import ratio_interval
    from sorby.select.stopping import AreaChange

    before, now, counted = areas.T
    if not counted.sum():
        return None
    low, high = ratio_interval(now, counted)
    half = (high - low) / 2 * math.sqrt(len(areas) / max(n_reported, len(areas)))
    total = counted.sum()
    return AreaChange(float(before.sum() / total), float(now.sum() / total), half, len(areas))


def _known(project: Project) -> dict[str, Any]:
    return dict(json.loads(project.note(_NOTE) or "{}"))


def _key(before: StoredModel, now: StoredModel) -> str:
    return f"{before.sha256[:16]} {now.sha256[:16]}"


def _pairs(project: Project) -> list[tuple[StoredModel, StoredModel]]:
    """The last models up to the one in use, each with the one before, oldest first."""
    from sorby.select.stopping import STEADY_ROUNDS

    current = project.models.current_number()
    line = [
        model
        for model in project.models.all()
        if current is not None and model.number <= current and not model.card.settings["is_member"]
    ][-STEADY_ROUNDS - 1 :]
    return list(itertools.pairwise(line))


def _compared(
    project: Project, before: StoredModel, now: StoredModel, on_step: OnStep
) -> dict[str, Any]:
    from sorby.segment import load_segmenter
    from sorby.select.stopping import agreement_table

    segmenters = [load_segmenter(model.path)[0] for model in (before, now)]
    n_classes = max(len(model.card.classes) for model in (before, now))
    table = np.zeros((n_classes + 1, n_classes + 1), int)
    areas = []
    fields = _stop_set(project, before, now)
    for done, field in enumerate(fields, start=1):
        try:
            first, second = _masks(project, field, segmenters)
        except SorbyError:
            continue  # an image that is gone is reported where it is used
        sample = (first != 255) & (second != 255)
        table += agreement_table(first, second, valid=sample, n_classes=n_classes)
        areas.append([int(((m > 0) & sample).sum()) for m in (first, second)] + [int(sample.sum())])
        on_step(done, len(fields), step="compare with the model before", image=field.name)
    return {"table": table.tolist(), "areas": areas, "images": [field.name for field in fields]}


def _stop_set(project: Project, before: StoredModel, now: StoredModel) -> list[Field]:
    """Images of the pool that neither model learnt from, in an order that nothing chose."""
    from sorby.workflow.cards import ever_trained_on

    learnt = {
        name
        for model in (before, now)
        for name in (*ever_trained_on(model), *model.card.settings["training"]["images"])
    }
    hashes = project.picture_hashes()
    free = [f for f in project.fields() if not f.is_locked and f.name not in learnt]
    return sorted(free, key=lambda field: hashes[field.name])[:N_IMAGES]


def _masks(project: Project, field: Field, segmenters: list[Any]) -> list[np.ndarray]:
    from sorby.segment import mask_from_probability

    picture = project.read_picture(field)
    middle = tuple(
        slice(max(0, (n - WINDOW_PX) // 2), max(0, (n - WINDOW_PX) // 2) + WINDOW_PX)
        for n in field.shape
    )
    part = dataclasses.replace(picture, pixels=np.ascontiguousarray(picture.pixels[middle]))
    valid = field.valid()[middle]
    return [
        mask_from_probability(seen(part, valid=valid), valid=valid, threshold=seen.threshold)
        for seen in segmenters
    ]
