"""When another round of labels is due, and when labelling can stop.

Nothing here looks at truth: models are compared with one another on images that neither learnt
from, the reported area fraction with its own sampling interval, and corrections with earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE
from sorby.select.novelty import LEAST_BATCH, LEAST_LABELLED

LEAST_KAPPA = 0.99
"""Agreement of consecutive models from which their F1 differ by at most 0.04."""

STEADY_ROUNDS = 3
"""Comparisons in a row that must agree so well."""

MARGIN_PX = 5
"""Pixels around a defect of either model that count for the agreement."""

MOST_NOVEL = 0.10
"""Share of novel images above which a round is due: twice what chance gives."""

DRIFT_P = 0.01
"""p of a batch below which a round is due."""

FLAT = 0.2
"""Relative change of the median correction time that counts as none: a rule, not a test."""

_LEAST_AUDITED = 3


@dataclass(frozen=True)
class Criterion:
    """One question of a verdict.

    Attributes
    ----------
    name : str
        "agreement", "area fraction", "correction time", "novel images", ...
    is_met : bool or None
        None where there is not enough to tell.
    said : str
        The numbers, in words.
    """

    name: str
    is_met: bool | None
    said: str


@dataclass(frozen=True)
class Verdict:
    """Answer to a question with reasons.

    Attributes
    ----------
    answer : bool or None
        None where there is not enough to tell.
    criteria : tuple of Criterion
        What it rests on.
    """

    answer: bool | None
    criteria: tuple[Criterion, ...]


def agreement_table(
    first: np.ndarray,
    second: np.ndarray,
    *,
    valid: np.ndarray,
    n_classes: int,
    margin_px: int = MARGIN_PX,
) -> np.ndarray:
    """Count which classes two masks give to the pixels in and near their defects.

    The far background, on which any two models agree, would drown the rest; it is left out.
    Tables of several images add up.

    Parameters
    ----------
    first, second : ndarray of uint8 of shape (M, N)
        Label images.
    valid : ndarray of bool of shape (M, N)
        Pixels that are sample; ignored ones (255) are left out too.
    n_classes : int
        Largest label.
    margin_px : int
        Distance from a defect of either mask up to which background counts.

    Returns
    -------
    ndarray of int of shape (n_classes + 1, n_classes + 1)
        Row: class in the first mask; column: in the second.

    Examples
    --------
    >>> a, b = np.zeros((3, 30), np.uint8), np.zeros((3, 30), np.uint8)
    >>> a[1, 10:14] = b[1, 10:13] = 1
    >>> agreement_table(a, b, valid=np.ones((3, 30), bool), n_classes=1, margin_px=1).tolist()
    [[10, 0], [1, 3]]
    """
    counted = valid & (first != IGNORE) & (second != IGNORE)
    defect = counted & ((first > 0) | (second > 0))
    if not defect.any():
        return np.zeros((n_classes + 1, n_classes + 1), int)
    near = counted & (distance_transform_edt(~defect) <= margin_px)
    pairs = first[near].astype(int) * (n_classes + 1) + second[near]
    return np.bincount(pairs, minlength=(n_classes + 1) ** 2).reshape(n_classes + 1, -1)


def cohen_kappa(table: np.ndarray) -> float:
    """Agreement beyond chance of two raters [1]_.

    Parameters
    ----------
    table : ndarray of shape (c, c)
        Counts, see `agreement_table`.

    Returns
    -------
    float
        At most 1; NaN where nothing was counted or all counts share one class.

    References
    ----------
    .. [1] Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
       Measurement 20, 1960.

    Examples
    --------
    >>> round(cohen_kappa(np.array([[20, 5], [10, 15]])), 3)
    0.4
    """
    total = table.sum()
    if not total:
        return math.nan
    share = table / total
    chance = float(share.sum(axis=1) @ share.sum(axis=0))
    return (float(np.trace(share)) - chance) / (1 - chance) if chance < 1 else math.nan


def f1_bound(kappa: float) -> float:
    """Most by which F1 on the compared pixels can differ between models that agree so well.

    Parameters
    ----------
    kappa : float
        Cohen's kappa of the two.

    Returns
    -------
    float
        min(1, 4 (1 - kappa) / kappa) [1]_; 1 where kappa is not positive.

    References
    ----------
    .. [1] Bloodgood and Grothendieck, "Analysis of stopping active learning based on stabilizing
       predictions", arXiv 1504.06329, 2015.

    Examples
    --------
    >>> round(f1_bound(0.99), 3)
    0.04
    """
    return min(1.0, 4 * (1 - kappa) / kappa) if kappa > 0 else 1.0


@dataclass(frozen=True)
class AreaChange:
    """Defect area fraction by two consecutive models, and how well it is known.

    Attributes
    ----------
    before, now : float
        Fractions on the same images.
    half_width : float
        Half of the 95 % sampling interval of the reported mean.
    n_images : int
        Images that were compared.
    """

    before: float
    now: float
    half_width: float
    n_images: int


def can_stop(
    kappas: Sequence[float], area: AreaChange | None, correction_s: Sequence[Sequence[float]]
) -> Verdict:
    """Whether more labels would change anything that matters.

    Yes where the last three comparisons of consecutive models reach a kappa of 0.99, the
    reported area fraction moves less than its sampling interval, and corrections take no less
    time than in the round before. Where no time was recorded (masks from elsewhere), that last
    question is left out, and said to be.

    Parameters
    ----------
    kappas : sequence of float
        Of consecutive models, oldest first.
    area : AreaChange or None
        Between the last two.
    correction_s : sequence of sequences of float
        Seconds of each image of each round, oldest first.

    Returns
    -------
    Verdict

    References
    ----------
    .. [1] Bloodgood and Vijay-Shanker, "A method for stopping active learning based on
       stabilizing predictions and the need for user-adjustable stopping", CoNLL 2009: kappa of
       0.99 in three rounds.

    Examples
    --------
    >>> can_stop([0.999, 0.995, 0.992], AreaChange(0.02, 0.0201, 0.003, 8), []).answer
    True
    >>> can_stop([], None, []).answer is None
    True
    """
    criteria = (_agreement(kappas), _area(area), _time(correction_s))
    needed = [one.is_met for one in criteria[:2]]
    if None in needed:
        answer = False if False in needed else None
    else:
        answer = all(needed) and criteria[2].is_met is not False
    return Verdict(answer, criteria)


def _agreement(kappas: Sequence[float]) -> Criterion:
    last = [float(k) for k in kappas[-STEADY_ROUNDS:]]
    if not last or not all(math.isfinite(k) for k in last):
        said = "not enough: no two models were compared on images that neither learnt from"
        return Criterion("agreement", None, said)
    shown = ", ".join(f"{k:.3f}" for k in last)
    said = f"kappa of consecutive models {shown} (F1 moves by at most {f1_bound(last[-1]):.2f}"
    if min(last) < LEAST_KAPPA:
        return Criterion("agreement", False, f"{said}; needed: {LEAST_KAPPA})")
    if len(last) < STEADY_ROUNDS:
        said += f"; not enough: {len(last)} of {STEADY_ROUNDS} comparisons)"
        return Criterion("agreement", None, said)
    return Criterion("agreement", True, f"{said})")


def _area(area: AreaChange | None) -> Criterion:
    if area is None or not math.isfinite(area.half_width):
        said = "not enough: no two models, or less than two images to compare them on"
        return Criterion("area fraction", None, said)
    change = abs(area.now - area.before)
    is_met = change <= area.half_width
    said = (
        f"reported area fraction {100 * area.before:.3f} % -> {100 * area.now:.3f} % on "
        f"{area.n_images} images: {'within' if is_met else 'beyond'} its sampling interval of "
        f"± {100 * area.half_width:.3f} %"
    )
    return Criterion("area fraction", is_met, said)


def _time(correction_s: Sequence[Sequence[float]]) -> Criterion:
    timed = [list(times) for times in correction_s if len(times)]
    if len(timed) < 2:
        said = f"not enough: corrections were timed in {len(timed)} rounds, 2 are needed"
        return Criterion("correction time", None, said)
    before, now = (float(np.median(times)) for times in timed[-2:])
    is_flat = now >= (1 - FLAT) * before
    said = f"median correction {before:.0f} s -> {now:.0f} s an image"
    return Criterion("correction time", is_flat, f"{said}: {'flat' if is_flat else 'falling'}")


def round_is_due(
    *,
    novel_share: float,
    n_judged: int,
    n_labelled: int,
    drift_p: float,
    correction_s: Sequence[Sequence[float]] = (),
) -> Verdict:
    """Whether images are there that the labels do not stand for.

    Yes where more than a tenth of the judged images are novel, a batch that was added has
    p < 0.01, or the median correction of the last round took longer than nine in ten of the
    round before.

    Parameters
    ----------
    novel_share : float
        Of the judged images; NaN where that cannot be told.
    n_judged : int
        Images that were added since the model was trained, or all without a label.
    n_labelled : int
        Labelled images.
    drift_p : float
        Of the images added since; NaN where they are too few.
    correction_s : sequence of sequences of float
        Seconds of each image of each round, oldest first.

    Returns
    -------
    Verdict
        None where none of the questions can be answered.

    Raises
    ------
    SettingError
        If a share or a p is no number from 0 to 1.

    Examples
    --------
    >>> round_is_due(novel_share=0.4, n_judged=20, n_labelled=24, drift_p=0.2).answer
    True
    """
    for value in (novel_share, drift_p):
        if not (math.isnan(value) or 0 <= value <= 1):
            raise SettingError(f"{value} is no share. Give a number from 0 to 1, or NaN.")
    criteria = (
        _novel(novel_share, n_judged, n_labelled),
        _drifted(drift_p),
        _harder(correction_s),
    )
    met = [one.is_met for one in criteria]
    answer = True if True in met else False if False in met else None
    return Verdict(answer, criteria)


def _novel(share: float, n_judged: int, n_labelled: int) -> Criterion:
    name = "novel images"
    if n_labelled < LEAST_LABELLED:
        said = f"not enough: {n_labelled} labelled images, {LEAST_LABELLED} are needed"
        return Criterion(name, None, said)
    if math.isnan(share):
        return Criterion(name, None, "not enough: no image without a label was looked at")
    return Criterion(name, share > MOST_NOVEL, f"{100 * share:.0f} % of {n_judged} are novel")


def _drifted(p: float) -> Criterion:
    name = "batch"
    if math.isnan(p):
        said = f"not enough: {LEAST_BATCH} images before and {LEAST_BATCH} added since are needed"
        return Criterion(name, None, said)
    is_met = p < DRIFT_P
    what = "differ from" if is_met else "look like"
    return Criterion(name, is_met, f"images added since {what} those before (p {p:.3f})")


def _harder(correction_s: Sequence[Sequence[float]]) -> Criterion:
    name = "correction time"
    timed = [list(times) for times in correction_s if len(times)]
    if len(timed) < 2 or min(len(times) for times in timed[-2:]) < _LEAST_AUDITED:
        said = f"not enough: {_LEAST_AUDITED} timed corrections in each of two rounds are needed"
        return Criterion(name, None, said)
    most, now = float(np.quantile(timed[-2], 0.9)), float(np.median(timed[-1]))
    said = f"median correction {now:.0f} s, nine in ten took up to {most:.0f} s the round before"
    return Criterion(name, now > most, said)
