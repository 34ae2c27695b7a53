"""Numbers as a reader needs them: no more digits than the interval carries."""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "–"
_THIN_SPACE = "\u202f"


def decimals_for(half_width: float) -> int:
    """Decimal places that show two significant digits of an uncertainty.

    Parameters
    ----------
    half_width : float
        Half the interval, in the unit printed. Positive and finite.

    Returns
    -------
    int
        0 to 6.

    Examples
    --------
    >>> decimals_for(0.134), decimals_for(12.0)
    (2, 0)
    """
    return min(6, max(0, 1 - math.floor(math.log10(half_width))))


def rounded(value: float, *, digits: int = 3) -> str:
    """Number with a few significant digits, whole numbers in full.

    Parameters
    ----------
    value : float
        Any number; not finite gives a dash.
    digits : int
        Significant digits, at least 1.

    Returns
    -------
    str
        Thousands are set apart by a thin space.

    Examples
    --------
    >>> rounded(0.012345), rounded(3.0), rounded(float("nan"))
    ('0.0123', '3', '–')
    """
    if not math.isfinite(value):
        return MISSING
    if float(value).is_integer():
        return fixed(value, 0)
    magnitude = math.floor(math.log10(abs(value)))
    if not -5 < magnitude < 9:
        return f"{value:.{digits - 1}e}"
    return fixed(value, max(0, digits - 1 - magnitude))


def fixed(value: float, decimals: int) -> str:
    """Number with a given count of decimal places, a dash if it is not finite."""
    if not math.isfinite(value):
        return MISSING
    text = f"{value:,.{decimals}f}"
    whole = text.split(".")[0].replace(",", "")
    return text.replace(",", _THIN_SPACE if len(whole.lstrip("-")) > 4 else "")


def with_interval(
    value: float, low: float, high: float, *, decimals: int | None = None
) -> tuple[str, str]:
    """Value and its interval, rounded to what the interval carries.

    The value keeps two significant digits even where the interval is wider than that.

    Parameters
    ----------
    value, low, high : float
        Estimate and the ends of its interval, in the unit printed.
    decimals : int, optional
        Decimal places, where they are not to follow from the interval.

    Returns
    -------
    tuple of str
        The value, and ``low–high``; the second is empty where there is no interval.

    Examples
    --------
    >>> with_interval(1.23456, 0.98765, 1.51)
    ('1.23', '0.99–1.51')
    >>> with_interval(1.23456, float("nan"), float("nan"))
    ('1.23', '')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return rounded(value) if decimals is None else fixed(value, decimals), ""
    ends = _places((high - low) / 2) if decimals is None else decimals
    places = max(ends, _two_digits(value)) if decimals is None else decimals
    return fixed(value, places), f"{fixed(low, ends)}–{fixed(high, ends)}"


def _places(half_width: float) -> int:
    return decimals_for(half_width) if half_width > 0 else 2


def _two_digits(value: float) -> int:
    """Decimal places at which a value still shows two digits, however wide its interval."""
    return decimals_for(abs(value)) if value and math.isfinite(value) else 0


def column_decimals(values: Sequence[float], digits: int) -> int | None:
    """Decimal places that suit a whole column, so that its points stand in line.

    Parameters
    ----------
    values : sequence of float
        The column; values that are not finite are passed over.
    digits : int
        Significant digits of the largest value.

    Returns
    -------
    int or None
        None where the values span more than a factor of a hundred: each is then rounded alone.

    Examples
    --------
    >>> column_decimals([9.0, 3.75, 0.75], 3), column_decimals([0.01, 40.0], 3)
    (2, None)
    """
    sizes = [abs(value) for value in values if math.isfinite(value) and value != 0]
    if not sizes or max(sizes) / min(sizes) > 100:
        return None
    if all(float(size).is_integer() for size in sizes):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(max(sizes))))
