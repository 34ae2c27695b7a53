"""How training went: losses, the score on held-out images, and the step that was kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sorby.core.errors import SettingError
from sorby.report import style
from sorby.report.areaaxis import LARGEST_LINEAR_SPAN
from sorby.report.statistics import plain_log

_TRAIN, _VALID = "#0072B2", "#9A6400"
_RAW = "#9cc7e0"
_WINDOWS = 40
_NEEDED = ("step", "train_loss", "valid_loss", "valid_f1")
_BOX_LEFT, _BOX_WIDTH = 0.125, 0.845


def loss_figure(curve: pd.DataFrame, *, best_step: int | None, synthetic: bool = False) -> Figure:
    """Loss by step of training, and under it the score on the images held out of it.

    Parameters
    ----------
    curve : DataFrame
        One row a step: ``step``, ``train_loss``, and ``valid_loss`` and ``valid_f1`` (0 to 1),
        which are NaN at steps where they were not measured. Losses have no unit.
    best_step : int or None
        The step whose weights were kept; None where none was chosen.
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        120 mm wide. One panel where no score was measured. The losses' axis is logarithmic
        where the smoothed losses span a factor of twenty. The kept step has the ``gid``
        ``kept``.

    Raises
    ------
    SettingError
        If the table lacks a column.

    Examples
    --------
    >>> curve = pd.DataFrame(
    ...     {"step": [1, 2, 3], "train_loss": [0.7, 0.4, 0.3],
    ...      "valid_loss": [float("nan"), 0.5, 0.4], "valid_f1": [float("nan"), 0.6, 0.8]})
    >>> len(loss_figure(curve, best_step=3).axes)
    2
    """
    missing = [name for name in _NEEDED if name not in curve]
    if missing:
        raise SettingError(
            f"The table of losses has no column {', '.join(missing)}. It needs "
            f"{', '.join(_NEEDED)}: one row a step of training."
        )
    curve = curve.sort_values("step")
    has_score = bool(curve["valid_f1"].notna().any())
    with style.house_style():
        figure = style.new_figure(120, 92)
        upper, lower = _panels(figure, has_score)
        if curve["train_loss"].notna().any() or curve["valid_loss"].notna().any():
            _losses(upper, curve)
        else:
            style.say(upper, "No step of training was recorded.")
        if lower is not None:
            _scores(lower, curve, best_step)
        if best_step is not None:
            _mark_kept(upper, lower, best_step)
        if synthetic:
            style.watermark(figure)
    return figure


def smoothed(loss: pd.Series) -> pd.Series:
    """Mean of the losses around each step, over a fortieth of the training.

    Parameters
    ----------
    loss : Series
        Loss of each step, in order.

    Returns
    -------
    Series
        Of the same length; NaN only where all losses around a step are.

    Examples
    --------
    >>> smoothed(pd.Series([1.0, 2.0, 3.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    window = 2 * (len(loss) // (2 * _WINDOWS)) + 1
    return loss.astype(float).rolling(window, center=True, min_periods=1).mean()


def _panels(figure: Figure, has_score: bool) -> tuple[Axes, Axes | None]:
    bottom = 0.47 if has_score else 0.125
    upper = figure.add_axes((_BOX_LEFT, bottom, _BOX_WIDTH, 0.955 - bottom))
    upper.set_ylabel("Loss")
    if not has_score:
        upper.set_xlabel("Step of training")
        return upper, None
    lower = figure.add_axes((_BOX_LEFT, 0.125, _BOX_WIDTH, 0.29), sharex=upper)
    lower.set(xlabel="Step of training", ylabel="Validation F1")
    upper.tick_params(labelbottom=False)
    return upper, lower


def _losses(axes: Axes, curve: pd.DataFrame) -> None:
    step = curve["step"].to_numpy(float)
    mean = smoothed(curve["train_loss"])
    axes.plot(
        step,
        curve["train_loss"],
        color=_RAW,
        lw=0.5,
        zorder=1.5,
        label="training, each step",
        gid="raw",
    )
    axes.plot(step, mean, color=_TRAIN, lw=1.5, zorder=3, label="training, smoothed", gid="train")
    measured = curve[curve["valid_loss"].notna()]
    if len(measured):
        axes.plot(
            measured["step"],
            measured["valid_loss"],
            color=_VALID,
            lw=1.2,
            linestyle=(0, (4.0, 1.6)),
            marker="s",
            ms=_marker_size(len(measured)),
            mec="white",
            mew=0.5,
            zorder=3.2,
            label="validation",
            gid="valid",
        )
    losses = pd.concat([mean, measured["valid_loss"]]).dropna().to_numpy(float)
    _loss_axis(axes, losses[losses > 0])
    axes.legend(loc="upper right", frameon=True, edgecolor="none", framealpha=0.9)


def _loss_axis(axes: Axes, losses: np.ndarray) -> None:
    if losses.size and losses.max() / losses.min() > LARGEST_LINEAR_SPAN:
        axes.set(yscale="log", ylim=(losses.min() / 1.6, losses.max() * 1.6))
        plain_log(axes, "y")
        axes.set_ylabel("Loss (logarithmic)")
    elif losses.size:
        axes.set_ylim(0, losses.max() * 1.12)


def _marker_size(n_points: int) -> float:
    return 4.2 if n_points <= 40 else 2.4 if n_points <= 120 else 0.0


def _scores(axes: Axes, curve: pd.DataFrame, best_step: int | None) -> None:
    measured = curve[curve["valid_f1"].notna()]
    axes.plot(
        measured["step"],
        measured["valid_f1"],
        color=_VALID,
        lw=1.2,
        marker="s",
        ms=_marker_size(len(measured)),
        mec="white",
        mew=0.5,
        zorder=3,
        gid="score",
    )
    low, high = float(measured["valid_f1"].min()), float(measured["valid_f1"].max())
    room = 0.12 * max(high - low, 0.05)
    axes.set_ylim(max(0.0, low - room), min(1.0, high + room))
    kept = measured[measured["step"] == best_step]
    if len(kept):
        axes.plot(
            kept["step"],
            kept["valid_f1"],
            "o",
            ms=7,
            mfc="none",
            mec=style.INK,
            mew=1.0,
            zorder=4,
            clip_on=False,
            gid="kept-score",
        )


def _mark_kept(upper: Axes, lower: Axes | None, best_step: int) -> None:
    """Hairline through both panels at the kept step, named over the upper one."""
    for axes in (upper, lower):
        if axes is not None:
            axes.axvline(
                best_step, color=style.INK, lw=0.8, linestyle=(0, (1.5, 1.5)), zorder=2, gid="kept"
            )
    left, right = upper.get_xlim()
    share = (best_step - left) / (right - left)
    upper.annotate(
        f"kept: step {best_step}",
        (best_step, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 1.5),
        textcoords="offset points",
        ha="left" if share < 0.15 else "right" if share > 0.85 else "center",
        va="bottom",
        fontsize=6.8,
        annotation_clip=False,
    )
