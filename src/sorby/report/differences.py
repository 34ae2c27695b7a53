"""Differences between ways with their intervals, and the sentence that may be said of each."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sorby.core.errors import SettingError
from sorby.report import style

_WIDTH_MM, _ROW_MM, _ABOVE_MM, _BELOW_MM, _LEFT_MM = style.PAGE_WIDTH_MM, 5.4, 3.0, 15.0, 62.0
_TOLD, _OPEN = "#0072B2", "#8b9196"
_NEEDED = ("first", "second", "mean", "low", "high")


def differences_figure(
    comparisons: pd.DataFrame, *, score: str, confidence: float, synthetic: bool = False
) -> Figure:
    """A bar for each comparison: where it holds zero, the two are not told apart and it is gray.

    Parameters
    ----------
    comparisons : DataFrame
        ``first``, ``second`` (names to print), ``mean`` (first - second), ``low``, ``high``.
    score : str
        What differs, as printed at the axis.
    confidence : float
        Of all intervals together, 0 to 1.
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide. Intervals have the ``gid`` ``apart`` or ``open``.

    Raises
    ------
    SettingError
        If the table lacks a column.

    Examples
    --------
    >>> rows = pd.DataFrame({"first": ["SMILE"], "second": ["uniform"], "mean": [0.01],
    ...                      "low": [-0.02], "high": [0.04]})
    >>> figure = differences_figure(rows, score="macro-F1", confidence=0.95)
    >>> [line.get_gid() for line in figure.axes[0].lines if line.get_gid() == "open"]
    ['open']
    """
    missing = [name for name in _NEEDED if name not in comparisons]
    if missing:
        raise SettingError(f"The table of comparisons has no column {', '.join(missing)}.")
    height = _ABOVE_MM + max(2, len(comparisons)) * _ROW_MM + _BELOW_MM
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, height)
        axes = figure.add_axes(
            (
                _LEFT_MM / _WIDTH_MM,
                _BELOW_MM / height,
                (_WIDTH_MM - _LEFT_MM - 4) / _WIDTH_MM,
                (height - _ABOVE_MM - _BELOW_MM) / height,
            )
        )
        if comparisons.empty:
            style.say(axes, "Nothing was compared.")
        else:
            _bars(axes, comparisons, score)
            figure.text(
                2 / _WIDTH_MM,
                3.2 / height,
                f"Intervals hold the true differences of all rows together with "
                f"{100 * confidence:g} % confidence, over {_drawn(comparisons)}. "
                "Gray: zero is inside, nothing may be claimed.",
                va="top",
                fontsize=6.6,
                color=style.QUIET,
            )
        if synthetic:
            style.watermark(figure)
    return figure


def _drawn(comparisons: pd.DataFrame) -> str:
    """What the intervals take for draws from many."""
    if "n_seeds" in comparisons and comparisons["n_seeds"].max() == 1:
        return "test fields (one seed)"
    return "seeds and test fields"


def _bars(axes: Axes, comparisons: pd.DataFrame, score: str) -> None:
    n = len(comparisons)
    axes.axvline(0, color=style.INK, lw=0.7, zorder=1)
    ends = comparisons[["mean", "low", "high"]].to_numpy(float)
    for turn, (mean, low, high) in enumerate(ends.tolist()):
        y = n - 1 - turn
        is_apart = low > 0 or high < 0
        colour = _TOLD if is_apart else _OPEN
        if math.isfinite(low):
            axes.plot(
                [low, high],
                [y, y],
                color=colour,
                lw=2.2,
                solid_capstyle="butt",
                gid="apart" if is_apart else "open",
            )
        axes.plot(mean, y, "o", ms=4.6, mfc=colour, mec="white", mew=0.6, zorder=3)
    pairs = zip(comparisons["first"], comparisons["second"], strict=True)
    axes.set_yticks(range(n - 1, -1, -1), [f"{first}  −  {second}" for first, second in pairs])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set(ylim=(-0.6, n - 0.4), xlabel=f"Difference of {score}")
    axes.grid(axis="x", color="#e6e9ec", lw=0.5)
    axes.set_axisbelow(True)


def difference_sentence(
    first: str, second: str, mean: float, low: float, high: float, score: str, *, n_seeds: int
) -> str:
    """What may be said of a comparison; of one seed no more than that it was one.

    Examples
    --------
    >>> difference_sentence("SMILE", "uniform", 0.013, -0.01, 0.04, "macro-F1", n_seeds=3)
    'SMILE and uniform are not told apart: macro-F1 differs by +0.013 [-0.010, +0.040].'
    >>> difference_sentence("SMILE", "Otsu", 0.2, 0.1, 0.3, "macro-F1", n_seeds=1)
    'In this one seed, SMILE is better than Otsu by 0.200 of macro-F1 [+0.100, +0.300].'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{first} and {second} cannot be compared: there are too few fields."
    interval = f"[{low:+.3f}, {high:+.3f}]"
    if low <= 0 <= high:
        return (
            f"{first} and {second} are not told apart: {score} differs by {mean:+.3f} {interval}."
        )
    word = "better" if mean > 0 else "worse"
    limit = "In this one seed, " if n_seeds == 1 else ""
    return f"{limit}{first} is {word} than {second} by {abs(mean):.3f} of {score} {interval}."
