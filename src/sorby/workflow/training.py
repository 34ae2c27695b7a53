"""A model from the masks that people corrected, as a numbered file of the project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ModelError, ProjectError, SettingError
from sorby.core.progress import OnStep, ShouldStop, never, silent
from sorby.core.records import IGNORE
from sorby.core.rng import generator
from sorby.workflow.cards import card_of_training, ever_trained_on

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredModel
    from sorby.segment import LabelledField, PlaneCache, TrainedSegmenter

PRESET = "fast"
MOST_CLASSES = 16


def train_project(
    folder: Path,
    *,
    preset: str = PRESET,
    resume: bool = False,
    promote: bool = True,
    on_step: OnStep = silent,
    should_stop: ShouldStop = never,
) -> dict[str, Any]:
    """Train on every field of the pool whose mask a person made, and put the model in use.

    Parameters
    ----------
    folder : Path
        The project.
    preset : {"fast", "best", "paper"}
        How.
    resume : bool
        Go on where a training of the same labels was stopped; without it such a one is refused.
    promote : bool
        False keeps the model that is in use; the new one waits on the shelf.
    on_step : callable
        Told after each training step.
    should_stop : callable
        Asked after each step; True ends the training with the best weights so far. ``resume``
        goes on from there to the model that the whole training makes.

    Returns
    -------
    dict
        ``model`` (its number), ``previous`` (number of the one that was in use, or None),
        ``stopped_at`` (step, or None), ``is_new``, ``trained_on``, ``validated_on``,
        ``validation_macro_f1``, ``threshold``, ``best_step``, ``seconds``, ``cpu_seconds``,
        ``notes``.

    Raises
    ------
    ProjectError
        If nothing is labelled.
    SettingError
        If the labels cannot be learnt from, or a stopped training of them waits.
    """
    from sorby.project import Project
    from sorby.workflow.agreeing import compare_models
    from sorby.workflow.splitting import (
        labelled_names,
        lock_test_fields,
        pool_fields,
        project_seed,
    )

    with Project.open(folder) as project:
        notes = lock_test_fields(project)
        start, lost = _start(project)
        known = labelled_names(project)
        labelled = [field for field in pool_fields(project) if field.name in known]
        if not labelled:
            raise ProjectError(
                f"No field of {folder} that may be learnt from has a mask by a person. "
                f"sorby select {folder} proposes some; correct their masks and take them in: "
                f"sorby masks import {folder} PATH"
            )
        masks = {name: project.masks()[name] for name in (field.name for field in labelled)}
        model, is_new = train_model(
            project,
            {field: project.read_mask(masks[field.name]) for field in labelled},
            preset=preset,
            seed=project_seed(project),
            start=start,
            resume=resume,
            on_step=on_step,
            should_stop=should_stop,
        )
        previous = project.models.current_number()
        if promote:
            with project.transaction():
                project.models.use(model.number)
                record_use(project, model)
            compare_models(project)
    training = model.card.settings["training"]
    return {
        "model": model.number,
        "previous": previous,
        "stopped_at": training.get("stopped_at"),
        "is_new": is_new,
        **{name: training[name] for name in _SAID},
        "notes": [*notes, *lost, *training["notes"]],
    }


def _start(project: Project) -> tuple[StoredModel | None, list[str]]:
    """Model in use to start from; where its file is lost, none, and a note: training heals it."""
    try:
        return project.models.current(), []
    except ModelError:
        return None, ["The file of the model in use is lost: training started without it."]


_SAID = (
    "trained_on",
    "validated_on",
    "validation_macro_f1",
    "threshold",
    "best_step",
    "seconds",
    "cpu_seconds",
)


def record_use(project: Project, model: StoredModel) -> None:
    """Append to the history that a model is in use from now on."""
    from sorby.project import history

    project.record(
        history.new_record(
            "use model",
            settings={"model": model.number},
            outputs={f"model {model.number}": model.sha256},
        )
    )


def train_model(
    project: Project,
    labels: Mapping[Field, np.ndarray],
    *,
    preset: str = PRESET,
    seed: int,
    start: StoredModel | None = None,
    resume: bool = True,
    is_member: bool = False,
    planes: PlaneCache | None = None,
    on_step: OnStep = silent,
    should_stop: ShouldStop = never,
) -> tuple[StoredModel, bool]:
    """Model of some labels, from the shelf where the same training was done before.

    Parameters
    ----------
    project : Project
        Gets the model; nothing is put in use.
    labels : mapping of Field to ndarray of shape (M, N)
        Masks to learn from. None of the fields may be locked.
    preset : str
        How.
    seed : int
        Same labels, preset, start and seed: same model.
    start : StoredModel, optional
        Model to start from where the one in the box does not know the classes; it is the answer
        itself where it was made from the same.
    resume : bool
        Go on from the checkpoint of a stopped training; without it such a one is refused.
    is_member : bool
        Whether it is one of an ensemble, not a model to be used alone.
    planes : PlaneCache, optional
        Keeps what networks see of fields from one training to the next.
    on_step : callable
        Told after each step.
    should_stop : callable
        Asked after each step. A model that was stopped early is never taken for the whole one.

    Returns
    -------
    model : StoredModel
    is_new : bool
        False if it was on the shelf.

    Raises
    ------
    ProjectError
        If a locked field is among the labels.
    """
    from sorby.segment import base_suits, save_segmenter, train
    from sorby.segment import preset as settings_of

    _refuse_locked(project, labels)
    classes = class_names(project, labels.values())
    if base_suits(settings_of(preset), classes):
        start = None
    lesson = _lesson(project, labels, preset=preset, seed=seed, classes=classes)
    if start is not None and start.card.settings.get("lesson") == lesson:
        return start, False
    origin = _origin(lesson, start)
    known = project.models.made_from(origin)
    if known is not None:
        return known, False
    checkpoint = _checkpoint(project, origin)
    if checkpoint.is_file() and not resume:
        raise _stopped_before(project, checkpoint)
    segmenter, record = train(
        _labelled(project, labels, ever_trained_on(start)),
        classes=classes,
        settings=settings_of(preset),
        rng=generator(seed),
        start=_first(start, is_member=is_member),
        checkpoint=checkpoint,
        planes=planes,
        on_step=on_step,
        should_stop=should_stop,
    )
    card = card_of_training(
        project, labels, record, preset=preset, seed=seed, start=start, classes=classes
    )
    is_whole = record.stopped_at is None
    card.settings.update(is_member=is_member, lesson=lesson if is_whole else None)
    card.settings["training"]["threshold"] = segmenter.threshold
    model = project.models.add(
        lambda path: save_segmenter(path, segmenter, card),
        card,
        made_from=origin if is_whole else f"{origin}, stopped at step {record.stopped_at}",
    )
    _record_training(project, labels, model)
    if is_whole:
        checkpoint.unlink(missing_ok=True)
    return model, True


def _refuse_locked(project: Project, labels: Mapping[Field, np.ndarray]) -> None:
    """Test fields are looked up in the store: what a caller says of them does not count.

    They are set aside first, so that none that a model has seen is drawn for tests later.
    """
    from sorby.workflow.splitting import lock_test_fields

    lock_test_fields(project)
    locked = {field.name for field in project.fields() if field.is_locked}
    leaked = sorted(field.name for field in labels if field.name in locked)
    if leaked:
        raise ProjectError(
            f"{', '.join(leaked)}: locked for tests, so nothing may be learnt from them. "
            "Leave them out of the labels."
        )


def class_names(project: Project, masks: Sequence[np.ndarray] | Any) -> tuple[str, ...]:
    """Defect classes of a project: as it was made with, else as many as the masks hold."""
    stated = project.note("classes")
    if stated:
        return tuple(json.loads(stated))
    largest = 1
    for mask in masks:
        values = mask[mask != IGNORE]
        largest = max(largest, int(values.max()) if values.size else 1)
    if largest > MOST_CLASSES:
        raise ProjectError(
            f"A mask holds the value {largest}, as if there were {largest} defect classes. If the "
            "masks are black and white, import them again with --mask-values binary."
        )
    return ("defect",) if largest == 1 else tuple(f"class_{k}" for k in range(1, largest + 1))


def _lesson(
    project: Project,
    labels: Mapping[Field, np.ndarray],
    *,
    preset: str,
    seed: int,
    classes: tuple[str, ...],
) -> str:
    """Fingerprint of all that a model learns from, but for the project's that it starts from."""
    from sorby.segment import base_sha256
    from sorby.segment import preset as settings_of

    hashes = project.picture_hashes()
    parts = [
        sorted(
            (
                field.name,
                hashes[field.name],
                hashlib.sha256(np.ascontiguousarray(mask).data).hexdigest(),
                field.um_per_px,
                field.specimen,
            )
            for field, mask in labels.items()
        ),
        asdict(settings_of(preset)),
        seed,
        classes,
        base_sha256(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _origin(lesson: str, start: StoredModel | None) -> str:
    parts = [lesson, start.sha256 if start else None]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _first(start: StoredModel | None, *, is_member: bool) -> TrainedSegmenter | None:
    """Weights to begin with: an earlier model's, else those in the box.

    Where the box knows the classes it is always the box: rounds would move away from it step by
    step, and on kinds of images that nobody labelled each cost some of what it knew.
    Members of an ensemble begin at random, so that they disagree where the labels say nothing.
    """
    from sorby.segment import base_model, load_segmenter

    if start is not None:
        return load_segmenter(start.path)[0]
    return None if is_member else base_model()[0]


def _checkpoint(project: Project, origin: str) -> Path:
    from sorby.project import cache_folder

    return cache_folder(project.folder) / "training" / f"{origin[:32]}.safetensors"


def _stopped_before(project: Project, checkpoint: Path) -> SettingError:
    return SettingError(
        "A training of these labels was stopped on its way. Go on with it: sorby train "
        f"{project.folder} --resume. To begin it again, delete {checkpoint} first."
    )


def _labelled(
    project: Project, labels: Mapping[Field, np.ndarray], known: Sequence[str]
) -> list[LabelledField]:
    from sorby.segment import LabelledField
    from sorby.workflow.splitting import near_duplicate_groups, split_groups

    fields, copies = sorted(labels, key=lambda one: one.name), near_duplicate_groups(project)
    return [
        LabelledField(
            project.read_picture(field),
            labels[field],
            field.valid(),
            group,
            copies[field.name],
            field.name in known,
        )
        for field, group in zip(fields, split_groups(project, fields), strict=True)
    ]


def _record_training(
    project: Project, labels: Mapping[Field, np.ndarray], model: StoredModel
) -> None:
    from sorby.project import history

    about = {k: model.card.settings[k] for k in ("preset", "seed", "started_from")}
    project.record(
        history.new_record(
            "train",
            settings={**about, "labelled": sorted(field.name for field in labels)},
            inputs=model.card.settings["training"]["masks"],
            outputs={f"model {model.number}": model.sha256},
        )
    )
