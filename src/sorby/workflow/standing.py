"""Where labelling stands: what is new, whether a round is due, whether labelling can stop."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ModelError
from sorby.core.files import atomic_path
from sorby.core.plain import plain
from sorby.core.rng import generator

if TYPE_CHECKING:
    from pathlib import Path

    from sorby.project import Field, Project
    from sorby.select.novelty import Novelty
    from sorby.select.stopping import Verdict

AUDITED = 0.05
"""Share of the images that a model did not learn from which a person looks at whatever it says."""

_SEED = 0
_VERSION = 1


@dataclass(frozen=True)
class News:
    """What of a pool is unlike the labelled fields.

    Attributes
    ----------
    names : tuple of str
        Fields without a label, in the order of ``novelty``.
    novelty : Novelty
        Of these.
    added : frozenset of str
        Fields of the pool that came after the model in use was trained.
    drift_p : float
        That those come from the same source as the others; NaN where they are too few.
    """

    names: tuple[str, ...]
    novelty: Novelty
    added: frozenset[str]
    drift_p: float

    def judged(self) -> list[str]:
        """Fields whose novel share counts: those added since, else all without a label."""
        return [name for name in self.names if name in self.added] or list(self.names)

    def flagged(self) -> list[str]:
        """Judged fields that are novel one by one; one in twenty is by chance alone."""
        judged = set(self.judged())
        each = zip(self.names, self.novelty.is_novel(), strict=True)
        return [name for name, is_novel in each if is_novel and name in judged]

    def novel(self) -> list[str]:
        """Fields to look at first: those of a batch that differs, or more flagged than by chance.

        Without that, a choice is left as it is: odd fields are not worth half of the labels.
        """
        from sorby.select.stopping import DRIFT_P, MOST_NOVEL

        if self.drift_p < DRIFT_P:  # NaN is not
            return self.judged()
        flagged = self.flagged()
        return flagged if len(flagged) > MOST_NOVEL * len(self.judged()) else []


def news_of(
    project: Project, pool: Sequence[Field], labelled: Sequence[str], rows: np.ndarray
) -> News | None:
    """Compare a pool with its labelled fields.

    Parameters
    ----------
    project : Project
        Knows what was added when.
    pool : sequence of Field
        Fields that may be chosen.
    labelled : sequence of str
        Names of those with a label.
    rows : ndarray of shape (n, d)
        Standardised embedding of the pool.

    Returns
    -------
    News or None
        None where nothing is labelled.
    """
    from sorby.select.novelty import batch_drift, novelty

    names, known = [field.name for field in pool], set(labelled)
    has_label = np.array([name in known for name in names])
    if not has_label.any():
        return None
    added = _added_since_training(project).intersection(names)
    is_new = np.array([name in added for name in names])
    drift_p = math.nan
    if is_new.any() and not is_new.all():
        drift_p = batch_drift(rows[is_new], rows[~is_new], rng=generator(_SEED))
    free = tuple(name for name in names if name not in known)
    return News(free, novelty(rows[~has_label], rows[has_label]), frozenset(added), drift_p)


def _added_since_training(project: Project) -> set[str]:
    """Fields that were taken in after the model in use was made."""
    number = project.models.current_number()
    added: set[str] = set()
    for step in project.history():
        if step.step == "train" and f"model {number}" in step.outputs:
            added = set()
        elif step.step in ("add image", "import"):
            added |= set(step.inputs)
    return added if number is not None else set()


def labelling_state(project: Project) -> dict[str, Any]:
    """Where labelling stands, from what is kept: nothing is looked at, predicted or trained.

    Parameters
    ----------
    project : Project
        The project.

    Returns
    -------
    dict
        ``n_not_looked_at`` (fields of the pool without an embedding: ``sorby select`` and the map
        of the Choose page make them), ``n_added`` (since the model in use was trained),
        ``n_judged``, ``n_novel``, ``novel_share``, ``batch_p``, ``coverage`` (``q95``,
        ``own_q95``, ``share_beyond``, or None), ``round_due`` and ``can_stop`` (each ``answer``:
        True, False or None where there is not enough to tell, and ``criteria`` of ``name``,
        ``is_met``, ``said``), ``audit`` (images drawn at random whose masks a person should
        correct yet: a model that fails silently is found by nothing else), ``line`` (what comes
        next in one sentence). Unknown numbers are None.
    """
    from sorby.select.stopping import can_stop, round_is_due
    from sorby.workflow.accounting import correction_seconds
    from sorby.workflow.agreeing import agreements

    seconds = correction_seconds(project)
    numbers, audit = _numbers(project), _audit(project)
    due = round_is_due(
        novel_share=_or_nan(numbers["novel_share"]),
        n_judged=numbers["n_judged"],
        n_labelled=numbers["n_labelled"],
        drift_p=_or_nan(numbers["batch_p"]),
        correction_s=seconds,
    )
    stop = can_stop(*agreements(project), seconds)
    has_model = project.models.current_number() is not None
    return {
        **numbers,
        "round_due": asdict(due),
        "can_stop": asdict(stop),
        "audit": audit,
        "line": _line(numbers, due, stop, has_model=has_model),
    }


def _audit(project: Project) -> list[str]:
    """Images drawn for the audit of the model in use that have no label yet."""
    from sorby.workflow.splitting import labelled_names, project_seed

    try:
        model = project.models.current()
    except ModelError:  # its file is lost, which the status says beside this
        return []
    if model is None:
        return []
    learnt = set(model.card.settings["training"]["images"])
    free = [f.name for f in project.fields() if not f.is_locked and f.name not in learnt]
    order = generator(project_seed(project) + model.number).permutation(len(free))
    drawn = [free[place] for place in order[: math.ceil(AUDITED * len(free))]]
    known = labelled_names(project)
    return [name for name in drawn if name not in known]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _numbers(project: Project) -> dict[str, Any]:
    """Numbers that hang on the images and labels alone, kept until one of these changes."""
    from sorby.workflow.embedding import kept_embedding
    from sorby.workflow.splitting import labelled_names

    pool = [field for field in project.fields() if not field.is_locked]
    known = labelled_names(project)
    labelled = [field.name for field in pool if field.name in known]
    of = [_VERSION, project.picture_hashes(), [f.name for f in pool], labelled]
    of.append(project.models.current_number())
    of.append([(f.um_per_px, f.ignore_boxes) for f in pool])
    file, key = _file(project), hashlib.sha256(json.dumps(of).encode()).hexdigest()
    kept = _read(file)
    if kept.get("of") == key:
        return dict(kept["numbers"])
    rows, missing = kept_embedding(project, pool)
    numbers = plain(_judged(project, pool, labelled, rows, missing))
    if not missing:
        with atomic_path(file) as writing:
            writing.write_text(json.dumps({"of": key, "numbers": numbers}))
    return dict(numbers)


def _judged(
    project: Project,
    pool: Sequence[Field],
    labelled: Sequence[str],
    rows: np.ndarray | None,
    missing: int,
) -> dict[str, Any]:
    from sorby.features import standardise
    from sorby.select.novelty import coverage

    numbers: dict[str, Any] = {
        "n_labelled": len(labelled),
        "n_not_looked_at": missing,
        "n_added": len(_added_since_training(project) & {field.name for field in pool}),
        **dict.fromkeys(("n_judged", "n_novel"), 0),
        **dict.fromkeys(("novel_share", "batch_p", "coverage")),
    }
    if rows is None or not labelled:
        return numbers
    even = standardise(rows)
    news = news_of(project, pool, labelled, even)
    assert news is not None
    if not news.names:
        return numbers
    is_free = np.isin([field.name for field in pool], news.names)
    n_judged, n_novel = len(news.judged()), len(news.flagged())
    return numbers | {
        "n_judged": n_judged,
        "n_novel": n_novel,
        "novel_share": n_novel / n_judged if news.novelty.is_enough else None,
        "batch_p": _known(news.drift_p),
        "coverage": {
            name: _known(value)
            for name, value in asdict(coverage(even[is_free], even[~is_free])).items()
        },
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _file(project: Project) -> Path:
    from sorby.project import cache_folder

    return cache_folder(project.folder) / "embeddings" / "standing.json"


def _read(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _line(numbers: dict[str, Any], due: Verdict, stop: Verdict, *, has_model: bool) -> str:
    """One sentence or two for a person."""
    if not has_model:
        return "No model yet: label the picks and train."
    if numbers["n_not_looked_at"]:
        n = numbers["n_not_looked_at"]
        images = f"{n} images were" if n > 1 else "1 image was"
        return f"{images} not looked at yet: choose, or make the map, to see what is new."
    if due.answer:
        return f"A new round is due: {_said(due, is_met=True)}."
    if stop.answer:
        return f"Labelling can stop: {_said(stop, is_met=True)}."
    if stop.answer is False:
        return f"Labels still change the result: {_said(stop, is_met=False)}."
    open_ones = "; ".join(c.said for c in stop.criteria[:2] if c.is_met is None)
    return f"Whether labelling can stop cannot be told yet: {open_ones}."


def _said(verdict: Verdict, *, is_met: bool) -> str:
    return "; ".join(one.said for one in verdict.criteria if one.is_met is is_met)
