"""Process map: one cell for each tested pair of laser power and scan speed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sorby.core.errors import SettingError
from sorby.report import cells, style
from sorby.report.areaaxis import AreaAxis

_MARGIN_LEFT_MM, _MARGIN_RIGHT_MM = 15.0, 15.0
_CELL_HEIGHT_MM = 25.0
_CELL_WIDTH_MM = (30.0, 46.0)
_LEGEND_MM, _AXIS_MM, _LINE_MM, _TOP_MM = 7.0, 10.0, 3.1, 5.0
_CHARACTER_MM = 1.28

_FIXED = {
    "alloy": ("", ""),
    "hatch_um": ("hatch\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}µm"),
    "layer_um": ("layer\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}µm"),
    "beam_um": ("beam\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}µm (D4σ)"),
    "preheat_c": ("preheat\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}°C"),
}


class MapSection(Protocol):
    """A section of the process map, as ``sorby.quantify.process_map`` makes it."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that all its cells share, by column name; empty where unknown."""

    @property
    def cells(self) -> pd.DataFrame:
        """Rows of the condition table, one a cell."""


def process_map_figure(sections: Sequence[MapSection], *, synthetic: bool = False) -> Figure:
    """Process map: a panel for each section, a cell for each tested power and speed.

    The upper bar of a cell divides the defects by type, the lower bar is the area fraction.
    Cells that were not tested stay blank.

    Parameters
    ----------
    sections : sequence of MapSection
        Sections with hatch, layer, beam, preheat and alloy held fixed.
    synthetic : bool
        Whether the numbers come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide, wider where there are more than five speeds. Every cell is a group of
        artists whose ``gid`` begins with ``cell:<power>:<speed>``.

    Raises
    ------
    SettingError
        If two conditions of one section have the same power and speed.
    """
    with style.house_style():
        grids = [_Grid(section) for section in sections]
        types = style.ordered_types(name for grid in grids for name in cells.types_of(grid.table))
        figure = _draw(grids, types)
        if synthetic:
            style.watermark(figure)
    return figure


class _Grid:
    """One section, with the powers and speeds that span its panel."""

    def __init__(self, section: MapSection) -> None:
        self.settings, self.table = section.settings, section.cells
        twice = self.table.duplicated(subset=["laser_power_w", "scan_speed_mm_s"])
        if twice.any():
            row = self.table[twice].iloc[0]
            raise SettingError(
                f"Two conditions of one section of the process map have {row.laser_power_w:g} W "
                f"and {row.scan_speed_mm_s:g} mm/s. A section needs each pair once: split it by "
                "the settings that differ, or merge the conditions."
            )
        self.powers = np.unique(self.table["laser_power_w"].to_numpy(float))
        self.speeds = np.unique(self.table["scan_speed_mm_s"].to_numpy(float))
        self.area_axis = AreaAxis.of(self.table)

    def place(self, row: pd.Series) -> tuple[int, int]:
        """Row from the bottom and column from the left of a condition's cell."""
        return (
            int(np.searchsorted(self.powers, row["laser_power_w"])),
            int(np.searchsorted(self.speeds, row["scan_speed_mm_s"])),
        )

    def height_mm(self, n_caption_lines: int) -> float:
        """Printed height of the panel."""
        rows = max(1, len(self.powers))
        return _TOP_MM + rows * _CELL_HEIGHT_MM + _AXIS_MM + n_caption_lines * _LINE_MM + 3.0


def _draw(grids: list[_Grid], types: list[str]) -> Figure:
    n_columns = max([len(grid.speeds) for grid in grids], default=0)
    margins = _MARGIN_LEFT_MM + _MARGIN_RIGHT_MM
    low, high = _CELL_WIDTH_MM
    cell_width = min(high, max(low, (style.PAGE_WIDTH_MM - margins) / max(1, n_columns)))
    width = max(style.PAGE_WIDTH_MM, n_columns * cell_width + margins)
    captions = [_caption(grid, types, width) for grid in grids]
    heights = [grid.height_mm(len(caption)) for grid, caption in zip(grids, captions, strict=True)]
    total = _LEGEND_MM + max(sum(heights), 20.0)
    figure = style.new_figure(width, total)
    _legend(figure, types, total)
    if not any(len(grid.table) for grid in grids):
        figure.text(0.5, 0.4, "No condition has a laser power and a scan speed.", ha="center")
        return figure
    top = total - _LEGEND_MM
    for grid, caption, height in zip(grids, captions, heights, strict=True):
        _panel(figure, grid, types, caption, top_mm=top, cell_width=cell_width)
        top -= height
    return figure


def _legend(figure: Figure, types: list[str], total_mm: float) -> None:
    styles = style.type_styles(types)
    handles = [
        Patch(
            facecolor=styles[name].colour,
            edgecolor=styles[name].hatch_colour,
            hatch=styles[name].hatch,
            linewidth=0.4,
            label=style.type_label(name),
        )
        for name in types
    ]
    handles.append(Patch(facecolor=style.AREA_COLOUR, linewidth=0, label="area fraction"))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(_MARGIN_LEFT_MM / _width_mm(figure), 1 - 1.5 / total_mm),
        ncols=len(handles),
        borderaxespad=0,
        borderpad=0,
        columnspacing=1.6,
        handlelength=1.8,
        handletextpad=0.6,
    )


def _panel(
    figure: Figure,
    grid: _Grid,
    types: list[str],
    caption: list[str],
    *,
    top_mm: float,
    cell_width: float,
) -> None:
    width, total = _width_mm(figure), _height_mm(figure)
    n_rows, n_columns = max(1, len(grid.powers)), max(1, len(grid.speeds))
    height = n_rows * _CELL_HEIGHT_MM
    bottom = top_mm - _TOP_MM - height
    axes = figure.add_axes(
        (
            _MARGIN_LEFT_MM / width,
            bottom / total,
            n_columns * cell_width / width,
            height / total,
        )
    )
    _grid_axes(axes, grid)
    _energy_lines(axes, grid)
    for _, row in grid.table.iterrows():
        cells.draw_cell(axes, row, types, grid.place(row), cell_width, grid.area_axis)
    figure.text(
        _MARGIN_LEFT_MM / width,
        (bottom - _AXIS_MM) / total,
        "\n".join(caption),
        va="top",
        fontsize=6.6,
        color=style.QUIET,
        linespacing=1.3,
        gid="caption",
    )


def _grid_axes(axes: Axes, grid: _Grid) -> None:
    n_rows, n_columns = max(1, len(grid.powers)), max(1, len(grid.speeds))
    axes.set(xlim=(0, n_columns), ylim=(0, n_rows))
    axes.set_xticks(np.arange(len(grid.speeds)) + 0.5, [f"{v:g}" for v in grid.speeds])
    axes.set_yticks(np.arange(len(grid.powers)) + 0.5, [f"{p:g}" for p in grid.powers])
    axes.set_xlabel("Scan speed (mm/s)")
    axes.set_ylabel("Laser power (W)")
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _energy_lines(axes: Axes, grid: _Grid) -> None:
    """Hairlines of constant energy density, laid through the uneven steps of the grid."""
    if len(grid.powers) < 2 or len(grid.speeds) < 2:
        return
    divisor, unit = _energy_divisor(grid.settings)
    column = np.linspace(0.0, len(grid.speeds), 400)
    speed = _along(column, grid.speeds)
    power = _along(np.linspace(0.0, len(grid.powers), 400), grid.powers)
    for level in _energy_levels(grid, divisor):
        wanted = level * divisor * speed
        row = np.interp(
            wanted, power, np.linspace(0, len(grid.powers), 400), left=np.nan, right=np.nan
        )
        seen = np.flatnonzero(np.isfinite(row))
        if seen.size < 2:
            continue
        axes.plot(column, row, color="#b4bac0", lw=0.45, zorder=1.5, gid="energy")
        _energy_label(axes, column[seen[-1]], row[seen[-1]], f"{level:g} {unit}", len(grid.speeds))


def _energy_label(axes: Axes, x: float, y: float, text: str, n_columns: int) -> None:
    at_right = x >= n_columns - 0.02
    axes.annotate(
        text,
        (x, y),
        xytext=(2, 0) if at_right else (0, 2),
        textcoords="offset points",
        ha="left" if at_right else "center",
        va="center" if at_right else "bottom",
        fontsize=6.0,
        color=style.QUIET,
        annotation_clip=False,
    )


def _along(position: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Setting at a position between cells, straight on beyond the outer cell centres."""
    centres = np.arange(values.size) + 0.5
    inner = np.interp(position, centres, values)
    inner += np.minimum(0, position - centres[0]) * (values[1] - values[0])
    return inner + np.maximum(0, position - centres[-1]) * (values[-1] - values[-2])


def _energy_divisor(settings: Mapping[str, Any]) -> tuple[float, str]:
    if all(_is_known(settings.get(name)) for name in ("hatch_um", "layer_um")):
        return float(settings["hatch_um"]) * float(settings["layer_um"]) * 1e-6, "J/mm³"
    return 1.0, "J/mm"


def _energy_levels(grid: _Grid, divisor: float) -> np.ndarray:
    tested = grid.table["laser_power_w"] / (grid.table["scan_speed_mm_s"] * divisor)
    steps = np.array([1, 1.5, 2, 3, 4, 5, 6, 8, 10])
    decade = 10.0 ** math.floor(math.log10(tested.min()))
    round_values = np.concatenate([steps * decade, steps * decade * 10, steps * decade * 100])
    wanted = np.geomspace(tested.min() * 1.05, tested.max() / 1.05, 4)
    nearest = np.abs(np.log(round_values[:, None] / wanted)).argmin(axis=0)
    return np.unique(round_values[nearest])


def _caption(grid: _Grid, types: list[str], width_mm: float) -> list[str]:
    fixed = [
        f"{before}{value:g}{after}" if isinstance(value, int | float) else f"{before}{value}{after}"
        for name, (before, after) in _FIXED.items()
        if _is_known(value := grid.settings.get(name))
    ]
    settings = (
        ", ".join(fixed) + "." if fixed else "Hatch, layer, beam, preheat and alloy: not given."
    )
    sentences = [settings, *cells.explanation(grid.table, types, grid.area_axis)]
    if len(grid.powers) > 1 and len(grid.speeds) > 1:
        unit = _energy_divisor(grid.settings)[1]
        name = "volumetric energy density P/(v·h·t)" if unit == "J/mm³" else "line energy P/v"
        sentences.append(f"Gray hairlines: constant {name}, for reference only.")
    room = int((width_mm - _MARGIN_LEFT_MM - 6) / _CHARACTER_MM)
    return textwrap.wrap(" ".join(sentences), room)


def _is_known(value: object) -> bool:
    return bool(pd.notna(value)) and value != ""  # type: ignore[call-overload]


def _width_mm(figure: Figure) -> float:
    return float(figure.get_size_inches()[0] / style.INCH_PER_MM)


def _height_mm(figure: Figure) -> float:
    return float(figure.get_size_inches()[1] / style.INCH_PER_MM)
