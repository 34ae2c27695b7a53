"""Figures of the tables: sizes of the defects, area fraction against energy density."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from sorby.physics.energy import linear_energy_density, volumetric_energy_density
from sorby.report import style
from sorby.report.areaaxis import LARGEST_LINEAR_SPAN

_BINS_PER_DECADE = 10


def size_distribution_figure(defects: pd.DataFrame, *, synthetic: bool = False) -> Figure:
    """Histogram of equivalent circle diameters, stacked by defect type.

    Parameters
    ----------
    defects : DataFrame
        Defect table with ``equivalent_diameter_px`` and, where the scale is known,
        ``equivalent_diameter_um``.
    synthetic : bool
        Whether the defects come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        120 mm wide. In µm where at least one field has a scale, else in pixels.
    """
    with style.house_style():
        figure = style.new_figure(120, 72)
        axes = figure.add_axes((0.145, 0.17, 0.825, 0.75))
        sizes, unit = _diameters(defects)
        known = sizes.notna() & (sizes > 0)
        axes.set(xlabel=f"Equivalent circle diameter ({unit})", ylabel="Number of defects")
        if known.any():
            _histogram(axes, sizes[known].to_numpy(float), _types(defects)[known])
        else:
            style.say(axes, "No defect was measured.")
        if len(sizes) > known.sum() > 0:
            note = f"{len(sizes) - known.sum()} defects of fields without a scale are left out"
            axes.set_title(note, fontsize=6.5, color=style.QUIET, loc="right")
        if synthetic:
            style.watermark(figure)
    return figure


def _diameters(defects: pd.DataFrame) -> tuple[pd.Series, str]:
    if "equivalent_diameter_um" in defects and defects["equivalent_diameter_um"].notna().any():
        return defects["equivalent_diameter_um"].astype(float), "µm"
    return defects.get("equivalent_diameter_px", pd.Series(dtype=float)).astype(float), "px"


def _types(defects: pd.DataFrame) -> pd.Series:
    if "defect_type" not in defects:
        return pd.Series(style.UNTYPED, index=defects.index)
    return defects["defect_type"].fillna(style.UNTYPED).astype(str)


def _histogram(axes: Axes, sizes: np.ndarray, types: pd.Series) -> None:
    low, high = np.log10(sizes.min() / 1.02), np.log10(sizes.max() * 1.02)
    n_bins = max(4, math.ceil((high - low) * _BINS_PER_DECADE))
    edges = np.logspace(low, high, n_bins + 1)
    below = np.zeros(n_bins)
    for name, look in style.type_styles(style.ordered_types(types)).items():
        counts, _ = np.histogram(sizes[types.to_numpy() == name], edges)
        axes.bar(
            edges[:-1],
            counts,
            width=np.diff(edges),
            bottom=below,
            align="edge",
            facecolor=look.colour,
            edgecolor=look.hatch_colour,
            hatch=look.hatch or None,
            linewidth=0.4,
            label=f"{style.type_label(name)} ({counts.sum()})",
        )
        below += counts
    axes.set_xscale("log")
    plain_log(axes, "x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper right")


def condition_figure(conditions: pd.DataFrame, *, synthetic: bool = False) -> Figure:
    """Area fraction of each condition with its interval, against the energy density.

    Parameters
    ----------
    conditions : DataFrame
        Condition table.
    synthetic : bool
        Whether the numbers come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        120 mm wide. Against P/(v h t) where hatch and layer are known for all conditions,
        else against P/v. The vertical axis is logarithmic where the fractions span a
        factor of twenty; conditions without defects then sit on the lower edge, as an
        open triangle.
    """
    with style.house_style():
        figure = style.new_figure(120, 72)
        axes = figure.add_axes((0.145, 0.17, 0.825, 0.75))
        energy, label = _energy(conditions)
        axes.set(xlabel=label, ylabel="Area fraction of defects (%)")
        shown = energy.notna() & conditions.get("area_fraction", energy).notna()
        if shown.any():
            _points(axes, energy[shown].to_numpy(float), conditions[shown])
        else:
            style.say(axes, "No condition has a laser power and a scan speed.")
        if synthetic:
            style.watermark(figure)
    return figure


def _energy(conditions: pd.DataFrame) -> tuple[pd.Series, str]:
    empty = pd.Series(np.nan, index=conditions.index)
    column = {
        name: conditions.get(name, empty).astype(float)
        for name in ("laser_power_w", "scan_speed_mm_s", "hatch_um", "layer_um")
    }
    power, speed, hatch, layer = column.values()
    volume = volumetric_energy_density(power, speed, hatch_um=hatch, layer_um=layer)
    if len(conditions) and np.isfinite(volume).all():
        return pd.Series(volume, conditions.index), "Volumetric energy density P/(v·h·t) (J/mm³)"
    line = linear_energy_density(power, speed)
    return pd.Series(line, conditions.index), "Line energy P/v (J/mm)"


def _points(axes: Axes, energy: np.ndarray, conditions: pd.DataFrame) -> None:
    value = 100 * conditions["area_fraction"].to_numpy(float)
    some = value > 0
    is_log = bool(some.any()) and value.max() / value[some].min() > LARGEST_LINEAR_SPAN
    floor = value[some].min() / 4 if is_log else 0.0
    axes.errorbar(
        energy[some],
        value[some],
        yerr=_whiskers(conditions, value, floor)[:, some],
        fmt="o",
        ms=4.2,
        color=style.AREA_COLOUR,
        ecolor=style.QUIET,
        elinewidth=0.8,
        capsize=2.2,
        mec="white",
        mew=0.5,
        gid="conditions",
    )
    if is_log:
        axes.set(yscale="log", ylim=(floor, None))
        plain_log(axes, "y")
    else:
        axes.set_ylim(0, None)
    if not some.all():
        _mark_without_defects(axes, energy[~some], floor)


def _whiskers(conditions: pd.DataFrame, value: np.ndarray, floor: float) -> np.ndarray:
    """Distances to the ends of the intervals, none where there is no interval: (2, n)."""
    low, high = (
        100 * conditions[f"area_fraction_{end}"].to_numpy(float) for end in ("low", "high")
    )
    below, above = value - np.maximum(low, floor), high - value
    return np.nan_to_num(np.maximum([below, above], 0))


def _mark_without_defects(axes: Axes, energy: np.ndarray, floor: float) -> None:
    axes.plot(
        energy,
        np.full(energy.size, floor),
        "v",
        ms=5,
        mfc="white",
        mec=style.INK,
        mew=0.8,
        clip_on=False,
        label="no defects found",
    )
    axes.legend(loc="upper right")


def plain_log(axes: Axes, which: str) -> None:
    """Ticks at 1, 2, 5 of each decade, written as plain numbers."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
