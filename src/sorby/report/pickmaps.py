"""The picks of each strategy on one map of the images: where they lie in the pool."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sorby.core.errors import SettingError
from sorby.report import style
from sorby.report.imagemap import moved_apart
from sorby.report.rounds import strategy_label

_WIDTH_MM, _GAP_MM, _HEAD_MM, _LEGEND_MM = style.PAGE_WIDTH_MM, 3.0, 5.6, 7.0
_MOST_COLUMNS = 4
_SHAPE = 0.92
_DISC_MM = 2.9
_ROLES = ("pool", "test")
_EARLY_LATE = LinearSegmentedColormap.from_list("rounds", ["#cfe3f3", "#4f9bd0", "#08306b"])


def pick_maps_figure(
    points: pd.DataFrame, picks: pd.DataFrame, *, method: str, synthetic: bool = False
) -> Figure:
    """A panel for each strategy: pool, test images, and its picks with the number of the round.

    Picks that would cover one another are moved apart a little.

    Parameters
    ----------
    points : DataFrame
        One row an image: ``image``, ``x``, ``y`` (place on the map, no unit), ``role`` ("pool" or
        "test").
    picks : DataFrame
        One row a pick: ``strategy``, ``image``, ``round``; ``distance``, the Wasserstein distance
        of all picks of the strategy to the pool, is written over its panel.
    method : str
        How the map was made, for the words under it.
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide. Picks have the ``gid`` ``pick``.

    Raises
    ------
    SettingError
        If a table lacks a column.

    Examples
    --------
    >>> points = pd.DataFrame({"image": ["a", "b"], "x": [0.0, 1.0], "y": [0.0, 1.0],
    ...                        "role": "pool"})
    >>> picks = pd.DataFrame({"strategy": ["smile"], "image": ["b"], "round": [1],
    ...                       "distance": [0.8]})
    >>> figure = pick_maps_figure(points, picks, method="Isomap")
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['SMILE']
    """
    _check(points, picks)
    strategies = list(picks["strategy"].unique())
    n_columns = min(_MOST_COLUMNS, max(2, len(strategies)))
    n_rows = max(1, math.ceil(len(strategies) / n_columns))
    panel = (_WIDTH_MM - 4 - (n_columns - 1) * _GAP_MM) / n_columns
    tall, last = panel * _SHAPE, int(picks["round"].max())
    height = n_rows * (tall + _HEAD_MM) + _LEGEND_MM
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, height)
        for turn, name in enumerate(strategies):
            row, column = divmod(turn, n_columns)
            left = 2 + column * (panel + _GAP_MM)
            bottom = height - (row + 1) * (tall + _HEAD_MM)
            axes = figure.add_axes(
                (left / _WIDTH_MM, bottom / height, panel / _WIDTH_MM, tall / height)
            )
            _panel(axes, points, picks[picks["strategy"] == name], last, panel)
            axes.set_title(strategy_label(name), loc="left", fontsize=7.8, weight="bold", pad=3)
        _legend(figure, method, height, has_tests=bool((points["role"] == "test").any()))
        if synthetic:
            style.watermark(figure)
    return figure


def _check(points: pd.DataFrame, picks: pd.DataFrame) -> None:
    for table, name, needed in (
        (points, "map", ("image", "x", "y", "role")),
        (picks, "picks", ("strategy", "image", "round", "distance")),
    ):
        missing = [column for column in needed if column not in table]
        if missing:
            raise SettingError(f"The table of the {name} has no column {', '.join(missing)}.")


def _panel(
    axes: Axes, points: pd.DataFrame, picks: pd.DataFrame, last: int, panel_mm: float
) -> None:
    places = points[["x", "y"]].to_numpy(float)
    low, high = places.min(axis=0), places.max(axis=0)
    room = 0.07 * np.maximum(high - low, 1e-9)
    axes.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#c3c8cd")
    for role, marker, fill in zip(_ROLES, ("o", "^"), ("#d5d9dd", "none"), strict=True):
        rows = points[points["role"] == role]
        axes.plot(rows["x"], rows["y"], marker, ms=4.0, mfc=fill, mec="#83898f", mew=0.6, ls="none")
    colours = Normalize(0, max(last, 1))
    known = picks.merge(points, on="image")
    size = float(np.subtract(*axes.get_xlim())), float(np.subtract(*axes.get_ylim()))
    mm = np.abs(np.array(size)) / (panel_mm, _SHAPE * panel_mm)
    apart = moved_apart(known[["x", "y"]].to_numpy(float) / mm, _DISC_MM) * mm
    for (x, y), number in zip(apart.tolist(), known["round"], strict=True):
        shade = _EARLY_LATE(colours(number))
        axes.plot(x, y, "o", ms=8.2, mfc=shade, mec="white", mew=0.6, zorder=3, gid="pick")
        axes.text(
            x,
            y,
            f"{number:g}",
            ha="center",
            va="center_baseline",
            fontsize=5.6,
            weight="bold",
            color="white" if number > 0.4 * last else style.INK,
            zorder=4,
        )
    axes.set_title(
        f"Wasserstein {picks['distance'].iloc[0]:.2f}",
        loc="right",
        fontsize=6.4,
        color=style.QUIET,
        pad=3,
    )


def _legend(figure: Figure, method: str, height_mm: float, *, has_tests: bool) -> None:
    look: dict[str, Any] = {"linestyle": "none", "ms": 4.5, "mew": 0.6}
    handles = [
        Line2D([], [], marker="o", mfc="#d5d9dd", mec="#83898f", label="image of the pool", **look),
        Line2D([], [], marker="^", mfc="none", mec="#83898f", label="test image", **look),
        Line2D([], [], marker="o", mfc="#4f9bd0", mec="white",
               label=f"picked, with its round. Place by likeness ({method})",
               **{**look, "ms": 7.5}),
    ]  # fmt: skip
    figure.legend(
        handles=handles if has_tests else [handles[0], handles[2]],
        loc="lower left",
        bbox_to_anchor=(2 / _WIDTH_MM, 1.2 / height_mm),
        ncols=3,
        borderaxespad=0,
        borderpad=0,
        columnspacing=1.6,
        handletextpad=0.4,
    )
