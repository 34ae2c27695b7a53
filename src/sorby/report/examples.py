"""Image, truth, prediction and their difference, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE
from sorby.report import blocks, style

_LONGEST_PX = 360
"""So that a block is no smaller than a dot of the report, and a defect pixel 0.12 mm in print."""
_WIDTH_MM, _GAP_MM, _EDGE_MM = style.PAGE_WIDTH_MM, 2.0, 0.4
_PANEL_MM = (_WIDTH_MM - 2 * _EDGE_MM - 3 * _GAP_MM) / 4
_TALLEST_MM = 56.0
_HEAD_MM, _NAME_MM, _LEGEND_MM = 3.4, 5.4, 5.6
_LONGEST_NAME = 90

BACKGROUND = "#ffffff"
RIGHT = "#c6d0d6"
FALSE = "#e08a00"
MISSED = "#003a70"
_IGNORED = "#eef0f1"
_IGNORED_LINES = "#8b9196"
_DEFECT = style.INK


@dataclass(frozen=True)
class MaskExample:
    """One image with its true and its predicted mask.

    Attributes
    ----------
    name : str
        Name of the image.
    pixels : ndarray of shape (M, N)
        Gray values.
    truth, predicted : ndarray of uint8, shape (M, N)
        0 background, 1.. defect, 255 not sample.
    score : float
        Macro-F1 of the prediction, 0 to 1; NaN where there is none.
    """

    name: str
    pixels: np.ndarray = field(repr=False)
    truth: np.ndarray = field(repr=False)
    predicted: np.ndarray = field(repr=False)
    score: float = math.nan


def examples_figure(
    examples: Sequence[MaskExample], *, score_name: str = "macro-F1", synthetic: bool = False
) -> Figure:
    """A row for each example: micrograph, truth, prediction, and where the two differ.

    Large images are reduced: gray values by the mean of each block, masks so that a block with
    one defect pixel counts as defect. In the difference such a block takes the finding that
    most of its defect pixels have.

    Parameters
    ----------
    examples : sequence of MaskExample
        In the order to show; about five fill a page.
    score_name : str
        What the examples' scores are, as printed.
    synthetic : bool
        Whether the micrographs come from a generator: each is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide. The difference of the first example has the ``gid`` ``difference:0``.

    Raises
    ------
    SettingError
        If an image is not gray or its masks have another shape.

    Examples
    --------
    >>> truth = np.zeros((20, 30), np.uint8)
    >>> truth[5:9, 5:9] = 1
    >>> example = MaskExample("a.png", np.full((20, 30), 180, np.uint8), truth, truth, 1.0)
    >>> len(examples_figure([example]).axes)
    4
    """
    for example in examples:
        _check(example)
    heights = [_panel_size(example.pixels.shape)[1] for example in examples]
    total = _HEAD_MM + sum(heights) + _NAME_MM * len(heights) + _LEGEND_MM
    with style.house_style():
        figure = style.new_figure(_WIDTH_MM, max(total, 24.0) if examples else 24.0)
        if not examples:
            figure.text(0.5, 0.5, "No example.", ha="center", va="center", fontsize=8)
            return figure
        _column_heads(figure, total)
        top = total - _HEAD_MM
        for turn, (example, height) in enumerate(zip(examples, heights, strict=True)):
            _row(figure, example, turn, top_mm=top, score_name=score_name, synthetic=synthetic)
            top -= height + _NAME_MM
        _legend(figure, any(_ignored(example).any() for example in examples))
    return figure


def _check(example: MaskExample) -> None:
    shapes = [array.shape for array in (example.pixels, example.truth, example.predicted)]
    if len(shapes[0]) != 2 or len(set(shapes)) != 1:
        raise SettingError(
            f"{example.name}: the image has shape {shapes[0]}, the true mask {shapes[1]} and the "
            f"predicted mask {shapes[2]}. An example needs one gray image (rows, columns) and two "
            "masks of the same shape."
        )


def difference_colours(truth: np.ndarray, predicted: np.ndarray, step: int = 1) -> np.ndarray:
    """Colour of what a prediction got right, found without cause, or missed.

    Parameters
    ----------
    truth, predicted : ndarray of uint8, shape (M, N)
        0 background, 1.. defect, 255 not sample. Pixels that are 255 in either do not count.
    step : int
        Edge length of the blocks that become one pixel.

    Returns
    -------
    ndarray of float, shape (ceil(M / step), ceil(N / step), 3)
        Red, green and blue, 0 to 1.

    Examples
    --------
    >>> row = difference_colours(np.array([[1, 1]], np.uint8), np.array([[1, 0]], np.uint8))
    >>> [round(float(value), 2) for value in row[0, 1]]  # missed
    [0.0, 0.23, 0.44]
    """
    counts = (truth != IGNORE) & (predicted != IGNORE)
    is_true, is_found = blocks.is_defect(truth) & counts, blocks.is_defect(predicted) & counts
    found = {MISSED: is_true & ~is_found, FALSE: is_found & ~is_true, RIGHT: is_true & is_found}
    pixels = np.stack([blocks.block_counts(layer, step) for layer in found.values()])
    colours = np.array([*(to_rgb(colour) for colour in found), to_rgb(BACKGROUND)])
    return colours[np.where(pixels.any(axis=0), pixels.argmax(axis=0), len(found))]


def _panel_size(shape: tuple[int, ...]) -> tuple[float, float]:
    """Printed width and height of an image's panels, in mm."""
    rows, columns = shape
    height = _PANEL_MM * rows / columns
    if height > _TALLEST_MM:
        return max(6.0, _PANEL_MM * _TALLEST_MM / height), _TALLEST_MM
    return _PANEL_MM, max(4.0, height)


def _left_mm(column: int) -> float:
    return _EDGE_MM + column * (_PANEL_MM + _GAP_MM)


def _column_heads(figure: Figure, total_mm: float) -> None:
    heads = ("Micrograph", "Truth", "Prediction", "Difference")
    for column, words in enumerate(heads):
        figure.text(
            _left_mm(column) / _WIDTH_MM,
            1 - 0.6 / total_mm,
            words,
            va="top",
            fontsize=7.8,
            weight="bold",
        )


def _row(
    figure: Figure,
    example: MaskExample,
    turn: int,
    *,
    top_mm: float,
    score_name: str,
    synthetic: bool,
) -> None:
    total = float(figure.get_size_inches()[1] / style.INCH_PER_MM)
    width, height = _panel_size(example.pixels.shape)
    _row_name(figure, example, (top_mm - _NAME_MM + 0.9) / total, score_name)
    bottom = top_mm - _NAME_MM - height
    step = max(1, math.ceil(max(example.pixels.shape) / _LONGEST_PX))
    images = _panel_images(example, step)
    ignored = (None, example.truth == IGNORE, example.predicted == IGNORE)
    for column, (name, image) in enumerate(images.items()):
        axes = figure.add_axes(
            (_left_mm(column) / _WIDTH_MM, bottom / total, width / _WIDTH_MM, height / total)
        )
        _show(axes, image, example.pixels.shape, step, f"{name}:{turn}")
        left_out = ignored[column] if column < 3 else _ignored(example)
        if left_out is not None and left_out.any():
            _hatch(axes, left_out, step)
        if synthetic and column == 0:
            style.stamp(axes, 5.5)


def _row_name(figure: Figure, example: MaskExample, y: float, score_name: str) -> None:
    name = example.name
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME // 2]} … {name[-_LONGEST_NAME // 2 :]}"
    figure.text(_left_mm(0) / _WIDTH_MM, y, name, va="bottom", fontsize=6.8, gid="name")
    if math.isfinite(example.score):
        words = f"{score_name} {example.score:.2f}"
        figure.text(_left_mm(3) / _WIDTH_MM, y, words, va="bottom", fontsize=6.8, gid="score")


def _panel_images(example: MaskExample, step: int) -> dict[str, np.ndarray]:
    """Pixels of the four panels, in red, green and blue."""
    gray = blocks.gray_levels(example.pixels, step)
    return {
        "micrograph": np.repeat(gray[..., None], 3, axis=2),
        "truth": _defect_colours(example.truth, step),
        "prediction": _defect_colours(example.predicted, step),
        "difference": difference_colours(example.truth, example.predicted, step),
    }


def _defect_colours(mask: np.ndarray, step: int) -> np.ndarray:
    colours = np.array([to_rgb(BACKGROUND), to_rgb(_DEFECT)])
    return colours[blocks.any_in_blocks(mask, blocks.is_defect, step).astype(int)]


def _show(axes: Axes, image: np.ndarray, shape: tuple[int, ...], step: int, name: str) -> None:
    rows, columns = shape
    is_photograph = name.startswith("micrograph")
    axes.imshow(
        image,
        extent=blocks.extent(image.shape[:2], step),
        aspect="auto",
        interpolation="antialiased" if is_photograph else "nearest",
        gid=name,
    )
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#aab0b6", linewidth=0.4)


def _ignored(example: MaskExample) -> np.ndarray:
    return blocks.is_ignored(example.truth) | blocks.is_ignored(example.predicted)


def _hatch(axes: Axes, ignored: np.ndarray, step: int) -> None:
    """Gray, hatched: pixels that are no sample."""
    layer = blocks.padded(blocks.any_in_blocks(ignored, np.asarray, step), step)
    region = axes.contourf(*layer, levels=[0.5, 1.5], colors=[_IGNORED], hatches=["//////"])
    region.set(edgecolor=_IGNORED_LINES, linewidth=0, gid="ignored")


def _legend(figure: Figure, has_ignored: bool) -> None:
    entries = {"right defect": RIGHT, "false defect": FALSE, "missed defect": MISSED}
    handles = [
        Patch(facecolor=colour, edgecolor="#8b9196", linewidth=0.3, label=words)
        for words, colour in entries.items()
    ]
    if has_ignored:
        handles.append(
            Patch(
                facecolor=_IGNORED,
                edgecolor=_IGNORED_LINES,
                hatch="//////",
                linewidth=0.3,
                label="not sample, not scored",
            )
        )
    total = float(figure.get_size_inches()[1] / style.INCH_PER_MM)
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(_EDGE_MM / _WIDTH_MM, 0.6 / total),
        ncols=4,
        borderaxespad=0,
        borderpad=0,
        handlelength=1.8,
        columnspacing=2.0,
        fontsize=7.0,
    )
