"""Rounds of learning with the annotator played by known masks: what a strategy is worth."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ProjectError, SettingError
from sorby.core.progress import OnStep, ShouldStop, never, silent

if TYPE_CHECKING:
    from sorby.core.records import Selection
    from sorby.project import Field, Project, StoredModel
    from sorby.segment import PlaneCache

ANNOTATORS = ("truth", "accept")


@dataclass
class _Run:
    """One run: who labels, who chooses, and what has been labelled so far."""

    project: Project
    annotator: str
    strategy: str
    per_round: int
    seed: int
    preset: str
    pool: list[Field]
    truth: dict[Field, np.ndarray]
    inputs: str
    planes: PlaneCache
    labels: dict[Field, np.ndarray] = field(default_factory=dict)
    model: StoredModel | None = None
    baselines: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """Name of the run in the store: the same words and the same inputs go on with it."""
        parts = (
            self.annotator,
            self.strategy,
            self.per_round,
            self.preset,
            self.seed,
            self.inputs,
        )
        return ",".join(map(str, parts))


def run_rounds(
    folder: Path,
    *,
    annotator: str,
    rounds: int = 6,
    per_round: int = 4,
    strategy: str = "smile",
    preset: str = "fast",
    seed: int = 0,
    is_scripted: bool = False,
    on_step: OnStep = silent,
    should_stop: ShouldStop = never,
) -> dict[str, Any]:
    """Choose, label, train, evaluate, again and again; a stopped run goes on where it was.

    Other images, masks, test fields, classes or contents of the preset make another run; the
    rounds of the earlier one stay in the project. The last model is put in use where none was.

    Parameters
    ----------
    folder : Path
        The project; its test fields have masks by a person.
    annotator : {"truth", "accept"}
        ``truth`` labels a chosen field with the person's mask that the project holds; ``accept``
        takes the prediction as it is (of the zero-label method in the first round).
    rounds, per_round : int
        How many rounds, and how many fields each.
    strategy : str
        One of ``sorby.select.SELECTORS``; manual only where ``is_scripted``.
    preset : str
        How a model is trained.
    seed : int
        Of choices and trainings. In one seed every strategy but manual starts with the same
        fields.
    is_scripted : bool
        Whether a script picks in the place of the person of the strategy manual, see
        `sorby.select.scripted.scripted_person`.
    on_step : callable
        Told after each step of each part.
    should_stop : callable
        Asked before each round that is not stored yet; True ends with those that are.

    Returns
    -------
    dict
        ``strategy``, ``annotator``, ``seed``, ``preset``, ``notes``, and ``rounds``: for each
        round the scores that `evaluate` gives, ``round``, ``strategy``, ``annotator``, ``seed``,
        ``preset``, ``per_round``, ``picks``, ``reasons``, ``n_labelled``, ``model``,
        ``threshold``; ``inputs`` and ``tested_on`` (hashes of what the run follows from and of
        the test masks), ``time`` (UTC); ``training_was_known``; ``training_seconds`` and
        ``training_cpu_seconds`` of the training when it was done; ``seconds`` of this round
        (``select``, ``label``, ``train``, ``evaluate``: a known training takes none); ``notes``.

    Raises
    ------
    SettingError
        If an option is wrong.
    ProjectError
        If there is no truth to learn from or to compare with.
    """
    from sorby.project import Project
    from sorby.workflow.splitting import lock_test_fields

    _check(annotator, strategy, rounds, per_round, is_scripted=is_scripted)
    with Project.open(folder) as project:
        notes = lock_test_fields(project)
        run = _prepared(project, annotator, strategy, per_round, seed, preset)
        done = project.rounds.of(run.key)[:rounds]
        for kept in done:
            _replay(run, kept)
        for number in range(len(done) + 1, rounds + 1):
            if should_stop():
                break
            if len(run.labels) == len(run.pool):
                notes.append(f"The pool is used up after {number - 1} rounds.")
                break
            content = _round(run, number, on_step)
            project.rounds.put(run.key, number, content)
            done.append(content)
            on_step(number, rounds, step="round")
        notes += _put_in_use(run)
    return {
        "strategy": strategy,
        "annotator": annotator,
        "seed": seed,
        "preset": preset,
        "rounds": done,
        "notes": notes,
    }


def _check(
    annotator: str, strategy: str, rounds: int, per_round: int, *, is_scripted: bool
) -> None:
    from sorby.select import SELECTORS

    if annotator not in ANNOTATORS:
        raise SettingError(f"{annotator!r} is no annotator. Choose from: {', '.join(ANNOTATORS)}.")
    if strategy == "manual" and not is_scripted:
        raise SettingError(
            "In a run nobody picks: choose another strategy. To pick fields yourself: "
            "sorby select DIR --images A1 B2"
        )
    if strategy not in SELECTORS:
        raise SettingError(
            f"{strategy!r} is not one of the strategies. Choose from: "
            f"{', '.join(name for name in SELECTORS if name != 'manual')}."
        )
    if rounds < 1 or per_round < 1:
        raise SettingError(f"{rounds} rounds of {per_round} fields: both must be at least 1.")


def _prepared(
    project: Project, annotator: str, strategy: str, per_round: int, seed: int, preset: str
) -> _Run:
    from sorby.segment import PlaneCache
    from sorby.segment import preset as settings_of
    from sorby.workflow.evaluating import test_truth
    from sorby.workflow.splitting import labelled_names, pool_fields

    settings_of(preset)
    pool = pool_fields(project)
    if annotator == "truth":
        known = labelled_names(project)
        pool = [one for one in pool if one.name in known]
        if not pool:
            raise ProjectError(
                f"No field of the pool of {project.folder} has a mask by a person, which the "
                "annotator 'truth' needs. Make the project with them (sorby new --masks PATH), or "
                "use --annotator accept."
            )
    truth = test_truth(project)
    classes = _fixed_classes(project, annotator, pool)
    inputs = _fingerprint(project, annotator, pool, preset, classes)
    return _Run(
        project, annotator, strategy, per_round, seed, preset, pool, truth, inputs, PlaneCache()
    )


def _fixed_classes(project: Project, annotator: str, pool: Sequence[Field]) -> list[str] | None:
    """Defect classes of every round: as stated, else as the true masks of the pool hold them.

    Several are written down, so that no round guesses them from the few masks it has. Test masks
    are not looked at: a class that only they hold is refused when it comes to scores.
    """
    from sorby.project import history
    from sorby.workflow.training import class_names

    stated = project.note("classes")
    if stated or annotator != "truth":
        return json.loads(stated) if stated else None
    masks = project.masks()
    classes = list(class_names(project, (project.read_mask(masks[one.name]) for one in pool)))
    if len(classes) > 1:
        with project.transaction():
            project.set_note("classes", json.dumps(classes))
            project.record(history.new_record("set classes", settings={"classes": classes}))
    return classes


def _fingerprint(
    project: Project,
    annotator: str,
    pool: Sequence[Field],
    preset: str,
    classes: Sequence[str] | None,
) -> str:
    """Short hash of all that the rounds follow from, but for the options of the run."""
    from sorby.segment import preset as settings_of
    from sorby.workflow.evaluating import truth_hashes

    images, masks = project.picture_hashes(), project.masks()
    parts = [
        [
            [one.name, images[one.name], masks[one.name].sha256 if annotator == "truth" else None]
            for one in pool
        ],
        list(truth_hashes(project).items()),
        asdict(settings_of(preset)),
        classes,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _put_in_use(run: _Run) -> list[str]:
    """Put the run's last model in use where none was; else say that it was not."""
    from sorby.workflow.training import record_use

    if run.model is None:
        return []
    current, number = run.project.models.current(), run.model.number
    if current is None:
        with run.project.transaction():
            record_use(run.project, run.project.models.use(number))
        return []
    if current.number == number:
        return []
    return [
        f"Model {number} was made; model {current.number} stays in use: "
        f"sorby models {run.project.folder} --use {number}"
    ]


def _replay(run: _Run, kept: dict[str, Any]) -> None:
    """Bring a run to where a finished round left it."""
    by_name = {one.name: one for one in run.pool}
    for name in kept["picks"]:
        run.labels[by_name[name]] = _label(run, by_name[name])
    run.model = run.project.models.get(kept["model"])
    run.baselines = kept["baselines"]


def _round(run: _Run, number: int, on_step: OnStep) -> dict[str, Any]:
    from sorby.core.plain import plain
    from sorby.project import history
    from sorby.workflow.evaluating import score_model, truth_hash
    from sorby.workflow.training import train_model

    clock = _Clock()
    chosen = _choose(run, number, on_step)
    names = [run.pool[index].name for index in chosen.indices]
    clock.lap("select")
    for index in chosen.indices:
        run.labels[run.pool[index]] = _label(run, run.pool[index])
    clock.lap("label")
    model, is_new = train_model(
        run.project,
        run.labels,
        preset=run.preset,
        seed=run.seed,
        start=run.model,
        planes=run.planes,
        on_step=on_step,
    )
    clock.lap("train")
    run.model = model
    scores = score_model(
        run.project, model, run.truth, baselines=run.baselines, planes=run.planes, on_step=on_step
    )
    run.baselines = scores["baselines"]
    clock.lap("evaluate")
    return plain(
        {
            "round": number,
            "strategy": run.strategy,
            "annotator": run.annotator,
            "seed": run.seed,
            "preset": run.preset,
            "per_round": run.per_round,
            "inputs": run.inputs,
            "tested_on": truth_hash(run.project),
            "time": history.new_record("round").time,
            "picks": names,
            "reasons": list(chosen.reasons),
            "n_labelled": len(run.labels),
            "model": model.number,
            "threshold": model.card.settings["training"]["threshold"],
            "training_was_known": not is_new,
            "training_cpu_seconds": model.card.settings["training"]["cpu_seconds"],
            "training_seconds": model.card.settings["training"]["seconds"],
            "seconds": clock.laps,
            "notes": list(chosen.notes),
            **scores,
        }
    )


class _Clock:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name] = round(now - self._since, 2)
        self._since = now


def _choose(run: _Run, number: int, on_step: OnStep) -> Selection:
    from sorby.workflow.selecting import choose

    if run.strategy == "manual":
        from sorby.workflow.scripting import scripted_choice

        return scripted_choice(
            run.project,
            run.pool,
            run.per_round,
            labelled=[one.name for one in run.labels],
            number=number,
            seed=run.seed,
            on_step=on_step,
        )
    from sorby.workflow.ensembling import pool_uncertainty, uncertainty_of_model

    labelled, uncertainty = [one.name for one in run.labels], None
    if run.strategy == "ensemble" and run.labels:
        uncertainty = pool_uncertainty(
            run.project, run.labels, run.pool, seed=run.seed, planes=run.planes, on_step=on_step
        )
    elif run.strategy == "smile+uncertainty" and run.model:
        uncertainty = uncertainty_of_model(
            run.project, run.pool, labelled, model=run.model, on_step=on_step
        )
    return choose(
        run.project,
        run.pool,
        strategy=run.strategy,
        n_select=run.per_round,
        labelled=labelled,
        number=number,
        seed=run.seed,
        uncertainty=uncertainty,
        on_step=on_step,
    )


def _label(run: _Run, one: Field) -> np.ndarray:
    """Mask that the annotator gives a field."""
    if run.annotator == "truth":
        return run.project.read_mask(run.project.masks()[one.name])
    from sorby.segment import DEFAULT_SEGMENTER, SEGMENTERS, load_segmenter
    from sorby.workflow.predicting import segment_micrograph

    micrograph, valid = run.project.read_picture(one), one.valid()
    if run.model is None:
        return segment_micrograph(SEGMENTERS[DEFAULT_SEGMENTER], micrograph, valid)[0]
    segmenter, _ = load_segmenter(run.model.path)
    return segment_micrograph(segmenter, micrograph, valid, threshold=segmenter.threshold)[0]
