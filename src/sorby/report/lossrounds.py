"""Losses of one training after the other: how each round learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sorby.report import style
from sorby.report.areaaxis import LARGEST_LINEAR_SPAN
from sorby.report.losscurve import smoothed
from sorby.report.statistics import plain_log

_WIDTH_MM, _PANEL_MM, _MOST_COLUMNS = style.PAGE_WIDTH_MM, 38.0, 3
_LEFT_MM, _GAP_MM, _HEAD_MM, _BELOW_MM, _LEGEND_MM = 13.0, 4.0, 5.5, 12.0, 4.5
_TRAIN, _VALID = "#0072B2", "#9A6400"


def loss_rounds_figure(
    curves: Mapping[str, pd.DataFrame],
    kept: Mapping[str, int],
    *,
    synthetic: bool = False,
) -> Figure:
    """A panel for each training: its loss, the validation loss, and the step that was kept.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        By the name to print: ``step``, ``train_loss``, ``valid_loss`` (NaN where not measured).
    kept : mapping of str to int
        The step whose weights were kept, by the same name.
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide. The axes of the losses are one and the same.

    Examples
    --------
    >>> curve = pd.DataFrame({"step": [0, 1], "train_loss": [0.4, 0.3], "valid_loss": [0.5, 0.4]})
    >>> [axes.get_title(loc="left") for axes in
    ...  loss_rounds_figure({"Round 1": curve}, {"Round 1": 1}).axes]
    ['Round 1']
    """
    n_columns = min(_MOST_COLUMNS, max(1, len(curves)))
    n_rows = max(1, math.ceil(len(curves) / n_columns))
    width = (_WIDTH_MM - _LEFT_MM - 3 - (n_columns - 1) * _GAP_MM) / n_columns
    pitch = _PANEL_MM + _HEAD_MM
    height = _LEGEND_MM + n_rows * pitch + (n_rows - 1) * 5 + _BELOW_MM
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, height)
        limits, is_log = _limits(curves)
        for turn, (name, curve) in enumerate(curves.items()):
            row, column = divmod(turn, n_columns)
            bottom = height - _LEGEND_MM - (row + 1) * pitch - row * 5
            axes = figure.add_axes(
                (
                    (_LEFT_MM + column * (width + _GAP_MM)) / _WIDTH_MM,
                    bottom / height,
                    width / _WIDTH_MM,
                    _PANEL_MM / height,
                )
            )
            _panel(axes, curve, kept[name])
            axes.set(ylim=limits, yscale="log" if is_log else "linear")
            axes.set_title(name, loc="left", fontsize=7.6, weight="bold", pad=3)
            if is_log:
                plain_log(axes, "y")
            if column:
                axes.tick_params(labelleft=False)
            else:
                axes.set_ylabel("Loss (logarithmic)" if is_log else "Loss")
            if row == n_rows - 1:
                axes.set_xlabel("Step of training")
        if figure.axes:
            figure.legend(
                *figure.axes[0].get_legend_handles_labels(),
                loc="upper right", bbox_to_anchor=(1 - 3 / _WIDTH_MM, 1), ncols=3,
                borderaxespad=0.2, columnspacing=1.2, handlelength=1.6,
            )  # fmt: skip
        if synthetic:
            style.watermark(figure)
    return figure


def _limits(curves: Mapping[str, pd.DataFrame]) -> tuple[tuple[float, float], bool]:
    values = [
        value
        for curve in curves.values()
        for value in [*smoothed(curve["train_loss"]), *curve["valid_loss"]]
        if math.isfinite(value) and value > 0
    ]
    if not values:
        return (0.0, 1.0), False
    low, high = min(values), max(values)
    is_log = high / low > LARGEST_LINEAR_SPAN
    return ((low / 1.6, high * 1.6) if is_log else (0.0, 1.12 * high)), is_log


def _panel(axes: Axes, curve: pd.DataFrame, best_step: int) -> None:
    curve = curve.sort_values("step")
    mean = smoothed(curve["train_loss"])
    axes.plot(curve["step"], mean, color=_TRAIN, lw=1.2, label="training, smoothed")
    seen = curve[np.isfinite(curve["valid_loss"].astype(float))]
    axes.plot(seen["step"], seen["valid_loss"], "s-", color=_VALID, lw=1.0, ms=3.2,
              mec="white", mew=0.4, label="validation")  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.axvline(best_step, color=style.INK, lw=0.8, ls=(0, (1.5, 1.5)), label="kept")
