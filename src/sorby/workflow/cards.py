"""What a card says of a model that was trained in a project."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.records import IGNORE, ModelCard

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredModel
    from sorby.segment.training import TrainingRecord


def ever_trained_on(model: StoredModel | None) -> list[str]:
    """Fields that a model, or one that it started from, has learnt from."""
    return [] if model is None else list(model.card.settings["training"]["ever_trained_on"])


def card_of_training(
    project: Project,
    labels: Mapping[Field, np.ndarray],
    record: TrainingRecord,
    *,
    preset: str,
    seed: int,
    start: StoredModel | None,
    classes: tuple[str, ...],
) -> ModelCard:
    """Card of a model that was just trained.

    Parameters
    ----------
    project : Project
        Where.
    labels : mapping of Field to ndarray of shape (M, N)
        What it learnt from and was validated on.
    record : TrainingRecord
        How it went.
    preset, seed, start, classes
        As in `sorby.workflow.training.train_model`.

    Returns
    -------
    ModelCard
        Its ``settings["training"]`` is what the project knows of the training.
    """
    from sorby.project import history
    from sorby.segment import preset as settings_of

    hashes = project.picture_hashes()
    n_defects = sum(int(np.count_nonzero((m != 0) & (m != IGNORE))) for m in labels.values())
    return ModelCard(
        name=f"{project.folder.name}, {len(labels)} fields",
        task="defect segmentation",
        classes=classes,
        trained_on=f"{len(labels)} fields labelled in this project, {n_defects} defect px",
        limits="Knows images like those it was trained on: look at its masks on any others.",
        scores={"validation_macro_f1": record.score},
        settings={
            "preset": preset,
            "seed": seed,
            "started_from": start.number if start and record.is_warm else None,
            "began": "model in the box" if record.is_warm and not start else "random weights",
            "options": asdict(settings_of(preset)),
            "training": {
                "trained_on": list(record.trained_on),
                "ever_trained_on": sorted(
                    {*record.trained_on, *(ever_trained_on(start) if record.is_warm else ())}
                ),
                "validated_on": list(record.validated_on),
                "images": {field.name: hashes[field.name] for field in labels},
                "masks": {
                    field.name: hashlib.sha256(np.ascontiguousarray(mask).data).hexdigest()
                    for field, mask in labels.items()
                },
                "validation_macro_f1": record.score,
                "best_step": record.best_step,
                "stopped_at": record.stopped_at,
                "seconds": round(record.seconds, 2),
                "cpu_seconds": round(record.cpu_seconds, 2),
                "curve": record.curve,
                "notes": list(record.notes),
            },
        },
        versions=history.new_record("train").versions,
    )
