"""Where a network looked: the micrograph, what it called defect, and its evidence for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from sorby.core.errors import SettingError
from sorby.report import blocks, style

_LONGEST_PX = 460
_WIDTH_MM, _GAP_MM, _EDGE_MM = style.PAGE_WIDTH_MM, 2.0, 0.4
_PANEL_MM = (_WIDTH_MM - 2 * _EDGE_MM - 2 * _GAP_MM) / 3
_HEAD_MM, _NAME_MM, _LEGEND_MM = 3.6, 5.0, 13.5
_MAP = "magma"
_OUTLINE = "#00c8ff"
_HEADS = ("Micrograph, called defect outlined", "Grad-CAM", "Grad-CAM over the micrograph")


@dataclass(frozen=True)
class Evidence:
    """What a network saw in one field.

    Attributes
    ----------
    name : str
        Name of the image.
    pixels : ndarray of shape (M, N)
        Gray values.
    predicted : ndarray of uint8, shape (M, N)
        0 background, 1.. defect, 255 not sample.
    evidence : ndarray of float32, shape (M, N)
        0 to 1, of `sorby.learn.grad_cam`.
    """

    name: str
    pixels: np.ndarray = field(repr=False)
    predicted: np.ndarray = field(repr=False)
    evidence: np.ndarray = field(repr=False)


def evidence_figure(examples: Sequence[Evidence], *, synthetic: bool = False) -> Figure:
    """A row for each field: micrograph with outlines, evidence, both over one another.

    Parameters
    ----------
    examples : sequence of Evidence
        In the order to show.
    synthetic : bool
        Whether the micrographs come from a generator: each is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide. Maps have the ``gid`` ``evidence:<row>``.

    Raises
    ------
    SettingError
        If the arrays of an example differ in shape.

    Examples
    --------
    >>> gray, none = np.full((20, 30), 180, np.uint8), np.zeros((20, 30), np.uint8)
    >>> len(evidence_figure([Evidence("a", gray, none, none.astype(np.float32))]).axes)
    4
    """
    for one in examples:
        if not one.pixels.shape == one.predicted.shape == one.evidence.shape:
            raise SettingError(
                f"{one.name}: the image has shape {one.pixels.shape}, its mask "
                f"{one.predicted.shape} and its evidence {one.evidence.shape}. Give three alike."
            )
    heights = [_PANEL_MM * one.pixels.shape[0] / one.pixels.shape[1] for one in examples]
    total = _HEAD_MM + sum(heights) + _NAME_MM * len(heights) + _LEGEND_MM
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, total)
        for column, words in enumerate(_HEADS):
            _write(figure, column, total - 0.6, total, words, weight="bold", fontsize=7.8)
        top = total - _HEAD_MM
        for turn, (one, height) in enumerate(zip(examples, heights, strict=True)):
            _row(figure, one, turn, top - height, height, total, synthetic)
            top -= height + _NAME_MM
        _scale(figure, total)
    return figure


def _left(column: int) -> float:
    return _EDGE_MM + column * (_PANEL_MM + _GAP_MM)


def _write(
    figure: Figure, column: int, y_mm: float, total_mm: float, words: str, **look: Any
) -> None:
    figure.text(_left(column) / _WIDTH_MM, y_mm / total_mm, words, va="top", **look)


def _row(
    figure: Figure,
    one: Evidence,
    turn: int,
    bottom: float,
    height: float,
    total: float,
    synthetic: bool,
) -> None:
    step = max(1, math.ceil(max(one.pixels.shape) / _LONGEST_PX))
    gray = blocks.gray_levels(one.pixels, step)
    map_ = blocks.block_means(one.evidence, step)
    for column in range(3):
        axes = figure.add_axes(
            (_left(column) / _WIDTH_MM, bottom / total, _PANEL_MM / _WIDTH_MM, height / total)
        )
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, color="#aab0b6", linewidth=0.4)
        if column != 1:
            axes.imshow(gray, cmap="gray", vmin=0, vmax=255, aspect="auto")
        if column == 0:
            _outline(axes, blocks.any_in_blocks(one.predicted, blocks.is_defect, step))
        else:
            axes.imshow(
                map_,
                cmap=_MAP,
                vmin=0,
                vmax=1,
                alpha=None if column == 1 else np.clip(1.6 * map_, 0, 0.85),
                aspect="auto",
                gid=f"evidence:{turn}",
            )
        if synthetic and column == 0:
            style.stamp(axes, 5.5)
    _write(figure, 0, bottom - 0.8, total, one.name, fontsize=6.8)


def _outline(axes: Axes, called: np.ndarray) -> None:
    if called.any():
        axes.contour(called.astype(float), levels=[0.5], colors=[_OUTLINE], linewidths=0.6)


def _scale(figure: Figure, total: float) -> None:
    axes = figure.add_axes((_left(1) / _WIDTH_MM, 9.0 / total, _PANEL_MM / _WIDTH_MM, 2.0 / total))
    figure.colorbar(ScalarMappable(Normalize(0, 1), _MAP), cax=axes, orientation="horizontal")
    axes.set_xlabel("Evidence for a defect, as a share of the largest in the field", labelpad=1.5)
