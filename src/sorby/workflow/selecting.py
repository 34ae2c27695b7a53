"""Which fields to label next, and why."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ProjectError, SettingError
from sorby.core.progress import OnStep, silent
from sorby.core.records import Selection
from sorby.core.rng import generator
from sorby.workflow.splitting import labelled_names, lock_test_fields, pool_fields, project_seed

if TYPE_CHECKING:
    from sorby.project import Field, Project
    from sorby.workflow.standing import News

STRATEGY = "smile"
MOST_ROUNDS = 1000

BLIND = ("uniform", "manual")
"""Strategies that do not look at images, so nothing is computed from them."""

UNSURE = ("ensemble", "smile+uncertainty")
"""Strategies that ask a model, or ten."""


def select(
    folder: Path,
    *,
    strategy: str = STRATEGY,
    n_select: int = 4,
    images: Sequence[str] = (),
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Choose the fields whose masks a person corrects next.

    Parameters
    ----------
    folder : Path
        The project.
    strategy : str
        One of ``sorby.select.SELECTORS``. As long as nothing is labelled all of them but manual
        make the same choice: none has a model to ask, and rounds stay comparable.
    n_select : int
        How many.
    images : sequence of str
        What a person picks; the strategy is then manual.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``round``, ``strategy``, ``picks`` (``image``, ``reason``, ``score``, ``cluster``),
        ``n_pool``, ``n_labelled``, ``test_without_mask`` (test fields that no person labelled:
        evaluation needs their masks), ``notes``.

    Raises
    ------
    SettingError
        If the strategy or an image is unknown, or more are asked for than are left.
    ProjectError
        If no field is left to choose from.
    """
    from sorby.project import Project, history
    from sorby.workflow.agreeing import compare_models

    strategy, n_select = ("manual", len(images)) if images else (strategy, n_select)
    _check(strategy, images)  # refused before fields are set aside and looked at
    with Project.open(folder) as project:
        notes = lock_test_fields(project)
        pool = pool_fields(project)
        known = labelled_names(project)
        labelled = [field.name for field in pool if field.name in known]
        tests = [field.name for field in project.fields() if field.split == "test"]
        number = _round_number(project, labelled)
        uncertainty = _uncertainty(project, pool, labelled, strategy, n_select, on_step)
        chosen = choose(
            project,
            pool,
            strategy=strategy,
            n_select=n_select,
            labelled=labelled,
            number=number,
            seed=project_seed(project),
            uncertainty=uncertainty,
            images=images,
            on_step=on_step,
        )
        names = [pool[index].name for index in chosen.indices]
        with project.transaction():
            reasons = _kept_reasons(project, number, names, chosen.reasons, strategy)
            project.rounds.add_picks(number, names, reasons, strategy=strategy)
            project.record(
                history.new_record(
                    "select",
                    settings={"strategy": strategy, "round": number, "picks": names},
                    inputs=project.picture_hashes(),
                )
            )
        if strategy not in BLIND:
            compare_models(project, on_step=on_step)
    return {
        "round": number,
        "strategy": strategy,
        "picks": _rows(chosen, pool),
        "n_pool": len(pool),
        "n_labelled": len(labelled),
        "test_without_mask": [name for name in tests if name not in known],
        "notes": [*notes, *chosen.notes],
    }


def _uncertainty(
    project: Project,
    pool: Sequence[Field],
    labelled: Sequence[str],
    strategy: str,
    n_select: int,
    on_step: OnStep,
) -> np.ndarray | None:
    """What the strategy asks models for; None where it asks none, or there is none to ask."""
    from sorby.workflow.ensembling import uncertainty_of_model, uncertainty_of_project

    if not labelled or strategy not in UNSURE:
        return None
    _left(project, pool, labelled, n_select)  # refused before ten models are trained
    if strategy == "ensemble":
        return uncertainty_of_project(project, pool, on_step=on_step)
    return uncertainty_of_model(project, pool, labelled, on_step=on_step)


def _kept_reasons(
    project: Project, number: int, names: Sequence[str], reasons: Sequence[str], strategy: str
) -> list[str]:
    """Reasons of picks; where a person overrules a choice, those that stay keep theirs."""
    if strategy != "manual":
        return list(reasons)
    earlier = project.rounds.picks()
    known = earlier[earlier["round"] == number].set_index("image")["reason"]
    return [known.get(name, reason) for name, reason in zip(names, reasons, strict=True)]


def _check(strategy: str, images: Sequence[str]) -> None:
    from sorby.select import SELECTORS

    if strategy == "manual" and not images:
        raise SettingError(
            "The strategy manual needs the images that you pick: sorby select DIR --images A1 B2"
        )
    SELECTORS[strategy]  # refuses a name that it does not know


def _round_number(project: Project, labelled: Sequence[str]) -> int:
    """Round that is being chosen: one more than the last of which a pick is labelled."""
    picks = project.rounds.picks()
    done = picks.loc[picks["image"].isin(labelled), "round"]
    return int(done.max()) + 1 if len(done) else 1


def choose(
    project: Project,
    pool: Sequence[Field],
    *,
    strategy: str,
    n_select: int,
    labelled: Sequence[str],
    number: int,
    seed: int,
    uncertainty: np.ndarray | None = None,
    images: Sequence[str] = (),
    on_step: OnStep = silent,
) -> Selection:
    """Selection of one round.

    Parameters
    ----------
    project : Project
        Whose images are looked at.
    pool : sequence of Field
        To choose from; the rows of the selection.
    strategy : str
        One of ``SELECTORS``.
    n_select : int
        How many.
    labelled : sequence of str
        Names of the fields of the pool that are labelled.
    number : int
        Of the round, from 1.
    seed : int
        The same seed and round give the same choice.
    uncertainty : ndarray of shape (n,), optional
        Of each field of the pool, for the strategies of `UNSURE`.
    images : sequence of str
        For the strategy manual.
    on_step : callable
        Told after each field that is looked at.

    Returns
    -------
    Selection
        ``indices`` are positions in ``pool``.
    """
    from sorby.select import DEFAULT_SELECTOR, SELECTORS
    from sorby.workflow.standing import news_of

    _check(strategy, images)
    names = [field.name for field in pool]
    left = _left(project, pool, labelled, n_select)
    options: dict[str, Any] = {"images": _positions(images, names)} if images else {}
    is_first = not labelled and strategy != "manual"
    used = DEFAULT_SELECTOR if is_first else strategy
    rows = _embedding(project, pool, used, on_step)
    news = None if used in BLIND else news_of(project, pool, labelled, rows)
    novel = news.novel() if news else []
    if "novel" in inspect.signature(SELECTORS[used]).parameters:
        options["novel"] = [names.index(name) for name in novel]
    chosen: Selection = SELECTORS[used](
        rows,
        min(n_select, left),
        labelled=[names.index(name) for name in labelled],
        round=number,
        uncertainty=uncertainty,
        rng=generator(seed).spawn(MOST_ROUNDS)[number % MOST_ROUNDS],
        **options,
    )
    notes = list(chosen.notes)
    if n_select > left:
        notes.append(f"{n_select} were asked for and {left} are left.")
    if is_first and strategy != DEFAULT_SELECTOR:
        notes.append(
            f"Nothing is labelled yet, so {strategy} starts with the same fields as every other "
            f"strategy (those of {DEFAULT_SELECTOR})."
        )
    if news:
        reasons = tuple(
            _with_news(reason, names[row], news, novel)
            for row, reason in zip(chosen.indices, chosen.reasons, strict=True)
        )
        chosen = replace(chosen, reasons=reasons)
    return replace(chosen, notes=tuple(notes))


def _with_news(reason: str, name: str, news: News, novel: Sequence[str]) -> str:
    """Reason of a pick, and how unlike the labelled fields it is, where it is."""
    from sorby.select.novelty import NOVEL_P

    if name not in novel:
        return reason
    p = news.novelty.p[news.names.index(name)]
    why = f"unlike the labelled fields (p {p:.2f})"
    if not p <= NOVEL_P:
        why = f"of a batch added since the training that differs (p {news.drift_p:.3f})"
    return f"{reason[:-1]}; {why}."


def _embedding(
    project: Project, pool: Sequence[Field], strategy: str, on_step: OnStep
) -> np.ndarray:
    """One row a field; for strategies that do not look at images just its place in the pool.

    Equal rows would make their notes say that all images look the same, which nobody knows.
    """
    from sorby.features import standardise
    from sorby.workflow.embedding import embed_fields

    if strategy in BLIND:
        return np.arange(len(pool), dtype=float)[:, None]
    return standardise(embed_fields(project, pool, on_step=on_step))


def _left(project: Project, pool: Sequence[Field], labelled: Sequence[str], n_select: int) -> int:
    """How many fields of the pool can be chosen."""
    if n_select < 1:
        raise SettingError(f"{n_select} fields are to be chosen. Give at least 1: sorby select -n")
    left = len(pool) - len(set(labelled))
    if not left:
        raise ProjectError(
            f"All {len(pool)} fields of the pool are labelled: there is nothing left to choose. "
            f"Train on them: sorby train {project.folder}"
        )
    return left


def _positions(images: Sequence[str], names: Sequence[str]) -> list[int]:
    from sorby.workflow.naming import find_field

    by_name = {name: Path(name) for name in names}
    found = [find_field(str(text), by_name) for text in images]
    unknown = [text for text, name in zip(images, found, strict=True) if name is None]
    if unknown:
        raise SettingError(
            f"{', '.join(map(repr, unknown))}: no field of the pool has this name. Test fields are "
            f"locked and cannot be picked. The pool: {', '.join(list(names)[:8])}"
            + (", ..." if len(names) > 8 else ".")
        )
    return [list(names).index(str(name)) for name in found]


def _rows(chosen: Selection, pool: Sequence[Field]) -> list[dict[str, Any]]:
    return [
        {
            "image": pool[index].name,
            "reason": reason,
            "score": float(chosen.scores[index]),
            "cluster": int(chosen.clusters[index]),
        }
        for index, reason in zip(chosen.indices, chosen.reasons, strict=True)
    ]
