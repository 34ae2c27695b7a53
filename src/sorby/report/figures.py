"""The figures of a report, and how they become files.

Every function returns a new :class:`matplotlib.figure.Figure` on its own Agg canvas; pyplot and
the caller's matplotlib settings are never touched.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from sorby.core.errors import SettingError
from sorby.core.files import atomic_path
from sorby.report.examples import MaskExample, examples_figure
from sorby.report.imagemap import embedding_figure
from sorby.report.losscurve import loss_figure
from sorby.report.overlay import overlay_figure
from sorby.report.processmap import MapSection, process_map_figure
from sorby.report.rounds import rounds_figure
from sorby.report.statistics import condition_figure, size_distribution_figure
from sorby.report.style import house_style

__all__ = [
    "MapSection",
    "MaskExample",
    "condition_figure",
    "embedding_figure",
    "examples_figure",
    "figure_bytes",
    "loss_figure",
    "overlay_figure",
    "process_map_figure",
    "rounds_figure",
    "save_figure",
    "size_distribution_figure",
]

PRINT_DPI = 300


def figure_bytes(
    figure: Figure, kind: str, *, dpi: float = PRINT_DPI, fine_colour: bool = False
) -> bytes:
    """Content of a figure's file.

    Parameters
    ----------
    figure : Figure
        Any figure.
    kind : str
        "png", "jpg" or "svg". SVG keeps text as text.
    dpi : float
        Dots per inch of the pixel formats.
    fine_colour : bool
        Whether colours of single pixels matter: "jpg" then keeps them in full resolution.

    Returns
    -------
    bytes
        The same figure gives the same bytes: no date, no random identifiers.

    Raises
    ------
    SettingError
        If the kind is unknown.
    """
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "jpg": None}
    if kind not in metadata:
        raise SettingError(f"{kind!r} is not a figure format. Choose from: png, svg, jpg.")
    stream = BytesIO()
    with house_style():
        jpg = {"quality": 85, **({"subsampling": 0} if fine_colour else {})}
        options = {"pil_kwargs": jpg} if kind == "jpg" else {"metadata": metadata[kind]}
        figure.savefig(stream, format=kind, dpi=dpi, **options)
    return stream.getvalue()


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure: whole or not at all.

    Parameters
    ----------
    figure : Figure
        Any figure.
    path : Path
        Ends in ``.png`` (300 dpi) or ``.svg`` (text as text).

    Returns
    -------
    Path
        The path given.

    Raises
    ------
    SettingError
        If the suffix is not one of these.
    ProjectError
        If the disk refuses.
    """
    path = Path(path)
    content = figure_bytes(figure, path.suffix.lstrip(".").lower())
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path
