"""The look shared by all figures: colours that survive gray print, type sizes, watermark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INCH_PER_MM = 1 / 25.4
PAGE_WIDTH_MM = 180.0
"""Text width of an A4 page: figures are drawn at the size they are printed."""

INK = "#222222"
QUIET = "#5f6368"
TRACK = "#eceff1"
AREA_COLOUR = "#D55E00"
"""Vermilion of the Okabe-Ito palette, kept for the area fraction alone."""

UNTYPED = "untyped"
UNCERTAIN = "uncertain"
UNDER_FLOOR = "under_the_size_floor"


@dataclass(frozen=True)
class TypeStyle:
    """How one defect type is drawn.

    Attributes
    ----------
    colour, hatch, hatch_colour : str
        Fill of bars: a colour of the Okabe-Ito palette, and a pattern that reads in gray.
    line : str or tuple
        Line style of outlines.
    """

    colour: str
    hatch: str
    hatch_colour: str
    line: str | tuple[int, tuple[float, ...]]


_KNOWN = {
    "porosity": TypeStyle("#E69F00", "", "#7a5400", "solid"),
    "lack_of_fusion": TypeStyle("#0072B2", "////", "#7fc3ea", (0, (4.0, 1.6))),
    "crack": TypeStyle("#CC79A7", "xxxx", "#7d3a5c", (0, (6.0, 1.5, 1.0, 1.5))),
    UNCERTAIN: TypeStyle("#ffffff", "......", QUIET, (0, (1.0, 1.2))),
    UNTYPED: TypeStyle("#009E73", "", "#005c43", "solid"),
    UNDER_FLOOR: TypeStyle("#777777", "", "#444444", (0, (1.0, 1.0))),
}
_SPARE = (
    TypeStyle("#56B4E9", "\\\\\\\\", "#1d5f86", (0, (2.0, 1.0))),
    TypeStyle("#F0E442", "----", "#85800f", (0, (8.0, 2.0))),
    TypeStyle("#999999", "++++", "#444444", (0, (3.0, 1.0, 1.0, 1.0, 1.0, 1.0))),
)


def type_styles(types: Iterable[str]) -> dict[str, TypeStyle]:
    """Colour, hatch and line of each defect type.

    Parameters
    ----------
    types : iterable of str
        Names as in ``defect_type``. Known names keep their style in every figure;
        others take the spare ones in the order given.

    Returns
    -------
    dict of str to TypeStyle
        In the order given.

    Examples
    --------
    >>> type_styles(["porosity", "balling"])["porosity"].colour
    '#E69F00'
    """
    styles: dict[str, TypeStyle] = {}
    spare = 0
    for name in types:
        if name in _KNOWN:
            styles[name] = _KNOWN[name]
        elif name not in styles:
            styles[name] = _SPARE[spare % len(_SPARE)]
            spare += 1
    return styles


def type_label(name: str) -> str:
    """Defect type in words: ``lack_of_fusion`` becomes ``lack of fusion``."""
    return name.replace("_", " ")


def ordered_types(names: Iterable[str]) -> list[str]:
    """Types in the order of every figure: porosity, lack of fusion, others, uncertain last."""
    first = ["porosity", "lack_of_fusion", "crack"]
    last = [UNCERTAIN, UNTYPED]
    found = set(names)
    middle = sorted(found.difference(first, last))
    return [name for name in [*first, *middle, *last] if name in found]


_SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 7.0,
    "axes.labelsize": 7.5,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 6.8,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "figure.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "sorby",
    "path.simplify": True,
}
_one_at_a_time = RLock()


@contextmanager
def house_style() -> Iterator[None]:
    """Sorby's matplotlib settings inside the block, the caller's own after it."""
    with _one_at_a_time, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Empty figure of a printed size, on its own Agg canvas (no global state)."""
    figure = Figure(figsize=(width_mm * INCH_PER_MM, height_mm * INCH_PER_MM))
    FigureCanvasAgg(figure)
    return figure


def watermark(figure: Figure) -> None:
    """Write SYNTHETIC across a figure whose numbers come from a generator."""
    width, height = figure.get_size_inches()
    figure.text(
        0.5,
        0.5,
        "SYNTHETIC",
        ha="center",
        va="center",
        rotation=24,
        fontsize=min(9.0 * width, 15 * height),
        color="#000000",
        alpha=0.06,
        weight="bold",
        zorder=50,
        gid="watermark",
    )


def stamp(axes: Axes, size: float = 10.0) -> None:
    """Write SYNTHETIC into the corner of a photograph that comes from a generator."""
    axes.text(
        0.018,
        0.975,
        "SYNTHETIC",
        transform=axes.transAxes,
        va="top",
        fontsize=size,
        weight="bold",
        color="black",
        bbox={"facecolor": "white", "edgecolor": "black", "linewidth": 0.8, "pad": size / 4},
        zorder=8,
        gid="watermark",
    )


def say(axes: Axes, words: str) -> None:
    """Put a sentence where there is nothing to draw."""
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, fontsize=8)
