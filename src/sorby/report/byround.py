"""One number by round of labelling, a line for each strategy: coverage, effort."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sorby.core.errors import SettingError
from sorby.report import style
from sorby.report.rounds import run_looks, strategy_label

_WIDTH_MM, _HEIGHT_MM = 120.0, 78.0
_DODGE = 0.08
_NEEDED = ("strategy", "seed", "round")


def by_round_figure(
    rows: pd.DataFrame,
    value: str,
    *,
    label: str,
    words: str,
    beside: Mapping[str, str] | None = None,
    synthetic: bool = False,
) -> Figure:
    """Mean over seeds of a number by round, with one standard deviation over seeds.

    Parameters
    ----------
    rows : DataFrame
        One row a strategy, seed and round: ``strategy``, ``seed``, ``round`` and the number.
    value : str
        Column of the number; not negative.
    label : str
        Words at the axis, with the unit.
    words : str
        What the number is, under the axis.
    beside : mapping of str to str, optional
        Another column, drawn in gray as the mean over strategies and seeds, and its name.
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        120 mm wide. Lines have the ``gid`` ``strategy:<name>``.

    Raises
    ------
    SettingError
        If the table lacks a column.

    Examples
    --------
    >>> rows = pd.DataFrame({"strategy": "smile", "seed": 0, "round": [1, 2], "n": [30.0, 12.0]})
    >>> figure = by_round_figure(rows, "n", label="Actions", words="Clicks, keys and strokes.")
    >>> figure.axes[0].get_ylabel()
    'Actions'
    """
    beside = dict(beside or {})
    missing = [name for name in (*_NEEDED, value, *beside) if name not in rows]
    if missing:
        raise SettingError(f"The table of rounds has no column {', '.join(missing)}.")
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, _HEIGHT_MM)
        axes = figure.add_axes((0.115, 0.255, 0.865, 0.655))
        axes.set(xlabel="Round of labelling", ylabel=label)
        rows = rows[rows[value].notna()]
        if rows.empty:
            style.say(axes, "No round was played.")
        else:
            _lines(axes, rows, value, beside)
        figure.text(
            0.115,
            0.095,
            "\n".join(textwrap.wrap(f"{words} {_spread_words(rows)}", 88)),
            va="top",
            fontsize=6.6,
            color=style.QUIET,
            linespacing=1.3,
        )
        if synthetic:
            style.watermark(figure)
    return figure


def _spread_words(rows: pd.DataFrame) -> str:
    n_seeds = rows["seed"].nunique()
    return f"Mean and standard deviation over {n_seeds} seeds." if n_seeds > 1 else "One seed."


def _lines(axes: Axes, rows: pd.DataFrame, value: str, beside: Mapping[str, str]) -> None:
    runs = list(rows["strategy"].unique())
    for column, name in beside.items():
        mean = rows.groupby("round")[column].mean()
        axes.plot(mean.index, mean, color="#8b9196", lw=1.0, ls=(0, (5, 2)), label=name)
    for turn, (name, look) in enumerate(run_looks(runs).items()):
        grouped = rows[rows["strategy"] == name].groupby("round")[value]
        mean, spread = grouped.mean(), grouped.std().fillna(0.0)
        x = mean.index.to_numpy(float) + _DODGE * (turn - (len(runs) - 1) / 2)
        axes.errorbar(
            x, mean, yerr=spread, fmt="none", ecolor=look["color"], elinewidth=0.7, capsize=1.8
        )
        (line,) = axes.plot(
            x, mean, lw=1.5, ms=4.6, mec="white", mew=0.7, label=strategy_label(name), **look
        )
        line.set_gid(f"strategy:{name}")
    rounds = np.unique(rows["round"])
    axes.set(xlim=(rounds[0] - 0.4, rounds[-1] + 0.4), ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.005), ncols=6, columnspacing=1.4, borderaxespad=0
    )
