"""Micrograph with its defects outlined, at the size of a page."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from scipy import ndimage

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE
from sorby.report import blocks, style

_LONGEST_PX = 1600
_WIDTH_MM = 120.0
_LEGEND_MM = 9.5
_LARGEST_HEIGHT_MM = 160.0
_IGNORE_COLOUR = "#F0E442"
_CONNECTED = np.ones((3, 3), dtype=bool)


def overlay_figure(
    pixels: np.ndarray,
    mask: np.ndarray,
    defect_table: pd.DataFrame | None = None,
    um_per_px: float | None = None,
    *,
    synthetic: bool = False,
) -> Figure:
    """Micrograph with an outline around each defect, by type, and a scale bar.

    Large images are shown reduced: gray values by the mean of each block, masks so that a
    block with one defect pixel counts as defect, so small pores stay in sight.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values. More than 8 bits are shown between the 0.5 and 99.5 percentiles.
    mask : ndarray of uint8, shape (M, N)
        0 background, 1.. defect, 255 not sample (hatched).
    defect_table : DataFrame, optional
        Rows of this field with ``row_min`` ... ``column_max`` and, once classified,
        ``defect_type``. Regions of the mask without a row are under the size floor and are
        drawn as such.
    um_per_px : float, optional
        Edge length of a pixel; without it no scale bar is drawn.
    synthetic : bool
        Whether the micrograph comes from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        120 mm wide, less where the image is tall.

    Raises
    ------
    SettingError
        If the image is not gray or the mask has another shape.
    """
    if pixels.ndim != 2 or pixels.shape != mask.shape:
        raise SettingError(
            f"The image has shape {pixels.shape} and the mask {mask.shape}. An overlay needs one "
            "gray image (rows, columns) and a mask of the same shape."
        )
    step = max(1, math.ceil(max(pixels.shape) / _LONGEST_PX))
    with style.house_style():
        figure, axes = _canvas(pixels.shape)
        _show(axes, pixels, step)
        handles = _outline(axes, _type_layers(mask, defect_table, step), step)
        handles += _hatch_ignored(axes, blocks.any_in_blocks(mask, blocks.is_ignored, step), step)
        if um_per_px:
            _scale_bar(axes, mask, um_per_px)
        _legend(figure, handles)
        if synthetic:
            style.stamp(axes)
    return figure


def _canvas(shape: tuple[int, ...]) -> tuple[Figure, Axes]:
    rows, columns = shape
    width = _WIDTH_MM
    height = width * rows / columns
    if height > _LARGEST_HEIGHT_MM:
        width, height = max(45.0, width * _LARGEST_HEIGHT_MM / height), _LARGEST_HEIGHT_MM
    height = max(8.0, height)
    figure = style.new_figure(width, height + _LEGEND_MM)
    axes = figure.add_axes(
        (0, _LEGEND_MM / (height + _LEGEND_MM), 1, height / (height + _LEGEND_MM))
    )
    axes.set_axis_off()
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    return figure, axes


def _show(axes: Axes, pixels: np.ndarray, step: int) -> None:
    gray = blocks.gray_levels(pixels, step)
    axes.imshow(
        gray,
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=blocks.extent(gray.shape, step),
        aspect="auto",
        interpolation="antialiased",
        gid="micrograph",
    )


def _type_layers(mask: np.ndarray, table: pd.DataFrame | None, step: int) -> dict[str, np.ndarray]:
    """Reduced mask of each defect type, in drawing order."""
    rest = blocks.any_in_blocks(mask, blocks.is_defect, step)
    if table is None:
        return {style.UNTYPED: rest} if rest.any() else {}
    types = table.get("defect_type", pd.Series(style.UNTYPED, index=table.index, dtype=object))
    types = types.fillna(style.UNTYPED).astype(str)
    layers = {name: np.zeros(rest.shape, dtype=bool) for name in style.ordered_types(types)}
    boxes = table[["row_min", "column_min", "row_max", "column_max"]].to_numpy(int)
    for name, box in zip(types, boxes, strict=True):
        rows, columns = _pixels_of_defect(mask, box)
        layers[name][rows // step, columns // step] = True
        rest[rows // step, columns // step] = False
    return {**layers, style.UNDER_FLOOR: rest} if rest.any() else layers


def _pixels_of_defect(mask: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the defect whose bounding box this is, not of its neighbours."""
    top, left, bottom, right = box
    window = mask[top:bottom, left:right]
    whole = (slice(0, window.shape[0]), slice(0, window.shape[1]))
    for value in np.setdiff1d(window, [0, IGNORE]):
        parts, _ = ndimage.label(window == value, structure=_CONNECTED)
        for number, extent in enumerate(ndimage.find_objects(parts), start=1):
            if extent == whole:
                rows, columns = np.nonzero(parts == number)
                return rows + top, columns + left
    return np.empty(0, dtype=int), np.empty(0, dtype=int)


def _outline(axes: Axes, layers: dict[str, np.ndarray], step: int) -> list[Line2D | Patch]:
    """Draw each type's outline on a white casing, and return the legend's entries."""
    styles = style.type_styles(layers)
    handles: list[Line2D | Patch] = []
    for (name, layer), look in zip(layers.items(), styles.values(), strict=True):
        colour = "#F0E442" if name == style.UNCERTAIN else look.colour
        field = blocks.padded(layer, step)
        casing = "#000000" if name == style.UNCERTAIN else "#ffffff"
        axes.contour(*field, levels=[0.5], colors=casing, linewidths=1.2)
        lines = axes.contour(
            *field, levels=[0.5], colors=colour, linewidths=0.75, linestyles=[look.line]
        )
        lines.set_gid(f"outline:{name}")
        handles.append(
            Line2D([], [], color=colour, ls=look.line, lw=1.4, label=style.type_label(name))
        )
    return handles


def _hatch_ignored(axes: Axes, ignored: np.ndarray, step: int) -> list[Line2D | Patch]:
    if not ignored.any():
        return []
    field = blocks.padded(ignored, step)
    region = axes.contourf(*field, levels=[0.5, 1.5], colors="none", hatches=["xxxx"])
    region.set(edgecolor=_IGNORE_COLOUR, linewidth=0, gid="ignored")
    axes.contour(*field, levels=[0.5], colors="black", linewidths=1.6)
    axes.contour(*field, levels=[0.5], colors=_IGNORE_COLOUR, linewidths=0.7)
    label = "not sample"
    return [Patch(facecolor="none", edgecolor="#8a8300", hatch="xxxxx", lw=0.6, label=label)]


def _scale_bar(axes: Axes, mask: np.ndarray, um_per_px: float) -> None:
    columns = mask.shape[1]
    length_um = _round_length(0.22 * columns * um_per_px)
    length_px = length_um / um_per_px
    text = f"{length_um / 1000:g} mm" if length_um >= 1000 else f"{length_um:g} µm"
    margin, box_height = 0.018 * columns, 0.05 * columns
    box_width = length_px + 2 * margin
    left, top = _free_corner(mask, margin, box_width, box_height)
    box = Rectangle((left, top), box_width, box_height, fc="white", ec="none", alpha=0.9, zorder=6)
    axes.add_patch(box)
    bar = Rectangle(
        (left + margin, top + 0.72 * box_height),
        length_px,
        0.14 * box_height,
        facecolor="black",
        zorder=7,
        gid="scale-bar",
    )
    axes.add_patch(bar)
    axes.text(
        left + box_width / 2,
        top + 0.38 * box_height,
        text,
        ha="center",
        va="center",
        fontsize=8.5,
        color="black",
        zorder=7,
    )


def _free_corner(
    mask: np.ndarray, margin: float, width: float, height: float
) -> tuple[float, float]:
    """Left and top of a box in the first lower, then upper corner without anything marked."""
    rows, columns = mask.shape
    right, below = columns - width - margin, rows - height - margin
    corners = [(right, below), (margin, below), (right, margin), (margin, margin)]
    for left, top in corners:
        row, column = max(0, int(top)), max(0, int(left))
        if not mask[
            row : row + math.ceil(height) + 1, column : column + math.ceil(width) + 1
        ].any():
            return left, top
    return corners[0]


def _round_length(wanted_um: float) -> float:
    """Largest of 1, 2, 5 times a power of ten that is not above the wanted length."""
    decade = 10.0 ** math.floor(math.log10(wanted_um))
    return max(step * decade for step in (1, 2, 5) if step * decade <= wanted_um * (1 + 1e-9))


def _legend(figure: Figure, handles: list[Line2D | Patch]) -> None:
    if not handles:
        figure.text(0.0, 0.008, "No defect found.", fontsize=8.5, va="bottom")
        return
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 0),
        ncols=3,
        borderaxespad=0.2,
        borderpad=0,
        fontsize=8.5,
        handlelength=2.6,
        columnspacing=2.0,
    )
