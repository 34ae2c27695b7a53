"""Intervals for means, ratios, proportions and counts that were zero.

Two-sided and for 95 % confidence unless said otherwise. Where there is too little to go on, the
ends are NaN; no interval is cut to a possible range here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sorby.core.errors import SettingError


class Interval(NamedTuple):
    """Two ends of an interval; NaN where it cannot be given."""

    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan)


def t_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Student's interval for a mean over fields, x̄ ± t s/√n [1]_.

    Parameters
    ----------
    values : array_like of shape (n,)
        One value a field.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        NaN for less than two fields.

    References
    ----------
    .. [1] The interval of ASTM E562 and E1245.

    Examples
    --------
    >>> low, high = t_interval([1.0, 2.0, 3.0, 4.0])
    >>> round(low, 3), round(high, 3)
    (0.446, 4.554)
    """
    x = np.asarray(values, dtype=np.float64)
    return ratio_interval(x, np.ones_like(x), confidence=confidence)


def ratio_interval(
    numerators: ArrayLike, denominators: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Student's interval for Σy/Σx over fields of unequal size.

    The standard error is that of the ratio estimator [1]_; with equal denominators it is the
    plain s/√n of the single ratios.

    Parameters
    ----------
    numerators, denominators : array_like of shape (n,)
        y and x of each field: defect area and valid area, or count and area.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        NaN for less than two fields, or if the denominators sum to 0.

    References
    ----------
    .. [1] Cochran, Sampling Techniques (3rd ed., 1977), section 2.11.

    Examples
    --------
    >>> low, high = ratio_interval([2, 4, 6, 8], [2, 2, 2, 2])
    >>> round(low, 3), round(high, 3)
    (0.446, 4.554)
    """
    _refuse_impossible(confidence)
    y, x = _paired(numerators, denominators)
    if y.size < 2 or not x.sum() > 0:
        return UNKNOWN
    ratio, error = ratio_and_error(y, x)
    half = float(stats.t.ppf((1 + confidence) / 2, y.size - 1)) * float(error)
    return Interval(float(ratio) - half, float(ratio) + half)


def ratio_and_error(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ratio Σy/Σx and its standard error along the last axis.

    Parameters
    ----------
    y, x : ndarray of shape (..., n)
        Numerators and denominators of n > 1 fields.

    Returns
    -------
    ratio, error : ndarray of shape (...)
        The ratio estimate, and its standard error.
    """
    n = y.shape[-1]
    total = x.sum(axis=-1)
    ratio = y.sum(axis=-1) / total
    residual = y - ratio[..., None] * x
    return ratio, np.sqrt((residual**2).sum(axis=-1) * n / (n - 1)) / total


def studentised_bootstrap(
    numerators: ArrayLike,
    denominators: ArrayLike,
    *,
    rng: np.random.Generator,
    n_resamples: int = 1999,
    confidence: float = 0.95,
) -> Interval:
    """Bootstrap-t interval for Σy/Σx over fields [1]_.

    Fields are drawn with replacement; (R* − R)/se* of the draws takes the place of Student's t,
    which lets the interval be as lopsided as the fields are. Draws without any spread
    (se* = 0, the same field n times) have no t and are left out.

    Parameters
    ----------
    numerators, denominators : array_like of shape (n,)
        y and x of each field.
    rng : numpy.random.Generator
        Source of the draws.
    n_resamples : int
        Number of draws. Positive.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        NaN for less than three fields, or fields without spread.

    References
    ----------
    .. [1] Efron & Tibshirani, An Introduction to the Bootstrap (1993), section 12.5.

    Examples
    --------
    >>> y, x = [1.0, 2.0, 3.0, 9.0, 4.0], [10.0, 10.0, 10.0, 10.0, 10.0]
    >>> interval = studentised_bootstrap(y, x, rng=np.random.default_rng(0))
    >>> interval.low < 0.38 < interval.high
    True
    """
    _refuse_impossible(confidence)
    if n_resamples < 1:
        raise SettingError(f"{n_resamples} resamples asked for. At least 1 is needed; use 1999.")
    y, x = _paired(numerators, denominators)
    if y.size < 3 or not np.all(x > 0):
        return UNKNOWN
    ratio, error = ratio_and_error(y, x)
    if not error > 1e-12 * abs(ratio):
        return UNKNOWN
    drawn = rng.integers(0, y.size, size=(n_resamples, y.size))
    drawn = drawn[np.ptp(drawn, axis=1) > 0]
    ratios, errors = ratio_and_error(y[drawn], x[drawn])
    spread = errors > 1e-9 * error
    t = (ratios[spread] - ratio) / errors[spread]
    if not t.size:
        return UNKNOWN
    lower, upper = np.quantile(t, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(ratio - upper * error), float(ratio - lower * error))


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for a proportion [1]_.

    Parameters
    ----------
    successes, n : int
        How many of how many.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        NaN for n = 0.

    Raises
    ------
    SettingError
        If not 0 <= successes <= n.

    References
    ----------
    .. [1] Wilson, Journal of the American Statistical Association 22 (1927) 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(20, 23)
    >>> round(low, 2), round(high, 2)
    (0.68, 0.95)
    """
    _refuse_impossible(confidence)
    if not 0 <= successes <= n:
        raise SettingError(f"{successes} of {n} is not a proportion. Need 0 <= successes <= n.")
    if n == 0:
        return UNKNOWN
    z = float(stats.norm.ppf((1 + confidence) / 2))
    p = successes / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return Interval(low, high)


def zero_count_upper_bound(area: float) -> float:
    """Upper 95 % bound for a number per area of which none was seen: 3/A.

    Parameters
    ----------
    area : float
        Area that was searched. Not negative.

    Returns
    -------
    float
        One-sided bound, per unit of the area; infinite for an area of 0.

    References
    ----------
    .. [1] Hanley & Lippman-Hand, JAMA 249 (1983) 1743-1745 (the rule of three).

    Examples
    --------
    >>> zero_count_upper_bound(1.5)
    2.0
    """
    if not area >= 0:
        raise SettingError(f"The area is {area}. It must be 0 or positive.")
    return 3 / area if area > 0 else math.inf


def relative_accuracy_percent(estimate: float, interval: Interval) -> float:
    """Relative accuracy %RA: half the interval in percent of the estimate.

    Parameters
    ----------
    estimate : float
        The mean or ratio.
    interval : Interval
        Its interval, symmetric and not cut.

    Returns
    -------
    float
        100 t s/(√n x̄) for a t interval; NaN where the estimate is not positive.

    Examples
    --------
    >>> round(relative_accuracy_percent(2.5, t_interval([1.0, 2.0, 3.0, 4.0])), 1)
    82.2
    """
    if not estimate > 0:
        return math.nan
    return 100 * (interval.high - interval.low) / 2 / estimate


def fields_needed(mean: float, sd: float, target: float, *, confidence: float = 0.95) -> int:
    """Smallest number of fields n with t s/√n no more than a share of the mean.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation over the fields measured so far. The mean is positive.
    target : float
        Half width of the interval wished for, as a share of the mean: 0.2 is ±20 %.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    int
        At least 2. Student's t is taken at n, so that n fields give the target as planned.

    Raises
    ------
    SettingError
        If the mean or the target is not positive, or the standard deviation negative.

    Examples
    --------
    >>> fields_needed(2.0, 1.0, 0.2)
    27
    """
    _refuse_impossible(confidence)
    if not (mean > 0 and sd >= 0 and target > 0 and math.isfinite(sd)):
        raise SettingError(
            f"Mean {mean}, standard deviation {sd}, target {target}: "
            "the mean and the target must be positive, the standard deviation not negative."
        )

    def enough(n: int) -> bool:
        return bool(stats.t.ppf((1 + confidence) / 2, n - 1) * sd <= target * mean * math.sqrt(n))

    high = 2
    while not enough(high):
        high *= 2
    low = max(2, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def _paired(numerators: ArrayLike, denominators: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y = np.asarray(numerators, dtype=np.float64)
    x = np.asarray(denominators, dtype=np.float64)
    if y.ndim != 1 or y.shape != x.shape:
        raise SettingError(
            f"Numerators of shape {y.shape}, denominators {x.shape}: give one of each per field."
        )
    return y, x


def _refuse_impossible(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise SettingError(f"The confidence is {confidence}. Give a number between 0 and 1.")
