"""How good masks are against the truth: by image, on average, and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE
from sorby.metrics import ClassCounts, class_counts

SCORES = ("macro_f1", "defect_f1", "precision", "recall")


def compare(predicted: np.ndarray, truth: np.ndarray, *, n_classes: int = 1) -> ClassCounts:
    """Pixels on which a prediction and the truth agree.

    Only the truth says what does not count: a prediction that leaves pixels out has not found
    the defects in them.

    Parameters
    ----------
    predicted, truth : ndarray of shape (M, N), uint8
        0 background, 1.. classes, 255 not sample.
    n_classes : int
        Defect classes.

    Returns
    -------
    ClassCounts
        In px.

    Examples
    --------
    >>> compare(np.array([[255, 1]]), np.array([[1, 1]])).any_defect.recall
    0.5
    """
    called = np.where(np.asarray(predicted) == IGNORE, 0, predicted)
    return class_counts(called, truth, n_classes)


def summarise_scores(
    counts: Sequence[ClassCounts], classes: Sequence[str] = ("defect",)
) -> dict[str, Any]:
    """Scores over images: mean and sd of the images' scores, and the scores of all pixels pooled.

    Parameters
    ----------
    counts : sequence of ClassCounts
        One an image, from `compare`.
    classes : sequence of str
        Names of the defect classes.

    Returns
    -------
    dict
        ``n`` (images); ``macro_f1``, ``defect_f1``, ``precision``, ``recall``: ``mean`` and
        ``sd`` (sample standard deviation, NaN for one image); ``pooled``: the same four as
        numbers; ``classes``: mean and sd of the F1 of each class.

    Raises
    ------
    SettingError
        If there is no image.
    """
    if not counts:
        raise SettingError("There is no image to score. Give at least one with a true mask.")
    total = counts[0]
    for one in counts[1:]:
        total = total + one
    each = [scores_of(one) for one in counts]
    return {
        "n": len(counts),
        **{name: _mean_sd([one[name] for one in each]) for name in SCORES},
        "pooled": scores_of(total),
        "classes": {
            name: _mean_sd([one.classes[number].defect_f1 for one in counts])
            for number, name in enumerate(classes)
        },
    }


def scores_of(counts: ClassCounts) -> dict[str, float]:
    """The four scores of one image, or of images added up."""
    return {
        "macro_f1": counts.macro_f1,
        **{name: getattr(counts.any_defect, name) for name in SCORES[1:]},
    }


def _mean_sd(values: Sequence[float]) -> dict[str, float]:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return {"mean": float(np.mean(values)), "sd": sd}
