"""What the models of an experiment see: example masks, Grad-CAM, losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sorby.core.records import IGNORE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sorby.project import Field, Project
    from sorby.report import Evidence, MaskExample, Picture
    from sorby.segment import TrainedSegmenter
    from sorby.workflow.experiment_tables import Tables


def pictures_of_models(
    project: Project, runs: Sequence[dict[str, Any]], tables: Tables
) -> dict[str, list[Picture]]:
    """Examples, evidence and losses of the first strategy in the first seed.

    Parameters
    ----------
    project : Project
        Holds the models.
    runs : sequence of dict
        Answers of `run_rounds`.
    tables : Tables
        Of these.

    Returns
    -------
    dict
        ``examples``, ``gradcam``, ``losses``: drawn when their turn comes.
    """
    from sorby.report import Picture, evidence_figure, examples_figure, loss_rounds_figure

    rounds = runs[0]["rounds"]
    if not rounds:
        return {}
    score, marked = tables.score, {"synthetic": tables.synthetic}
    ranked = sorted(rounds[-1]["images"], key=lambda image: -image[score])
    shown = [ranked[place] for place in dict.fromkeys([0, len(ranked) // 2, len(ranked) - 1])]
    names = [str(image["image"]) for image in shown]
    who = f"{runs[0]['strategy']}, seed {runs[0]['seed']}"
    models = {one["round"]: one["model"] for one in (rounds[0], rounds[-1])}

    def examples() -> Figure:
        found = [_example(project, names[len(names) // 2], n, m, score) for n, m in models.items()]
        last = [_example(project, name, *list(models.items())[-1], score) for name in names]
        middle = len(names) // 2
        return examples_figure(
            [*found, *last[:middle], *last[middle + 1 :]],
            score_name=score.replace("_f1", "-F1"),
            **marked,
        )

    def evidence() -> Figure:
        own = list(dict.fromkeys([names[0], names[-1]]))
        return evidence_figure([_evidence(project, n, rounds[-1]["model"]) for n in own], **marked)

    def losses() -> Figure:
        cards = {f"Round {r['round']}": project.models.get(r["model"]).card for r in rounds}
        trainings = {name: card.settings["training"] for name, card in cards.items()}
        columns = ["step", "train_loss", "valid_loss"]
        return loss_rounds_figure(
            {n: pd.DataFrame(t["curve"]).reindex(columns=columns) for n, t in trainings.items()},
            {name: training["best_step"] for name, training in trainings.items()},
            **marked,
        )

    return {
        "examples": [
            Picture(
                examples,
                title=f"A middling test image in the first and the last round, then the best and "
                f"the worst ({who})",
                alt="Micrograph, truth, prediction and difference of test images.",
            )
        ],
        "gradcam": [
            Picture(
                evidence,
                title=f"Grad-CAM of the last layer but one, best and worst test image ({who})",
                caption="What speaks for a defect in the maps that the last convolution reads, the "
                "first guess that the network corrects among them; black: nothing speaks for it.",
            )
        ],
        "losses": [Picture(losses, title=f"Losses of every round ({who})")],
    }


def _seen(
    project: Project, name: str, model: int
) -> tuple[Field, TrainedSegmenter, Any, np.ndarray]:
    """Field, segmenter, micrograph and the mask that the model makes of it."""
    from sorby.segment import load_segmenter
    from sorby.workflow.predicting import segment_micrograph

    segmenter, _ = load_segmenter(project.models.get(model).path)
    field = next(one for one in project.fields() if one.name == name)
    micrograph = project.read_picture(field)
    called, _ = segment_micrograph(
        segmenter, micrograph, field.valid(), threshold=segmenter.threshold
    )
    return field, segmenter, micrograph, called


def _example(project: Project, name: str, number: int, model: int, score: str) -> MaskExample:
    from sorby.report import MaskExample
    from sorby.segment import compare, scores_of

    _, segmenter, micrograph, called = _seen(project, name, model)
    truth = project.read_mask(project.masks()[name])
    predicted = np.where((called == IGNORE) & (truth != IGNORE), np.uint8(0), called)
    counts = compare(predicted, truth, n_classes=len(segmenter.classes))
    return MaskExample(
        f"{name}, round {number}", micrograph.pixels, truth, predicted, scores_of(counts)[score]
    )


def _evidence(project: Project, name: str, model: int) -> Evidence:
    from skimage.transform import resize

    from sorby.learn import grad_cam
    from sorby.report import Evidence
    from sorby.segment.planes import field_planes

    field, segmenter, micrograph, called = _seen(project, name, model)
    planes = field_planes(
        micrograph, field.valid(), channels=segmenter.channels, um_per_px=segmenter.um_per_px
    )
    found = called[(called != 0) & (called != IGNORE)]
    most = int(np.bincount(found).argmax()) if found.size else 1
    map_ = grad_cam(segmenter.network, planes.values, class_number=most)
    full = resize(map_, called.shape, order=1)
    return Evidence(name, micrograph.pixels, called, np.where(field.valid(), full, 0))
