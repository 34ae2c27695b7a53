"""From labelled fields to a trained segmenter: split, fit, choose the threshold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sorby.core.errors import SettingError
from sorby.core.progress import OnStep, ShouldStop, never, silent
from sorby.core.records import IGNORE, Micrograph
from sorby.learn import LOSSES, NETWORKS, Crops, Example, fit, initialise
from sorby.segment.gray import check_field
from sorby.segment.holdout import hold_out
from sorby.segment.planes import PlaneCache, field_planes
from sorby.segment.presets import TrainSettings
from sorby.segment.trained import TrainedSegmenter, ready
from sorby.segment.validation import glimpses, look, nearest_to_a_half, settle

_SEEN_BEFORE = (
    "Some validation fields are ones that an earlier model, from which this one started, had "
    "learnt from: the validation score is rather too good. The test fields tell."
)

_NO_GAIN = (
    "No step of the training did better on the validation fields than its start: the weights are "
    "those of the start, only the threshold is new. More labels may help."
)

_SPLIT = 0.75

_ONE_SPECIMEN = (
    "All labelled defects are of one specimen: validation fields are of the specimen that the "
    "model trained on. Label fields of a second one."
)
_ONE_FIELD = (
    "Only one labelled field holds defects: the right part of it chose the weights and the "
    "threshold. Label more fields."
)


@dataclass(frozen=True)
class LabelledField:
    """A field with a mask to learn from.

    Attributes
    ----------
    micrograph : Micrograph
        The image, (M, N).
    mask : ndarray of shape (M, N), uint8
        0 background, 1.. classes, 255 not counted.
    valid : ndarray of bool of shape (M, N) or None
        Pixels outside the ignore boxes.
    group : object
        Fields of one group (specimen, near-duplicates) stay on one side of the split.
    copies : object
        Near-duplicates have the same; they stay together where all fields are of one group.
    was_trained_on : bool
        Whether the model that training starts from, or one before it, has learnt from the field.
    """

    micrograph: Micrograph
    mask: np.ndarray = field(repr=False)
    valid: np.ndarray | None = field(default=None, repr=False)
    group: object = None
    copies: object = None
    was_trained_on: bool = False


@dataclass(frozen=True)
class TrainingRecord:
    """How a training went.

    Attributes
    ----------
    trained_on, validated_on : tuple of str
        Names of the fields.
    curve : list of dict
        One entry a step: ``step``, ``train_loss`` and, where looked, ``valid_loss``, ``valid_f1``.
    best_step : int
        Whose weights were kept.
    score : float
        Macro-F1 of the kept weights on the validation fields, at the chosen threshold.
    seconds, cpu_seconds : float
        Of the training, preparation included.
    is_warm : bool
        Whether it started from an earlier model.
    notes : tuple of str
        What a reader must know.
    stopped_at : int or None
        Last step of a training that was stopped before its end.
    """

    trained_on: tuple[str, ...]
    validated_on: tuple[str, ...]
    curve: list[dict[str, float]] = field(repr=False)
    best_step: int
    score: float
    seconds: float
    cpu_seconds: float
    is_warm: bool
    notes: tuple[str, ...] = ()
    stopped_at: int | None = None


def train(
    fields: Sequence[LabelledField],
    *,
    classes: tuple[str, ...],
    settings: TrainSettings,
    rng: np.random.Generator,
    start: TrainedSegmenter | None = None,
    checkpoint: Path | None = None,
    planes: PlaneCache | None = None,
    on_step: OnStep = silent,
    should_stop: ShouldStop = never,
) -> tuple[TrainedSegmenter, TrainingRecord]:
    """Train a segmenter; the weights and the threshold come from fields it does not train on.

    Parameters
    ----------
    fields : sequence of LabelledField
        At least one, at least one of them with a defect.
    classes : tuple of str
        Names of the defect classes; masks hold 1..len(classes).
    settings : TrainSettings
        A preset.
    rng : numpy.random.Generator
        Split, first weights and crops come from it.
    start : TrainedSegmenter, optional
        Earlier model to start from; used if it sees the same channels. Where it knows other
        classes, all but its last layer is taken over.
    checkpoint : Path, optional
        Written on the way, gone on from where it exists.
    planes : PlaneCache, optional
        Keeps what the network sees of fields that are trained on again.
    on_step : callable
        Told after each step, with ``loss=`` and, where looked, ``valid_f1=``.
    should_stop : callable
        Asked after each step; True ends it with the best weights so far.

    Returns
    -------
    segmenter : TrainedSegmenter
    record : TrainingRecord

    Raises
    ------
    SettingError
        If no field holds a defect, a mask holds an unknown class, or its size is not its image's.
    """
    began, cpu_began = time.monotonic(), time.process_time()
    fields = [_checked(one, classes) for one in fields]
    _check_defects(fields)
    start = start if start is not None and _sees_the_same(start, settings) else None
    keeps_head = start is not None and _knows_the_same(start, classes)
    scale = (start.um_per_px if start else None) or _common_scale(fields, settings)
    split_rng, first_rng, crops_rng = rng.spawn(3)
    seen = [_example(one, settings.channels, scale, planes or field_planes) for one in fields]
    examples = [example for example, _ in seen]
    training, validation, notes = _split(fields, examples, split_rng, is_warm=start is not None)
    network = NETWORKS[settings.network](in_channels=len(settings.channels), n_classes=len(classes))
    initialise(network, first_rng)
    if start is not None:
        _take_over(network, start.network, with_head=keeps_head)
    loss, seen_on_the_way = LOSSES[settings.loss], glimpses(validation)
    trained = fit(
        network,
        Crops(
            training,
            crop_px=settings.crop_px,
            on_defects=settings.on_defects,
            variation=settings.variation,
            has_guess=settings.has_guess,
            rng=crops_rng,
        ),
        loss=loss,
        schedule=settings.schedule(len(training), len(classes), warm=keeps_head),
        check=lambda net: look(net, seen_on_the_way, loss)[0],
        checkpoint=checkpoint,
        on_step=on_step,
        should_stop=should_stop,
    )
    first = None
    if start is not None and keeps_head and len(classes) == 1:
        first = start.network.state_dict()
    by_threshold = settle(network, trained.state, first, validation, loss, kept=settings.kept)
    if trained.progress.best_step == 0:
        notes = (*notes, _NO_GAIN)
    segmenter = TrainedSegmenter(
        ready(network),
        settings.network,
        settings.channels,
        classes,
        scale,
        0.5,
        _finds_outside(fields, [outside for _, outside in seen], len(classes)),
    )
    threshold, score = nearest_to_a_half(by_threshold)
    record = TrainingRecord(
        tuple(example.name for example in training),
        tuple(example.name for example in validation),
        trained.progress.curve,
        trained.progress.best_step,
        score,
        time.monotonic() - began,
        time.process_time() - cpu_began,
        start is not None,
        notes,
        None if trained.is_whole else trained.progress.step,
    )
    return replace(segmenter, threshold=threshold), record


def _checked(one: LabelledField, classes: tuple[str, ...]) -> LabelledField:
    """The field, its mask on 255 where it is not valid."""
    name, shape = one.micrograph.name, one.micrograph.pixels.shape
    check_field(one.micrograph.pixels, one.valid)
    if one.mask.shape != shape:
        raise SettingError(
            f"The mask of {name!r} is {one.mask.shape} and its image {shape} px. They must be "
            "equal: import the mask of this image."
        )
    unknown = set(np.unique(one.mask).tolist()) - {*range(len(classes) + 1), IGNORE}
    if unknown:
        raise SettingError(
            f"The mask of {name!r} holds the values {sorted(unknown)[:5]}. The project knows "
            f"{len(classes)} defect classes ({', '.join(classes)}): values 0 to "
            f"{len(classes)}, and 255 for pixels that do not count. Correct the mask."
        )
    if one.valid is None:
        return one
    return replace(one, mask=np.where(one.valid, one.mask, np.uint8(IGNORE)))


def _check_defects(fields: Sequence[LabelledField]) -> None:
    if not any(_holds_defects(one.mask) for one in fields):
        raise SettingError(
            f"None of the {len(fields)} labelled fields holds a defect, so there is nothing to "
            "learn from. Label at least one field with defects: sorby select proposes some."
        )


def _holds_defects(mask: np.ndarray) -> bool:
    return bool(((mask != 0) & (mask != IGNORE)).any())


def _sees_the_same(start: TrainedSegmenter, settings: TrainSettings) -> bool:
    return (start.network_name, start.channels) == (settings.network, settings.channels)


def _knows_the_same(start: TrainedSegmenter, classes: tuple[str, ...]) -> bool:
    """The same names; a single class is "defect" whatever its name."""
    return start.classes == classes or len(start.classes) == len(classes) == 1


def _take_over(network: nn.Module, start: nn.Module, *, with_head: bool) -> None:
    state = start.state_dict()
    kept = {key: value for key, value in state.items() if with_head or not key.startswith("head.")}
    network.load_state_dict(kept, strict=False)


def _common_scale(fields: Sequence[LabelledField], settings: TrainSettings) -> float | None:
    known = [one.micrograph.um_per_px for one in fields if one.micrograph.um_per_px is not None]
    return float(np.median(known)) if known and settings.resamples else None


def _example(
    one: LabelledField, channels: tuple[str, ...], scale: float | None, see: Any
) -> tuple[Example, np.ndarray]:
    planes = see(one.micrograph, one.valid, channels=channels, um_per_px=scale)
    mask = torch.from_numpy(np.array(one.mask, np.float32))[None, None]
    labels = functional.interpolate(mask, size=planes.values.shape[1:], mode="nearest-exact")
    return (
        Example(one.micrograph.name, planes.values, labels[0, 0].numpy().astype(np.uint8)),
        planes.outside,
    )


def _split(
    fields: Sequence[LabelledField],
    examples: list[Example],
    rng: np.random.Generator,
    *,
    is_warm: bool,
) -> tuple[list[Example], list[Example], tuple[str, ...]]:
    """Training and validation: by group, else by field, else the two parts of one field.

    Validation without a defect would be content with the first weights it sees.
    """
    told = [_holds_defects(one.mask) for one in fields]
    known = [is_warm and one.was_trained_on for one in fields]
    groups = [one.group for one in fields]
    copies = [number if one.copies is None else one.copies for number, one in enumerate(fields)]
    for apart, notes in ((groups, ()), (copies, (_ONE_SPECIMEN,))):
        held = hold_out(apart, has_defects=told, was_trained_on=known, rng=rng)
        if (held & told).any():
            notes = (*notes, _SEEN_BEFORE) if (held & known).any() else notes
            training, validation = (
                [example for example, side in zip(examples, held, strict=True) if side == wanted]
                for wanted in (False, True)
            )
            return training, validation, notes
    number = int(np.flatnonzero(told)[0])
    left, right = _parts(examples[number])
    return [*examples[:number], left, *examples[number + 1 :]], [right], (_ONE_FIELD,)


def _parts(example: Example) -> tuple[Example, Example]:
    """One field twice: three quarters of its defects, to the left, count in the first alone."""
    labels = example.labels
    each = np.count_nonzero((labels != 0) & (labels != IGNORE), axis=0)
    defects = (each + 1e-9).cumsum()  # defects lost to a coarser scale: three quarters of the field
    is_left = np.arange(labels.shape[1]) <= np.searchsorted(defects, _SPLIT * defects[-1])
    left, right = (np.where(side, labels, np.uint8(IGNORE)) for side in (is_left, ~is_left))
    return replace(example, labels=left), replace(example, labels=right)


def _finds_outside(
    fields: Sequence[LabelledField], outside: Sequence[np.ndarray], n_classes: int
) -> bool:
    """Whether the labels agree that what the zero-label method takes as outside is no sample."""
    n_seen = n_agreed = 0
    for one, dark in zip(fields, outside, strict=True):
        n_seen += int(np.count_nonzero(dark))
        n_agreed += int(np.count_nonzero(one.mask[dark] == IGNORE))
    return 2 * n_agreed >= n_seen if n_seen else n_classes == 1
