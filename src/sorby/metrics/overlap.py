"""Pixel overlap of two masks: precision, recall, F1, intersection over union.

Defect is what is neither 0 nor 255; pixels that are 255 in either mask are left out.
Empty cases, decided once (`PixelCounts`): a class that neither mask holds is in perfect
agreement (1), a class that only one of them holds is in none (0). So an image without
defect scores 1 without a prediction, and 0 with a false one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE


@dataclass(frozen=True)
class PixelCounts:
    """How many pixels two masks agree and disagree on.

    Counts add up over images; a ratio of the sum is the pooled score, which is not the mean
    of the images' scores.

    Attributes
    ----------
    true_defect, false_defect, missed_defect, true_background : int
        Pixels, among those that count: defect in both, in the prediction alone,
        in the truth alone, in neither.

    Examples
    --------
    >>> pooled = PixelCounts(8, 2, 0, 90) + PixelCounts(0, 0, 10, 90)
    >>> round(pooled.defect_f1, 3)
    0.571
    """

    true_defect: int = 0
    false_defect: int = 0
    missed_defect: int = 0
    true_background: int = 0

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(
            self.true_defect + other.true_defect,
            self.false_defect + other.false_defect,
            self.missed_defect + other.missed_defect,
            self.true_background + other.true_background,
        )

    @property
    def wrong(self) -> int:
        """Pixels the masks disagree on."""
        return self.false_defect + self.missed_defect

    @property
    def precision(self) -> float:
        """Share of the predicted defect that is defect."""
        predicted = self.true_defect + self.false_defect
        return _share(self.true_defect, predicted, if_empty=not self.missed_defect)

    @property
    def recall(self) -> float:
        """Share of the true defect that is predicted."""
        true = self.true_defect + self.missed_defect
        return _share(self.true_defect, true, if_empty=not self.false_defect)

    @property
    def defect_f1(self) -> float:
        """Harmonic mean of precision and recall of the defect."""
        return _share(2 * self.true_defect, 2 * self.true_defect + self.wrong)

    @property
    def background_f1(self) -> float:
        """Harmonic mean of precision and recall of the background."""
        return _share(2 * self.true_background, 2 * self.true_background + self.wrong)

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of defect and of background."""
        return (self.defect_f1 + self.background_f1) / 2

    @property
    def iou(self) -> float:
        """Defect in both masks over defect in either."""
        return _share(self.true_defect, self.true_defect + self.wrong)


@dataclass(frozen=True)
class ClassCounts:
    """Pixel counts of each defect class against all else, and of any defect.

    Attributes
    ----------
    classes : tuple of PixelCounts
        One entry a class, in the order 1, 2, ...
    any_defect : PixelCounts
        Classes not told apart.
    """

    classes: tuple[PixelCounts, ...]
    any_defect: PixelCounts

    def __add__(self, other: ClassCounts) -> ClassCounts:
        pairs = zip(self.classes, other.classes, strict=True)
        return ClassCounts(tuple(a + b for a, b in pairs), self.any_defect + other.any_defect)

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of the background and of each class."""
        each = [counts.defect_f1 for counts in self.classes]
        return (self.any_defect.background_f1 + sum(each)) / (1 + len(each))


def _share(part: int, whole: int, *, if_empty: bool = True) -> float:
    return part / whole if whole else float(if_empty)


def pixel_counts(
    pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None
) -> PixelCounts:
    """Count the pixels on which two masks agree and disagree.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect (bool masks are fine too).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    PixelCounts
        In px.

    Raises
    ------
    SettingError
        If the shapes differ.

    Examples
    --------
    >>> pixel_counts(np.array([[1, 1, 0, 255]]), np.array([[1, 0, 0, 1]]))
    PixelCounts(true_defect=1, false_defect=1, missed_defect=0, true_background=1)
    """
    pred, truth = np.asarray(pred), np.asarray(truth)
    shapes = {pred.shape, truth.shape} | ({np.shape(valid)} if valid is not None else set())
    if len(shapes) > 1:
        raise SettingError(
            f"The masks to compare have different sizes: {sorted(shapes)}. "
            "They must be of one field at one magnification: choose the matching files."
        )
    counted = (pred != IGNORE) & (truth != IGNORE)
    if valid is not None:
        counted &= np.asarray(valid, bool)
    called, real = (pred != 0) & counted, (truth != 0) & counted
    both = int(np.count_nonzero(called & real))
    n_called, n_real = int(np.count_nonzero(called)), int(np.count_nonzero(real))
    n = int(np.count_nonzero(counted))
    return PixelCounts(both, n_called - both, n_real - both, n - n_called - n_real + both)


def class_counts(
    pred: np.ndarray,
    truth: np.ndarray,
    n_classes: int,
    *,
    valid: np.ndarray | None = None,
) -> ClassCounts:
    """Count the pixels on which two masks agree, class by class.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 1.. classes, 255 not sample.
    n_classes : int
        Defect classes. With one, whatever is neither 0 nor 255 is that class.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    ClassCounts
        In px.

    Examples
    --------
    >>> counts = class_counts(np.array([[0, 1, 2, 2]]), np.array([[0, 1, 2, 1]]), 2)
    >>> [round(one.defect_f1, 3) for one in counts.classes], round(counts.macro_f1, 3)
    ([0.667, 0.667], 0.778)
    """
    any_defect = pixel_counts(pred, truth, valid=valid)
    if n_classes == 1:
        return ClassCounts((any_defect,), any_defect)
    counted = (np.asarray(pred) != IGNORE) & (np.asarray(truth) != IGNORE)
    if valid is not None:
        counted &= np.asarray(valid, bool)
    each = tuple(
        pixel_counts(np.equal(pred, number), np.equal(truth, number), valid=counted)
        for number in range(1, n_classes + 1)
    )
    return ClassCounts(each, any_defect)


def precision(pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None) -> float:
    """Share of the predicted defect pixels that are defect.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    float
        TP / (TP + FP), 0 to 1.

    Examples
    --------
    >>> precision(np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 0]]))
    0.5
    """
    return pixel_counts(pred, truth, valid=valid).precision


def recall(pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None) -> float:
    """Share of the true defect pixels that are predicted.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    float
        TP / (TP + FN), 0 to 1.

    Examples
    --------
    >>> recall(np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 0]]))
    1.0
    """
    return pixel_counts(pred, truth, valid=valid).recall


def defect_f1(pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None) -> float:
    """F1 (Dice coefficient) of the defect pixels.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    float
        2 TP / (2 TP + FP + FN), 0 to 1.

    Examples
    --------
    >>> defect_f1(np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 0]]))
    0.666...
    """
    return pixel_counts(pred, truth, valid=valid).defect_f1


def background_f1(pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None) -> float:
    """F1 (Dice coefficient) of the background pixels.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    float
        2 TN / (2 TN + FP + FN), 0 to 1.

    Examples
    --------
    >>> background_f1(np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 0]]))
    0.8
    """
    return pixel_counts(pred, truth, valid=valid).background_f1


def macro_f1(pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None) -> float:
    """Mean of the F1 of the defect and of the background pixels.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    float
        (defect F1 + background F1) / 2, 0 to 1.

    Examples
    --------
    >>> macro_f1(np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 0]]))
    0.733...
    """
    return pixel_counts(pred, truth, valid=valid).macro_f1


def iou(pred: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None) -> float:
    """Intersection over union (Jaccard index) of the defect pixels.

    Parameters
    ----------
    pred, truth : ndarray of shape (M, N)
        Masks: 0 background, 255 not sample, anything else defect.
    valid : ndarray of bool of shape (M, N), optional
        Pixels that count; all by default. 255 in either mask never counts.

    Returns
    -------
    float
        TP / (TP + FP + FN), 0 to 1.

    Examples
    --------
    >>> iou(np.array([[1, 1, 0, 0]]), np.array([[1, 0, 0, 0]]))
    0.5
    """
    return pixel_counts(pred, truth, valid=valid).iou
