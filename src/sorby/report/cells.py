"""One cell of the process map: two bars and the numbers they stand for."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sorby.report import style
from sorby.report.areaaxis import AreaAxis
from sorby.report.numbers import with_interval

_LEFT, _RIGHT = 0.065, 0.935
_TYPE_BAR = (0.73, 0.17)
_AREA_BAR = (0.38, 0.12)
_TYPE_TEXT, _AREA_TEXT, _INTERVAL_TEXT = 0.625, 0.265, 0.11
_WIDE_MM = 36.0
_N_UNCERTAIN = "n_uncertain"


def types_of(table: pd.DataFrame) -> list[str]:
    """Defect types that the cells divide, "uncertain" included where some defects are."""
    names = [str(column) for column in table.columns]
    found = [
        name.removeprefix("fraction_")
        for name in names
        if name.startswith("fraction_") and not name.endswith(("_low", "_high"))
    ]
    has_uncertain = _N_UNCERTAIN in table and (table[_N_UNCERTAIN] > 0).any()
    return [*found, style.UNCERTAIN] if has_uncertain else found


def explanation(table: pd.DataFrame, types: list[str], axis: AreaAxis) -> list[str]:
    """Sentences that say how to read the cells of a section."""
    sentences = [
        "Upper bar: defects by type, by number; below it porosity as a fraction of the typed "
        "defects, with its 95\N{NO-BREAK SPACE}% interval."
        if types
        else "Defects were not typed."
    ]
    sentences.append(
        f"Lower bar: area fraction ({axis.words()}) with its 95\N{NO-BREAK SPACE}% interval; "
        "in brackets the mean defect count per field; n: fields."
    )
    if table["few_fields"].any():
        sentences.append("† Few fields: the interval is itself uncertain.")
    if table["mixed_magnification"].any():
        sentences.append(
            "Fields differ in magnification, so conditions may differ by what could be seen."
        )
    return sentences


def draw_cell(
    axes: Axes,
    row: pd.Series,
    types: list[str],
    place: tuple[int, int],
    width_mm: float,
    area_axis: AreaAxis,
) -> None:
    """Draw a condition into its cell.

    Parameters
    ----------
    axes : Axes
        One unit a cell, origin at the lower left.
    row : Series
        One row of the condition table.
    types : list of str
        Types in drawing order.
    place : tuple of int
        Row from the bottom, column from the left.
    width_mm : float
        Printed width of a cell.
    area_axis : AreaAxis
        Axis of the lower bar, common to the cells of a section.
    """
    cell = _Cell(axes, row, place, width_mm)
    cell.box(0.02, 0.025, 0.96, 0.95, "#ffffff", edge="#cfd4d9", gid="frame", zorder=1)
    if types:
        _type_bar(cell, types)
    _area_bar(cell, area_axis)
    _numbers(cell, types)


class _Cell:
    """Coordinates and names of one cell: (0, 0) lower left to (1, 1)."""

    def __init__(self, axes: Axes, row: pd.Series, place: tuple[int, int], width_mm: float) -> None:
        self.axes, self.row, self.width_mm = axes, row, width_mm
        self.y, self.x = place
        self.name = f"cell:{row['laser_power_w']:g}:{row['scan_speed_mm_s']:g}"

    def box(
        self,
        left: float,
        bottom: float,
        width: float,
        height: float,
        colour: str,
        *,
        gid: str,
        edge: str = "none",
        hatch: str = "",
        zorder: float = 2,
    ) -> None:
        patch = Rectangle(
            (self.x + left, self.y + bottom),
            width,
            height,
            facecolor=colour,
            edgecolor=edge,
            hatch=hatch or None,
            linewidth=0.4,
            zorder=zorder,
            gid=f"{self.name}:{gid}",
        )
        self.axes.add_patch(patch)

    def text(self, u: float, v: float, words: str, *, gid: str, size: float, **look: Any) -> None:
        self.axes.text(
            self.x + u,
            self.y + v,
            words,
            fontsize=size,
            va="center_baseline",
            zorder=4,
            gid=f"{self.name}:{gid}",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
            **look,
        )


def _type_bar(cell: _Cell, types: list[str]) -> None:
    bottom, height = _TYPE_BAR
    full = _RIGHT - _LEFT
    cell.box(_LEFT, bottom, full, height, style.TRACK, gid="type-track", zorder=1.8)
    start = _LEFT
    styles = style.type_styles(types)
    for name, share in _shares(cell.row, types).items():
        look = styles[name]
        cell.box(
            start,
            bottom,
            share * full,
            height,
            look.colour,
            gid=f"type:{name}",
            edge=look.hatch_colour,
            hatch=look.hatch,
        )
        start += share * full


def _shares(row: pd.Series, types: list[str]) -> dict[str, float]:
    """Share of each type in all defects that were looked at, the uncertain ones included."""
    n_typed, n_uncertain = float(row["n_typed"]), float(row.get(_N_UNCERTAIN, 0))
    if n_typed + n_uncertain == 0:
        return {}
    certain = n_typed / (n_typed + n_uncertain)
    shares = {name: certain * float(row.get(f"fraction_{name}", math.nan)) for name in types}
    shares[style.UNCERTAIN] = 1 - certain
    return {name: share for name, share in shares.items() if share > 0}


def _area_bar(cell: _Cell, axis: AreaAxis) -> None:
    bottom, height = _AREA_BAR
    full = _RIGHT - _LEFT
    cell.box(_LEFT, bottom, full, height, style.TRACK, gid="area-track", zorder=1.8)
    value = float(cell.row["area_fraction"])
    if value > 0:
        share = axis.position(value)
        cell.box(_LEFT, bottom, share * full, height, style.AREA_COLOUR, gid="area")
    for tick in axis.decades():
        left = _LEFT + axis.position(tick) * full
        cell.box(left - 0.002, bottom, 0.004, height, "#ffffff", gid="area-tick", zorder=2.5)
    low, high = (float(cell.row[f"area_fraction_{end}"]) for end in ("low", "high"))
    if math.isfinite(low) and high > low:
        _whisker(cell, axis, low, high)


def _whisker(cell: _Cell, axis: AreaAxis, low: float, high: float) -> None:
    """Interval as a line; caps mark its ends, arrow heads that it leaves the bar."""
    middle = cell.y + _AREA_BAR[0] + _AREA_BAR[1] / 2
    xs = [cell.x + _LEFT + (_RIGHT - _LEFT) * axis.position(end) for end in (low, high)]
    look: dict[str, Any] = {"color": style.INK, "zorder": 3}
    cell.axes.plot(
        xs, [middle] * 2, lw=0.8, solid_capstyle="butt", gid=f"{cell.name}:whisker", **look
    )
    leaves = (axis.is_log and low < axis.low, high > axis.high)
    for x, is_outside, head in zip(xs, leaves, "<>", strict=True):
        if is_outside:
            cell.axes.plot(x, middle, head, ms=2.6, mew=0, **look)
        else:
            cell.axes.plot([x, x], [middle - 0.025, middle + 0.025], lw=0.8, **look)


def _numbers(cell: _Cell, types: list[str]) -> None:
    row, left = cell.row, _LEFT
    if "porosity" in types:
        cell.text(left, _TYPE_TEXT, _porosity(cell), gid="porosity-fraction", size=6.6)
    percent = [100 * float(row[f"area_fraction{end}"]) for end in ("", "_low", "_high")]
    value, interval = with_interval(*percent)
    count = float(row["mean_count"])
    count_text = f"{count:.0f}" if count >= 10 or count == 0 else f"{count:.1f}"
    cell.text(
        left,
        _AREA_TEXT,
        f"{value} % ({count_text})",
        gid="area-and-count",
        size=7.4,
        weight="bold",
    )
    interval_text = f"{interval} %" if interval else "no interval"
    cell.text(left, _INTERVAL_TEXT, interval_text, gid="interval", size=6.2)
    flag = "†" if row["few_fields"] else ""
    cell.text(
        _RIGHT, _INTERVAL_TEXT, f"n = {row['n_images']:.0f}{flag}", gid="n", size=6.2, ha="right"
    )


def _porosity(cell: _Cell) -> str:
    value, low, high = (
        float(cell.row.get(f"fraction_porosity{end}", math.nan)) for end in ("", "_low", "_high")
    )
    if not math.isfinite(value):
        if float(cell.row["mean_count"]) == 0:
            return "no defects"
        return "all uncertain" if float(cell.row.get(_N_UNCERTAIN, 0)) > 0 else "not typed"
    before = "porosity " if cell.width_mm >= _WIDE_MM else ""
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{before}{value:.2f}"
    return f"{before}{value:.2f} ({low:.2f}–{high:.2f})"
