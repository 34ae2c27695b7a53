"""Whether two ways differ: the same test fields, the same seeds, and an interval for the mean.

Scores of two ways on one field go up and down together, and so do those of one seed. Only their
differences are looked at, and both the seeds and the fields are taken for draws from many: an
interval says what another seed on other fields of the same kind would give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sorby.core.errors import SettingError
from sorby.quantify.intervals import UNKNOWN, Interval


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference of two ways, paired over seeds and fields.

    Attributes
    ----------
    mean : float
        First minus second.
    interval : Interval
        Of the mean; NaN where there are fewer than two fields.
    n_seeds, n_fields : int
        What it rests on.
    """

    mean: float
    interval: Interval
    n_seeds: int
    n_fields: int

    @property
    def is_told_apart(self) -> bool:
        """Whether the interval leaves zero out: without that, nothing may be claimed."""
        return self.interval.low > 0 or self.interval.high < 0


def paired_difference(
    first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95
) -> PairedDifference:
    """Mean difference of two ways and its interval, seeds and fields both drawn at random.

    Seeds and fields are crossed: each seed is scored on each field. The variance of the mean is
    that of the two-way random-effects layout, (MS_seed + MS_field - MS_rest) / (S F), never less
    than the part of seeds or of fields alone; Student's t has Satterthwaite's degrees of
    freedom [1]_. With two or three seeds that differ the interval is wide, as it should be. One
    seed gives the interval over fields alone, which says nothing of other seeds.

    Parameters
    ----------
    first, second : array_like of shape (seeds, fields)
        Scores of the two ways. A way without seeds is given once a seed.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    PairedDifference
        Of first - second.

    Raises
    ------
    SettingError
        If the shapes differ, or a score is missing.

    References
    ----------
    .. [1] Satterthwaite, "An approximate distribution of estimates of variance components",
       Biometrics Bulletin 2 (1946) 110-114.

    Examples
    --------
    >>> found = paired_difference([[0.9, 0.8, 0.7]], [[0.8, 0.7, 0.55]])
    >>> round(found.mean, 3), found.is_told_apart
    (0.117, True)
    """
    difference = _checked(first, second)
    if not 0 < confidence < 1:
        raise SettingError(f"The confidence is {confidence}. Give a number between 0 and 1.")
    n_seeds, n_fields = difference.shape
    mean = float(difference.mean())
    if n_fields < 2:
        return PairedDifference(mean, UNKNOWN, n_seeds, n_fields)
    variance, freedom = _variance_of_mean(difference)
    half = math.sqrt(variance) * float(stats.t.ppf((1 + confidence) / 2, freedom))
    return PairedDifference(mean, Interval(mean - half, mean + half), n_seeds, n_fields)


def _checked(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.shape != b.shape or a.ndim != 2 or not a.size:
        raise SettingError(
            f"Scores of shape {a.shape} and {b.shape} cannot be paired. Give one row a seed and "
            "one column a field, the same for both."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise SettingError("A score is missing. Pair only seeds and fields that both ways have.")
    return a - b


def _variance_of_mean(difference: np.ndarray) -> tuple[float, float]:
    """Variance of the mean of all cells, and its degrees of freedom."""
    n_seeds, n_fields = difference.shape
    by_field = n_seeds * float(difference.mean(axis=0).var(ddof=1))
    if n_seeds == 1:
        return by_field / n_fields, n_fields - 1
    by_seed = n_fields * float(difference.mean(axis=1).var(ddof=1))
    rows, columns = difference.mean(axis=1, keepdims=True), difference.mean(axis=0, keepdims=True)
    freedom = (n_seeds - 1) * (n_fields - 1)
    rest = float(((difference - rows - columns + difference.mean()) ** 2).sum()) / freedom
    alone = {by_seed: n_seeds - 1, by_field: n_fields - 1}
    largest = max(alone)
    both = by_seed + by_field - rest
    if both <= largest:
        return largest / difference.size, alone[largest]
    spread = by_seed**2 / (n_seeds - 1) + by_field**2 / (n_fields - 1) + rest**2 / freedom
    return both / difference.size, both**2 / spread
