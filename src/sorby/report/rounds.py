"""Score of the model after each round of labelling, against what needs no labels."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sorby.core.errors import SettingError
from sorby.report import style

_WIDTH_MM, _HEIGHT_MM = style.PAGE_WIDTH_MM, 86.5
_LEFT_MM, _RIGHT_MM, _BOTTOM_MM, _TOP_MM = 14.0, 46.0, 23.5, 3.0
_LABEL_GAP_MM = 3.7
_MOST_TICKS = 12
_LONGEST_LABEL = 18
_DODGE = 0.09
_SPACE = "\N{NO-BREAK SPACE}"

_METRICS = {
    "macro_f1": "Macro-F1",
    "defect_f1": "Defect F1",
}
_DEFINITIONS = {
    "macro_f1": "Macro-F1: mean of defect F1 and background F1. ",
    "defect_f1": "Defect F1: harmonic mean of precision and recall of the defect pixels. ",
}
_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "linestyle": "solid", "marker": "o"},
    {"color": "#B87A00", "linestyle": (0, (5.0, 1.8)), "marker": "s"},
    {"color": "#222222", "linestyle": (0, (1.2, 1.4)), "marker": "^"},
    {"color": "#00795A", "linestyle": (0, (6.0, 1.5, 1.0, 1.5)), "marker": "D"},
    {"color": "#A8568A", "linestyle": (0, (3.0, 1.2, 1.0, 1.2, 1.0, 1.2)), "marker": "v"},
    {"color": "#4BA3D6", "linestyle": (0, (8.0, 2.0)), "marker": "P"},
    {"color": "#777777", "linestyle": (0, (2.0, 1.0)), "marker": "X"},
)
_KNOWN = ("smile", "ensemble", "manual", "kcenter", "uniform")
_NAMES = {"smile": "SMILE", "kcenter": "k-center"}
_BANDS: tuple[dict[str, Any], ...] = (
    {"facecolor": "#dfe3e6", "edgecolor": "#7d848a", "hatch": ""},
    {"facecolor": "none", "edgecolor": "#b9c0c6", "hatch": "////"},
    {"facecolor": "none", "edgecolor": "#b9c0c6", "hatch": "...."},
)
_BAND_LINES = ("solid", (0, (5.0, 2.5)), (0, (1.0, 1.5)))


def rounds_figure(
    rounds: pd.DataFrame,
    baselines: Mapping[str, tuple[float, float]],
    *,
    metric: str = "macro_f1",
    synthetic: bool = False,
) -> Figure:
    r"""Score by round of labelling: a line for each kind of run, a band for each baseline.

    Rows of one ``run`` (without that column: of one strategy) are a line. One with several seeds is
    drawn as the mean over seeds, its bars are one standard deviation over seeds; with one seed
    the bars are the one over the test images. The words under the axis say which. Scores end at
    1, and so does the axis: bars are cut there.

    Parameters
    ----------
    rounds : DataFrame
        One row a run, seed and round: ``strategy``, ``seed``, ``round``, ``n_labelled``
        (images), perhaps ``run`` (its name, that may begin with the strategy's: "smile
        (accepted)"), and the metric and its standard deviation over the test images
        (``macro_f1``, ``macro_f1_sd``; ``defect_f1``, ``defect_f1_sd``), 0 to 1.
        Rows without a score are left out.
    baselines : mapping of str to (float, float)
        Mean and standard deviation over the test images of the methods that need no labels,
        by the name to print.
    metric : str
        "macro_f1" or "defect_f1".
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide. Lines have the ``gid`` ``strategy:<run>``, bands ``band:<name>``.

    Raises
    ------
    SettingError
        If the metric is unknown or the table lacks a column.

    Examples
    --------
    >>> rounds = pd.DataFrame(
    ...     {"strategy": "smile", "seed": 0, "round": [1, 2], "n_labelled": [4, 8],
    ...      "macro_f1": [0.74, 0.86], "macro_f1_sd": [0.12, 0.08]})
    >>> figure = rounds_figure(rounds, {"Otsu": (0.83, 0.10)})
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['1\n4', '2\n8']
    """
    curves = mean_by_round(rounds, metric)
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, _HEIGHT_MM)
        width, height = _WIDTH_MM - _LEFT_MM - _RIGHT_MM, _HEIGHT_MM - _BOTTOM_MM - _TOP_MM
        axes = figure.add_axes(
            (_LEFT_MM / _WIDTH_MM, _BOTTOM_MM / _HEIGHT_MM, width / _WIDTH_MM, height / _HEIGHT_MM)
        )
        axes.set_ylabel(_METRICS[metric])
        if curves.empty:
            style.say(axes, "No round was scored.")
        else:
            _draw(axes, curves, baselines, height)
            _explain(figure, curves, _DEFINITIONS[metric], bool(baselines))
        if synthetic:
            style.watermark(figure)
    return figure


def strategy_label(name: str) -> str:
    """Strategy in words: ``smile`` becomes ``SMILE``, ``smile (accepted)`` likewise."""
    strategy, space, rest = name.partition(" ")
    return f"{_NAMES.get(strategy, style.type_label(strategy))}{space}{rest}"


def _short(name: str) -> str:
    """Name that fits beside the axes; whole in the words under them."""
    return name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1].rstrip()}…"


def mean_by_round(rounds: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean score and its spread of each kind of run in each round.

    Parameters
    ----------
    rounds : DataFrame
        As :func:`rounds_figure` takes it.
    metric : str
        "macro_f1" or "defect_f1".

    Returns
    -------
    DataFrame
        ``run`` (in the order of first appearance; the strategy where none is given), ``round``,
        ``n_labelled`` (mean over seeds), ``mean``, ``n_seeds`` (of the run), ``spread``:
        standard deviation over seeds where there are several (NaN in a round that only one
        reached), else over test images.

    Raises
    ------
    SettingError
        If the metric is unknown or the table lacks a column.
    """
    _check(rounds, metric)
    scored = rounds[rounds[metric].notna()]
    if "run" not in scored:
        scored = scored.assign(run=scored["strategy"])
    grouped = scored.groupby(["run", "round"], sort=False)
    curves = grouped.agg(
        n_labelled=("n_labelled", "mean"),
        mean=(metric, "mean"),
        over_seeds=(metric, "std"),
        over_images=(f"{metric}_sd", "mean"),
    ).reset_index()
    n_seeds = scored.groupby("run")["seed"].nunique()
    curves["n_seeds"] = curves["run"].map(n_seeds)
    curves["spread"] = curves["over_seeds"].where(curves["n_seeds"] > 1, curves["over_images"])
    return curves.drop(columns=["over_seeds", "over_images"])


def _check(rounds: pd.DataFrame, metric: str) -> None:
    if metric not in _METRICS:
        raise SettingError(
            f"{metric!r} is not a score by round. Choose from: {', '.join(_METRICS)}."
        )
    needed = ["strategy", "seed", "round", "n_labelled", metric, f"{metric}_sd"]
    missing = [name for name in needed if name not in rounds]
    if missing:
        raise SettingError(
            f"The table of rounds has no column {', '.join(missing)}. It needs "
            f"{', '.join(needed)}: one row a strategy, seed and round."
        )


def run_looks(runs: list[str]) -> dict[str, dict[str, Any]]:
    """Look of each run; those called as a known strategy keep theirs in every figure."""
    taken = {_KNOWN.index(name) for name in runs if name in _KNOWN}
    free = [index for index in range(len(_LOOKS)) if index not in taken] or [0]
    others = [name for name in runs if name not in _KNOWN]
    places = {name: free[turn % len(free)] for turn, name in enumerate(others)}
    places |= {name: _KNOWN.index(name) for name in runs if name in _KNOWN}
    return {name: _LOOKS[places[name]] for name in runs}


def _draw(
    axes: Axes,
    curves: pd.DataFrame,
    baselines: Mapping[str, tuple[float, float]],
    height_mm: float,
) -> None:
    runs = list(curves["run"].unique())
    rounds = np.unique(curves["round"].to_numpy(float))
    axes.set_xlim(rounds[0] - 0.4, rounds[-1] + 0.4)
    axes.set_ylim(_limits(curves, baselines))
    labels = _bands(axes, baselines)
    for turn, (name, look) in enumerate(run_looks(runs).items()):
        shift = _DODGE * (turn - (len(runs) - 1) / 2)
        labels.append(_curve(axes, curves[curves["run"] == name], name, look, shift))
    _round_ticks(axes, curves, rounds)
    _write_labels(axes, labels, height_mm)


def _limits(
    curves: pd.DataFrame, baselines: Mapping[str, tuple[float, float]]
) -> tuple[float, float]:
    """Ends of the score axis: all bars and bands, and never beyond 0 and 1."""
    means = [*curves["mean"], *(mean for mean, _ in baselines.values())]
    spreads = [*curves["spread"].fillna(0), *(sd for _, sd in baselines.values())]
    low = np.min(np.subtract(means, np.nan_to_num(spreads)))
    high = np.max(np.add(means, np.nan_to_num(spreads)))
    room = 0.03 * max(high - low, 0.1)
    return max(0.0, float(low - room)), min(1.0, float(high + room))


def _bands(axes: Axes, baselines: Mapping[str, tuple[float, float]]) -> list[dict[str, Any]]:
    """Mean and standard deviation of each baseline, across the axes; returns their labels."""
    labels = []
    for turn, (name, (mean, sd)) in enumerate(baselines.items()):
        look, line = _BANDS[turn % len(_BANDS)], _BAND_LINES[turn % len(_BAND_LINES)]
        if np.isfinite(sd) and sd > 0:
            axes.axhspan(
                mean - sd, mean + sd, lw=0, zorder=0.5 + 0.1 * turn, gid=f"band:{name}", **look
            )
        axes.axhline(
            mean, color="#6a7177", lw=0.8, linestyle=line, zorder=1, gid=f"baseline:{name}"
        )
        spread = f" ± {sd:.2f}" if np.isfinite(sd) else ""
        labels.append(
            {
                "text": f"{_short(name)}{_SPACE} {mean:.2f}{spread}",
                "at": (axes.get_xlim()[1], mean),
                "colour": "#4d5358",
                "weight": "normal",
                "line": "solid",
            }
        )
    return labels


def _curve(
    axes: Axes, curve: pd.DataFrame, name: str, look: dict[str, Any], shift: float
) -> dict[str, Any]:
    """Line, markers and bars of one run; returns its label."""
    curve = curve.sort_values("round")
    x, y = curve["round"].to_numpy(float) + shift, curve["mean"].to_numpy(float)
    spread = curve["spread"].to_numpy(float)
    has_bar = np.isfinite(spread) & (spread > 0)
    axes.errorbar(
        x[has_bar],
        y[has_bar],
        yerr=spread[has_bar],
        fmt="none",
        ecolor=look["color"],
        elinewidth=0.7,
        capsize=1.8,
        capthick=0.7,
        zorder=2.4,
    )
    is_last = curve["round"].max() > axes.get_xlim()[1] - 1
    (line,) = axes.plot(x, y, lw=1.5, ms=4.6, mec="white", mew=0.7, zorder=3, **look)
    line.set(gid=f"strategy:{name}", clip_on=False)
    return {
        "text": f"{_short(strategy_label(name))}{_SPACE} {y[-1]:.2f}",
        "at": (x[-1], y[-1]),
        "colour": look["color"],
        "weight": "bold",
        "line": "solid" if is_last else (0, (1.0, 3.0)),
    }


def _round_ticks(axes: Axes, curves: pd.DataFrame, rounds: np.ndarray) -> None:
    """Ticks at the rounds: their number, and under it how many images were labelled."""
    shown = rounds[:: max(1, int(np.ceil(len(rounds) / _MOST_TICKS)))]
    axes.set_xticks(shown, [_round_label(curves, value) for value in shown])
    axes.set_xlabel("Round of labelling, and under it the number of labelled images")


def _round_label(curves: pd.DataFrame, value: float) -> str:
    labelled = curves.loc[curves["round"] == value, "n_labelled"].dropna()
    if labelled.empty:
        return f"{value:g}"
    low, high = f"{labelled.min():.0f}", f"{labelled.max():.0f}"
    return f"{value:g}\n{low}" if low == high else f"{value:g}\n{low}–{high}"


def _write_labels(axes: Axes, labels: list[dict[str, Any]], height_mm: float) -> None:
    """Write each name beside the end of its line, moved apart where they would touch."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    gap = _LABEL_GAP_MM / height_mm * (high - low)
    heights = spread_apart(np.array([label["at"][1] for label in labels]), gap, high)
    text_x = right + 0.05 * (right - left)
    for label, height in zip(labels, heights, strict=True):
        x, y = label["at"]
        axes.plot(
            [x, right, text_x - 0.01 * (right - left)],
            [y, y, height],
            color=label["colour"],
            lw=0.5,
            linestyle=label["line"],
            zorder=2,
            clip_on=False,
        )
        axes.text(
            text_x,
            height,
            label["text"],
            color=label["colour"],
            weight=label["weight"],
            va="center",
            fontsize=7.2,
        )


def spread_apart(wanted: np.ndarray, gap: float, high: float) -> np.ndarray:
    """Heights near the wanted ones, at least a gap apart and none above the top.

    Parameters
    ----------
    wanted : ndarray of shape (n,)
        Where labels would stand if each were alone.
    gap : float
        Smallest distance between two.
    high : float
        Upper end of the axis.

    Returns
    -------
    ndarray of shape (n,)
        In the order given.

    Examples
    --------
    >>> spread_apart(np.array([0.5, 0.5, 0.0]), 0.2, 1.0).round(2).tolist()
    [0.4, 0.6, 0.0]
    """
    order = np.argsort(wanted, kind="stable")
    placed = np.minimum(wanted[order].astype(float), high)
    for _ in range(200):
        for index in range(1, len(placed)):
            overlap = gap - (placed[index] - placed[index - 1])
            if overlap > 0:
                placed[index - 1] -= overlap / 2
                placed[index] += overlap / 2
    placed -= max(0.0, float(placed[-1]) - high) if len(placed) else 0.0
    result = np.empty_like(placed)
    result[order] = placed
    return result


def _explain(figure: Figure, curves: pd.DataFrame, words: str, has_baselines: bool) -> None:
    """Say under the axis what the score, the bars and the bands stand for."""
    by_seeds: dict[int, list[str]] = {}
    for name, rows in curves.groupby("run", sort=False):
        n_seeds = int(rows["n_seeds"].iloc[0])
        by_seeds.setdefault(n_seeds, []).append(strategy_label(str(name)))
    parts = []
    for n_seeds, names in by_seeds.items():
        over = f"over {n_seeds}{_SPACE}seeds" if n_seeds > 1 else "over the test images (one seed)"
        parts.append(over if len(by_seeds) == 1 else f"{over} for {', '.join(names)}")
    words += f"Bars: ±{_SPACE}one standard deviation {'; '.join(parts)}. "
    if any(n_seeds > 1 for n_seeds in by_seeds):
        words += "Lines: mean over seeds. "
    if has_baselines:
        words += f"Gray: methods without labels, mean ±{_SPACE}s.d. over test images."
    figure.text(
        _LEFT_MM / _WIDTH_MM,
        10.1 / _HEIGHT_MM,
        "\n".join(textwrap.wrap(words, 130)),
        va="top",
        fontsize=6.6,
        color=style.QUIET,
        linespacing=1.3,
        gid="caption",
    )
