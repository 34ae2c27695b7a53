"""Tables of an experiment: scores by round and by field, coverage, effort, differences, times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sorby.core.progress import OnStep, silent

if TYPE_CHECKING:
    from sorby.project import Field, Project

CONFIDENCE = 0.95
"""Of all intervals of an experiment together (Bonferroni)."""

LABELS = {"otsu": "Otsu", "flatfield_otsu": "flat field + Otsu", "base": "model in the box"}
_SCORES = ("macro_f1", "defect_f1", "precision", "recall")
_EFFORT = "effort of experiments"


@dataclass(frozen=True)
class Tables:
    """What an experiment came to.

    Attributes
    ----------
    rounds : DataFrame
        One row a strategy, seed and round: ``n_labelled``, scores (mean over the test fields and
        ``_sd``), ``wasserstein`` (all picks until then to the pool), ``actions`` and
        ``actions_drawn`` (to correct this round's picks, and to draw them from nothing),
        ``round_seconds``, ``training_seconds``, ``picks``.
    fields : DataFrame
        Scores of each test field, by strategy, seed and round; baselines have no seed and round.
    by_round : DataFrame
        Mean over seeds of ``rounds`` and standard deviation (``_sd``), by strategy and round.
    comparisons : DataFrame
        ``first``, ``second``, ``mean``, ``low``, ``high``, ``n_seeds``, ``n_fields``,
        ``sentence``.
    baselines : DataFrame
        Mean and ``_sd`` over the test fields of the methods without labels.
    times : DataFrame
        Seconds of trainings and rounds: ``what``, ``n``, ``mean``, ``largest``, ``goal``.
    score : str
        What is compared: macro-F1, or defect-F1 where the baselines know fewer classes.
    seeds_reached, n_test : int
    synthetic : bool
    notes : list of str
    """

    rounds: pd.DataFrame
    fields: pd.DataFrame
    by_round: pd.DataFrame
    comparisons: pd.DataFrame
    baselines: pd.DataFrame
    times: pd.DataFrame
    score: str
    seeds_reached: int
    n_test: int
    synthetic: bool
    notes: list[str] = field(default_factory=list)

    def records(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table as plain values."""
        table: pd.DataFrame = getattr(self, name)
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        return [{str(key): value for key, value in row.items()} for row in rows]


def tables_of(
    project: Project,
    runs: Sequence[dict[str, Any]],
    *,
    rounds: int,
    seeds: int,
    on_step: OnStep = silent,
) -> Tables:
    """Tables of what was played.

    Parameters
    ----------
    project : Project
        In which it was.
    runs : sequence of dict
        Answers of `run_rounds`, one a strategy and seed.
    rounds, seeds : int
        As asked for.
    on_step : callable
        Told after each field that is looked at.

    Returns
    -------
    Tables
        Of the rounds that there are.
    """
    from sorby.workflow.evaluating import fair_score

    played = [one for run in runs for one in run["rounds"]]
    score = fair_score(played[0]) if played else "macro_f1"
    table = _rounds(project, runs, on_step)
    own, without = _fields(runs), _baseline_fields(project, played)
    whole = [
        seed
        for seed in range(seeds)
        if all(len(run["rounds"]) == _most(runs, rounds) for run in runs if run["seed"] == seed)
    ]
    return Tables(
        rounds=table,
        fields=pd.concat([own, without], ignore_index=True),
        by_round=_by_round(table),
        comparisons=_comparisons(own, without, whole, score),
        baselines=_baselines(without),
        times=_times(table, played),
        score=score,
        seeds_reached=len(whole) if played else 0,
        n_test=int(played[0]["n"]) if played else 0,
        synthetic=project.note("synthetic") is not None,
        notes=_notes(runs, rounds, seeds, len(whole) if played else 0),
    )


def _most(runs: Sequence[dict[str, Any]], rounds: int) -> int:
    """Rounds that a run has when it is whole: fewer than asked for where the pool is used up."""
    used_up = [len(run["rounds"]) for run in runs if any("used up" in n for n in run["notes"])]
    return min([rounds, *used_up])


def _rounds(project: Project, runs: Sequence[dict[str, Any]], on_step: OnStep) -> pd.DataFrame:
    pool = _pool(project)
    cover, work = _Cover(project, pool), _Work(project, {one.name: one for one in pool})
    n, rows = sum(len(run["rounds"]) for run in runs), []
    for run in runs:
        picked: list[str] = []
        model = None
        for one in run["rounds"]:
            picked += one["picks"]
            actions, drawn = work.of_round(one["picks"], model)
            model = one["model"]
            known = one["training_was_known"]
            parts = {**one["seconds"], **({"train": one["training_seconds"]} if known else {})}
            rows.append(
                {
                    **{key: one[key] for key in ("strategy", "seed", "round", "n_labelled")},
                    **{key: one[key]["mean"] for key in _SCORES},
                    **{f"{key}_sd": one[key]["sd"] for key in _SCORES},
                    "wasserstein": cover.distance(picked),
                    "actions": actions,
                    "actions_drawn": drawn,
                    "round_seconds": sum(parts.values()),
                    "training_seconds": one["training_seconds"],
                    "training_cpu_seconds": one["training_cpu_seconds"],
                    "picks": " ".join(one["picks"]),
                }
            )
            on_step(len(rows), n, step="count actions")
    work.keep()
    return pd.DataFrame(rows)


def _pool(project: Project) -> list[Field]:
    from sorby.workflow.splitting import labelled_names, pool_fields

    known = labelled_names(project)
    return [one for one in pool_fields(project) if one.name in known]


class _Cover:
    """Distance of picks to the pool in the embedding that strategies choose by."""

    def __init__(self, project: Project, pool: Sequence[Field]) -> None:
        from sorby.features import standardise
        from sorby.workflow.embedding import embed_fields

        self._names = [one.name for one in pool]
        self._embedding = standardise(embed_fields(project, pool))

    def distance(self, picked: Sequence[str]) -> float:
        from sorby.select import wasserstein_to_pool

        return wasserstein_to_pool(self._embedding, [self._names.index(name) for name in picked])


class _Work:
    """Actions that correcting the picks of a round takes, from what the last model says of them."""

    def __init__(self, project: Project, fields: dict[str, Field]) -> None:
        self._project, self._fields, self._masks = project, fields, project.masks()
        self._kept = json.loads(project.note(_EFFORT) or "{}")

    def of_round(self, picks: Sequence[str], model: int | None) -> tuple[int, int]:
        from sorby.segment import DEFAULT_SEGMENTER

        about = self._project.models.get(model).sha256 if model else DEFAULT_SEGMENTER
        keys = [f"{about}/{name}/{self._masks[name].sha256}" for name in picks]
        todo = [n for key, n in zip(keys, picks, strict=True) if key not in self._kept]
        if todo:
            self._count(todo, model, about)
        counted = [self._kept[key] for key in keys]
        return sum(one[0] for one in counted), sum(one[1] for one in counted)

    def _count(self, names: Sequence[str], model: int | None, about: str) -> None:
        from sorby.annotate.actions import count_actions
        from sorby.segment import DEFAULT_SEGMENTER, SEGMENTERS, load_segmenter
        from sorby.workflow.predicting import segment_micrograph

        segmenter, threshold = SEGMENTERS[DEFAULT_SEGMENTER], 0.5
        if model is not None:
            segmenter, _ = load_segmenter(self._project.models.get(model).path)
            threshold = segmenter.threshold
        for name in names:
            one, stored = self._fields[name], self._masks[name]
            micrograph = self._project.read_picture(one)
            called, _ = segment_micrograph(segmenter, micrograph, one.valid(), threshold=threshold)
            found = count_actions(called, self._project.read_mask(stored))
            self._kept[f"{about}/{name}/{stored.sha256}"] = [found.correcting, found.drawing]

    def keep(self) -> None:
        self._project.set_note(_EFFORT, json.dumps(self._kept))


def _fields(runs: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"way": run["strategy"], "seed": run["seed"], "round": one["round"], **image}
            for run in runs
            for one in run["rounds"]
            for image in one["images"]
        ],
        columns=["way", "seed", "round", "image", *_SCORES],
    )


def _baseline_fields(project: Project, played: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Scores of each test field by the methods that need no labels."""
    from sorby.segment import SEGMENTERS, compare, scores_of
    from sorby.workflow.evaluating import BASELINES, test_truth
    from sorby.workflow.predicting import segment_micrograph

    rows = []
    n_classes = len(played[0]["classes"]) if played else 1
    for one, mask in test_truth(project).items() if played else ():
        micrograph, valid = project.read_picture(one), one.valid()
        for name in BASELINES:
            called, _ = segment_micrograph(SEGMENTERS[name], micrograph, valid)
            scores = scores_of(compare(called, mask, n_classes=n_classes))
            rows.append({"way": name, "seed": None, "round": None, "image": one.name, **scores})
    return pd.DataFrame(rows, columns=["way", "seed", "round", "image", *_SCORES])


def _by_round(table: pd.DataFrame) -> pd.DataFrame:
    if table.empty:
        return table
    shown = [*_SCORES, "wasserstein", "actions", "actions_drawn"]
    grouped = table.groupby(["strategy", "round"], sort=False)
    means = grouped[["n_labelled", *shown]].mean()
    spread = grouped[shown].std().add_suffix("_sd")
    return means.join(spread).join(grouped["seed"].nunique().rename("n_seeds")).reset_index()


def _baselines(without: pd.DataFrame) -> pd.DataFrame:
    grouped = without.groupby("way", sort=False)[list(_SCORES)]
    return grouped.mean().join(grouped.std().add_suffix("_sd")).reset_index()


def _comparisons(
    own: pd.DataFrame, without: pd.DataFrame, seeds: Sequence[int], score: str
) -> pd.DataFrame:
    """Strategies against one another, the best way without labels and their own first round."""
    from sorby.quantify import paired_difference
    from sorby.report import difference_sentence, strategy_label

    columns = ["first", "second", "mean", "low", "high", "n_seeds", "n_fields", "sentence"]
    if not seeds:
        return pd.DataFrame(columns=columns)
    own = own[own["seed"].isin(seeds)]
    last = int(own["round"].max())
    names = [str(name) for name in own["way"].unique()]

    def scores(name: str, number: int) -> np.ndarray:
        rows = own[(own["way"] == name) & (own["round"] == number)]
        return rows.pivot(index="seed", columns="image", values=score).to_numpy(float)

    best = without.groupby("way")[score].mean().idxmax()
    free = without[without["way"] == best].sort_values("image")[score].to_numpy(float)
    pairs = [
        (strategy_label(a), strategy_label(b), scores(a, last), scores(b, last))
        for a, b in combinations(names, 2)
    ]
    ends = {name: scores(name, last) for name in names}
    for name, end in ends.items():
        pairs.append((strategy_label(name), LABELS[str(best)], end, np.tile(free, (len(end), 1))))
    for name, end in ends.items() if last > 1 else ():
        label = strategy_label(name)
        pairs.append((label, f"{label}, round 1", end, scores(name, 1)))
    confidence = 1 - (1 - CONFIDENCE) / len(pairs)
    rows = []
    for first, second, one, other in pairs:
        found = paired_difference(one, other, confidence=confidence)
        low, high = np.clip(found.interval, -1, 1)  # no two scores differ by more
        told = (first, second, found.mean, float(low), float(high))
        words = difference_sentence(*told, score.replace("_f1", "-F1"), n_seeds=found.n_seeds)
        rows.append((*told, found.n_seeds, found.n_fields, words))
    return pd.DataFrame(rows, columns=columns)


def _times(table: pd.DataFrame, played: Sequence[dict[str, Any]]) -> pd.DataFrame:
    if table.empty:
        return pd.DataFrame(columns=["what", "n", "mean", "largest", "goal"])
    own = table[[not one["training_was_known"] for one in played]]
    rows = [
        ("one training (a member)", own["training_seconds"], 60.0),
        ("one round (choose, train, score)", own["round_seconds"], 120.0),
        ("one training, seconds of the processor", own["training_cpu_seconds"], 60.0),
    ]
    return pd.DataFrame(
        [
            {"what": what, "n": len(s), "mean": s.mean(), "largest": s.max(), "goal": goal}
            for what, s, goal in rows
        ]
    )


def _notes(runs: Sequence[dict[str, Any]], rounds: int, seeds: int, reached: int) -> list[str]:
    said = [n for run in runs for n in run["notes"] if "stays in use" not in n]
    notes = list(dict.fromkeys(said))
    if reached < seeds:
        notes.append(
            f"{reached} of {seeds} seeds were played to the end by every strategy. The same "
            "command goes on with the rest; only whole seeds are compared."
        )
    if reached == 1:
        notes.append("One seed: the intervals say nothing of what another seed would give.")
    return notes
