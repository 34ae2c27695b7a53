"""What the report says of the learning loop: scores, rounds, examples, map, losses."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.records import IGNORE, ModelCard
from sorby.core.rng import generator

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sorby.project import Project, StoredModel
    from sorby.report import LearningContent, Picture

_NAMES = {"otsu": "Otsu", "flatfield_otsu": "flat field + Otsu", "base": "model in the box"}
_SCORES = ("macro_f1", "defect_f1", "precision", "recall")
_BY_HAND = "by hand"
_MAP_SEED = 0


def learning_content(project: Project, *, synthetic: bool) -> LearningContent | None:
    """Section of the report on the model in use.

    Parameters
    ----------
    project : Project
        Any.
    synthetic : bool
        Whether figures are marked as synthetic.

    Returns
    -------
    LearningContent or None
        None for a project without a model.
    """
    import pandas as pd

    from sorby.report import LearningContent
    from sorby.workflow import evaluating

    model = project.models.current()
    if model is None:
        return None
    evaluation = json.loads(project.note("evaluation") or "null")
    is_current = evaluating.is_current(project, evaluation)
    shown, left_out = _comparable(project.rounds.all())
    rounds = _rounds_table(shown)
    pictures = [] if rounds.empty else [_rounds_picture(rounds, shown[-1], synthetic)]
    pictures += [_map_picture(project, synthetic), _loss_picture(model, synthetic)]
    return LearningContent(
        pictures=pictures,
        photographs=_examples(project, model, evaluation, synthetic) if is_current else [],
        scores=_score_table(evaluation) if is_current else pd.DataFrame(),
        rounds=rounds,
        card=_short_card(model),
        notes=[
            *model.card.settings["training"]["notes"],
            *(
                []
                if is_current
                else [
                    "The model in use was not evaluated on the test fields and their masks as they "
                    "are now: sorby evaluate."
                ]
            ),
            *left_out,
        ],
    )


def _comparable(
    rounds: Sequence[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Rounds, by time, that may stand beside the latest one, and how many may not.

    They were scored on the same test masks; and of runs that differ in what they learn from
    alone (the pool, its masks) only the latest counts.
    """
    in_order = sorted(rounds, key=lambda one: one.get("time") or "")
    latest = {_kind(one): one.get("inputs") for one in in_order}
    shown = [
        one
        for one in in_order
        if one.get("tested_on") == in_order[-1].get("tested_on")
        and one.get("inputs") == latest[_kind(one)]
    ]
    n_left = len(in_order) - len(shown)
    words = "Not shown: rounds of earlier test masks or earlier labels of the pool"
    return shown, [f"{words} ({n_left})."] if n_left else []


def _kind(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """What seeds of one run share. Rounds by hand have no annotator."""
    if "annotator" not in one:
        return (_BY_HAND,)
    return one["annotator"], one["strategy"], one.get("per_round"), one["preset"]


def _run_names(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name of the run of each round, no longer than it takes to tell the runs apart."""
    kinds = dict.fromkeys(map(_kind, rounds))
    names = {kind: _run_name(kind) for kind in kinds}
    for place, words in ((2, " x{} a round"), (3, " ({})")):
        alike = [
            {other[place] for other in kinds if names[other] == names[kind] and len(other) > 1}
            for kind in kinds
        ]
        names = {
            kind: names[kind] + (words.format(kind[place]) if len(values) > 1 else "")
            for kind, values in zip(kinds, alike, strict=True)
        }
    return [names[_kind(one)] for one in rounds]


def _run_name(kind: tuple[Any, ...]) -> str:
    if len(kind) == 1:
        return str(kind[0])
    return f"{kind[1]} (accepted)" if kind[0] == "accept" else str(kind[1])


def _short_card(model: StoredModel) -> ModelCard:
    """Card with what a reader of the report asks for; the file of the model holds the rest."""
    settings, training = model.card.settings, model.card.settings["training"]
    shown = {
        "preset": settings["preset"],
        "seed": settings["seed"],
        "started from model": settings["started_from"] or settings.get("began", "random weights"),
        "fields trained on": len(training["trained_on"]),
        "fields for validation": len(training["validated_on"]),
        "steps until the kept weights": training["best_step"],
        "threshold of the probability": training["threshold"],
        "seconds of training": round(training["seconds"]),
        "SHA-256 of the model": model.sha256,
    }
    return replace(model.card, settings=shown)


def _score_table(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    ways = {f"model {evaluation['model']}": evaluation} | {
        _NAMES[name]: scores for name, scores in evaluation["baselines"].items()
    }
    return pd.DataFrame(
        [
            {
                "method": name,
                "n": scores["n"],
                **{key: scores[key]["mean"] for key in _SCORES},
                **{f"{key}_sd": scores[key]["sd"] for key in _SCORES},
                **{f"pooled_{key}": scores["pooled"][key] for key in _SCORES[:2]},
            }
            for name, scores in ways.items()
        ]
    )


def _rounds_table(rounds: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "run": run,
                **{key: one[key] for key in ("strategy", "seed", "round", "n_labelled")},
                **{key: one[key]["mean"] for key in _SCORES[:2]},
                **{f"{key}_sd": one[key]["sd"] for key in _SCORES[:2]},
            }
            for one, run in zip(rounds, _run_names(rounds), strict=True)
        ]
    )


def _rounds_picture(rounds: pd.DataFrame, last: Mapping[str, Any], synthetic: bool) -> Picture:
    from sorby.report import Picture, rounds_figure
    from sorby.workflow.evaluating import fair_score

    score = fair_score(last)
    bands = {
        _NAMES[name]: (scores[score]["mean"], scores[score]["sd"] or 0.0)
        for name, scores in last["baselines"].items()
    }
    words = score.replace("_f1", "-F1").capitalize()
    return Picture(
        functools.partial(rounds_figure, rounds, bands, metric=score, synthetic=synthetic),
        title="F1 by round of labelling",
        caption="Bands: what needs no labels, mean ± sd over the test fields.",
        alt=f"{words} on the test fields after each round; numbers in the table.",
    )


def _map_picture(project: Project, synthetic: bool) -> Picture:
    from sorby.report import Picture

    return Picture(
        functools.partial(_map_figure, project, synthetic),
        title="The images, and which were chosen",
        caption="Near one another lie images that look alike.",
        alt="Map of the images with the chosen ones numbered by round.",
    )


def _map_figure(project: Project, synthetic: bool) -> Figure:
    import pandas as pd

    from sorby.features import standardise
    from sorby.report import embedding_figure
    from sorby.select import SELECTORS
    from sorby.workflow.embedding import embed_fields
    from sorby.workflow.splitting import labelled_names

    fields = project.fields()
    embedding = standardise(embed_fields(project, fields))
    seen = SELECTORS["smile"](embedding, 1, rng=generator(_MAP_SEED))
    labelled = labelled_names(project)
    chosen = _chosen_in(project)
    points = pd.DataFrame(
        {
            "image": [field.name for field in fields],
            "x": seen.map_xy[:, 0],
            "y": seen.map_xy[:, 1],
            "cluster": seen.clusters,
            "role": [
                "test" if f.is_locked else "labelled" if f.name in labelled else "pool"
                for f in fields
            ],
            "round": pd.array([chosen.get(field.name) for field in fields], dtype="Int64"),
        }
    )
    return embedding_figure(points, synthetic=synthetic)


def _chosen_in(project: Project) -> dict[str, int]:
    """Round in which a field was chosen: by hand, else in the last run."""
    picks = project.rounds.picks()
    if len(picks):
        return {str(n): int(r) for n, r in zip(picks["image"], picks["round"], strict=True)}
    rounds = project.rounds.all()
    runs = [(*_kind(one), one["seed"], one.get("inputs")) for one in rounds]
    own = [one for one, run in zip(rounds, runs, strict=True) if run == runs[-1]]
    return {name: one["round"] for one in own for name in one["picks"]}


def _loss_picture(model: StoredModel, synthetic: bool) -> Picture:
    import pandas as pd

    from sorby.report import Picture, loss_figure

    training = model.card.settings["training"]
    curve = pd.DataFrame(training["curve"]).reindex(
        columns=["step", "train_loss", "valid_loss", "valid_f1"]
    )
    return Picture(
        functools.partial(loss_figure, curve, best_step=training["best_step"], synthetic=synthetic),
        title=f"Training of model {model.number}",
        caption=f"Validation fields: {', '.join(training['validated_on'][:6])}.",
        alt="Training and validation loss by step, and the validation score.",
    )


def _examples(
    project: Project, model: StoredModel, evaluation: Mapping[str, Any], synthetic: bool
) -> list[Picture]:
    from sorby.report import Picture

    ranked = sorted(evaluation["images"], key=lambda image: -image["macro_f1"])
    places = dict.fromkeys([0, len(ranked) // 2, len(ranked) - 1])
    return [
        Picture(
            functools.partial(
                _examples_figure, project, model, [ranked[place] for place in places], synthetic
            ),
            title="Test fields: the best, the median and the worst",
            caption="Ranked by macro-F1.",
            alt="Image, true mask, predicted mask and their difference of test fields.",
        )
    ]


def _examples_figure(
    project: Project, model: StoredModel, images: Sequence[Mapping[str, Any]], synthetic: bool
) -> Figure:
    from sorby.report import MaskExample, examples_figure
    from sorby.segment import load_segmenter
    from sorby.workflow.predicting import segment_micrograph

    segmenter, _ = load_segmenter(model.path)
    fields, masks = {field.name: field for field in project.fields()}, project.masks()
    examples = []
    for image in images:
        field = fields[image["image"]]
        micrograph, truth = project.read_picture(field), project.read_mask(masks[field.name])
        called, _ = segment_micrograph(
            segmenter, micrograph, field.valid(), threshold=segmenter.threshold
        )
        predicted = np.where((called == IGNORE) & (truth != IGNORE), np.uint8(0), called)
        examples.append(
            MaskExample(field.name, micrograph.pixels, truth, predicted, image["macro_f1"])
        )
    return examples_figure(examples, synthetic=synthetic)
