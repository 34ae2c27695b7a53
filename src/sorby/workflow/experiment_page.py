"""The page of an experiment, its tables (CSV) and its figures (PNG)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator
from sorby.workflow.experiment_models import pictures_of_models
from sorby.workflow.experiment_tables import CONFIDENCE, LABELS, Tables

if TYPE_CHECKING:
    from sorby.project import Project
    from sorby.report import Picture, Section

FOLDER = "experiment"
_DPI = {"examples": 100, "gradcam": 85}
_LINES_DPI = 150
_WORDS = {
    "smile": "SMILE takes images that stand for every kind in the pool",
    "uniform": "uniform draws at random",
    "manual": "manual is a scripted person who sorts the images by the size of the largest visible "
    "defect (three groups) and its contrast (two halves of each), as found without labels, and "
    "takes the next image from the group with fewest labelled ones, large and dark first",
    "kcenter": "k-center takes the image least like any labelled one",
    "ensemble": "ensemble takes what ten models disagree on most",
}
_TABLES = ("rounds", "fields", "by_round", "comparisons", "times")


def write_experiment(
    project: Project,
    runs: Sequence[dict[str, Any]],
    tables: Tables,
    *,
    plan: Mapping[str, Any],
    seeds: int,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Write page, tables and figures under the project's results.

    Parameters
    ----------
    project : Project
        In which the experiment was played.
    runs : sequence of dict
        Answers of `run_rounds`.
    tables : Tables
        Of these.
    plan : mapping
        ``rounds``, ``per_round``, ``preset``.
    seeds : int
        As asked for.
    on_step : callable
        Told after each figure.

    Returns
    -------
    dict
        ``page``: path of the HTML file; ``files``: it, and what lies beside it.
    """
    from sorby.project import history, results_folder
    from sorby.report import ExperimentContent, write_csv, write_experiment_page

    folder = results_folder(project.folder) / FOLDER
    record = history.new_record("experiment")
    pictures = _pictures(project, runs, tables)
    named = [picture for group in pictures.values() for picture in group]
    figures = []
    for done, (name, picture) in enumerate(_file_names(pictures), start=1):
        dpi = _DPI.get(name, _LINES_DPI)
        figures.append(_save(picture, folder / f"{name}.png", dpi))
        on_step(done, len(named), step="draw")
    write_csv({name: getattr(tables, name) for name in _TABLES}, folder)
    page = write_experiment_page(
        ExperimentContent(
            title=project.folder.name,
            lead=_lead(runs, plan),
            headlines=_headlines(tables, seeds),
            findings=list(tables.comparisons["sentence"]) or ["Nothing was compared yet."],
            sections=_sections(tables, pictures),
            notes=tables.notes,
            files={f"{name}.csv": words for name, words in _file_words().items()}
            | {"*.png": "The figures of this page."},
            versions=record.versions,
            created=record.time,
            synthetic=tables.synthetic,
        ),
        folder / "experiment.html",
    )
    csvs = [folder / f"{name}.csv" for name in _TABLES]
    return {"page": str(page), "files": [str(path) for path in [page, *csvs, *figures]]}


def _file_words() -> dict[str, str]:
    return {
        "rounds": "One row a strategy, seed and round: scores, picks, actions, seconds.",
        "fields": "Scores of every test field in every round, and without labels.",
        "by_round": "Mean and standard deviation over seeds.",
        "comparisons": "Differences with their intervals.",
        "times": "Seconds of trainings and rounds.",
    }


def _save(picture: Picture, path: Path, dpi: int) -> Path:
    from sorby.core.files import atomic_path
    from sorby.report.figures import figure_bytes

    content = figure_bytes(picture.draw(), "png", dpi=dpi)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path


def _file_names(pictures: Mapping[str, Sequence[Picture]]) -> list[tuple[str, Picture]]:
    return [
        (name if len(group) == 1 else f"{name}_{number}", picture)
        for name, group in pictures.items()
        for number, picture in enumerate(group, start=1)
    ]


def _lead(runs: Sequence[dict[str, Any]], plan: Mapping[str, Any]) -> str:
    names = dict.fromkeys(run["strategy"] for run in runs)
    words = "; ".join(_WORDS.get(name, name) for name in names)
    return (
        f"In each round a strategy chooses {plan['per_round']} images of the pool, the project's "
        "true masks label them, a model is trained on all labels so far and scored on test images "
        f"that nothing is chosen or learnt from. {words[0].upper()}{words[1:]}. Seeds repeat the "
        "whole with other draws. As long as nothing is labelled, every strategy but manual makes "
        "the same first choice."
    )


def _headlines(tables: Tables, seeds: int) -> list[tuple[str, str, str]]:
    if tables.by_round.empty:
        return [("0", "Rounds", "nothing was played yet")]
    score, last = tables.score, tables.by_round["round"].max()
    end = tables.by_round[tables.by_round["round"] == last]
    low, high = end[score].min(), end[score].max()
    free = tables.baselines.set_index("way")[score]
    times = tables.times["largest"].tolist()
    words = score.replace("_f1", "-F1")
    return [
        (
            f"{low:.3f}" + (f" to {high:.3f}" if f"{high:.3f}" != f"{low:.3f}" else ""),
            f"{words} at the end",
            f"of {len(end)} strategies" if len(end) > 1 else str(end["strategy"].iloc[0]),
        ),
        (f"{free.max():.3f}", "Without labels", LABELS[str(free.idxmax())]),
        (f"{tables.seeds_reached} of {seeds}", "Seeds reached", "by every strategy"),
        (f"{tables.n_test}", "Test images", "never chosen or learnt from"),
        (f"{times[0]:.0f} s", "Longest training", "goal: 60 s"),
        (f"{times[1]:.0f} s", "Longest round", "goal: 120 s"),
    ]


def _sections(tables: Tables, pictures: Mapping[str, Sequence[Picture]]) -> list[Section]:
    from sorby.report import Section

    shown = ["strategy", "round", "n_labelled", "n_seeds", "macro_f1", "macro_f1_sd", "defect_f1",
             "defect_f1_sd", "precision", "recall", "wasserstein", "wasserstein_sd", "actions",
             "actions_sd", "actions_drawn"]  # fmt: skip
    by_round = tables.by_round.reindex(columns=shown) if len(tables.by_round) else pd.DataFrame()

    def group(name: str) -> Sequence[Picture]:
        return pictures.get(name, ())

    return [
        Section("Score by round", pictures=group("f1"), table=by_round),
        Section(
            "Differences",
            "Paired over seeds and test images: only what differs on the same image in the same "
            "seed counts.",
            pictures=group("differences"),
        ),
        Section("Which images were chosen", pictures=[*group("isomap"), *group("tsne")]),
        Section(
            "Coverage and effort",
            "Actions are reckoned, not observed: one for each false, missed or off-boundary part "
            "of the masks that the last model gives (before the first round: the model in the "
            "box), two to end an image; from nothing one for each defect.",
            pair=[*group("coverage"), *group("effort")],
        ),
        Section("Example masks", photographs=group("examples")),
        Section("Where the network looks", photographs=group("gradcam")),
        Section("Training", pictures=group("losses"), table=tables.times),
    ]


def _pictures(
    project: Project, runs: Sequence[dict[str, Any]], tables: Tables
) -> dict[str, list[Picture]]:
    if tables.rounds.empty:
        return {}
    return {
        "f1": [_f1(tables)],
        "differences": [] if tables.comparisons.empty else [_differences(tables)],
        **_maps(project, runs, tables),
        "coverage": [_coverage(tables)],
        "effort": [_effort(tables)],
        **pictures_of_models(project, runs, tables),
    }


def _f1(tables: Tables) -> Picture:
    from sorby.report import Picture, rounds_figure

    score = tables.score
    bands = {
        LABELS[row["way"]]: (row[score], row[f"{score}_sd"]) for row in tables.records("baselines")
    }
    return Picture(
        functools.partial(
            rounds_figure, tables.rounds, bands, metric=score, synthetic=tables.synthetic
        ),
        title="Score on the test images by round",
        alt="Score by round of each strategy; the numbers are in the table below.",
    )


def _differences(tables: Tables) -> Picture:
    from sorby.report import Picture, differences_figure

    return Picture(
        functools.partial(
            differences_figure,
            tables.comparisons,
            score=tables.score.replace("_f1", "-F1") + " after the last round",
            confidence=CONFIDENCE,
            synthetic=tables.synthetic,
        ),
        title="What differs after the last round",
        alt="; ".join(tables.comparisons["sentence"]),
    )


def _coverage(tables: Tables) -> Picture:
    from sorby.report import Picture, by_round_figure

    return Picture(
        functools.partial(
            by_round_figure,
            tables.rounds,
            "wasserstein",
            label="Wasserstein distance, picks to pool",
            words="All picks until the round against the pool, in the standardised embedding; "
            "small where they cover it.",
            synthetic=tables.synthetic,
        ),
        title="How well the picks cover the pool",
    )


def _effort(tables: Tables) -> Picture:
    from sorby.report import Picture, by_round_figure

    return Picture(
        functools.partial(
            by_round_figure,
            tables.rounds,
            "actions",
            label="Actions to correct the picks",
            words="Reckoned from what the last model says of this round's picks.",
            beside={"actions_drawn": "drawn from nothing"},
            synthetic=tables.synthetic,
        ),
        title="What the labels of a round cost",
    )


def _maps(
    project: Project, runs: Sequence[dict[str, Any]], tables: Tables
) -> dict[str, list[Picture]]:
    """Isomap and t-SNE of all images with the picks of the first seed."""
    from sorby.features import isomap_map, standardise
    from sorby.report import Picture, pick_maps_figure
    from sorby.select import tsne_map
    from sorby.workflow.embedding import embed_fields

    fields = project.fields()
    rows = standardise(embed_fields(project, fields))
    places = {"Isomap": isomap_map(rows), "t-SNE": tsne_map(rows, rng=generator(0))}
    first = tables.rounds[tables.rounds["seed"] == 0]
    last = first.groupby("strategy")["wasserstein"].last()
    chosen = [
        (run["strategy"], name, one["round"], last[run["strategy"]])
        for run in runs
        if run["seed"] == 0
        for one in run["rounds"]
        for name in one["picks"]
    ]
    picks = pd.DataFrame(chosen, columns=["strategy", "image", "round", "distance"])
    roles = ["test" if field.is_locked else "pool" for field in fields]
    found = {}
    for method, place in places.items():
        points = pd.DataFrame(
            {"image": [f.name for f in fields], "x": place[:, 0], "y": place[:, 1], "role": roles}
        )
        draw = functools.partial(
            pick_maps_figure, points, picks, method=method, synthetic=tables.synthetic
        )
        title = f"{method} of pool and test images, with the picks of the first seed"
        found[method.lower().replace("-", "")] = [Picture(draw, title=title)]
    return found
