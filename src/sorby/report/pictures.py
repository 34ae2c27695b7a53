"""A figure of a report, drawn when its turn comes, and how it is put into the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from sorby.report.figures import figure_bytes
from sorby.report.page import data_uri


@dataclass(frozen=True)
class Picture:
    """A figure of the report, drawn when its turn comes, so that one at a time is in memory.

    Attributes
    ----------
    draw : callable
        Returns the figure.
    title, caption : str
        Words above and below it.
    alt : str
        What a person who cannot see it must know.
    """

    draw: Callable[[], Figure]
    title: str
    caption: str = ""
    alt: str = ""


def as_vector(picture: Picture) -> dict[str, str]:
    """Picture for the page, as lines and text."""
    return _shown(picture, data_uri(figure_bytes(picture.draw(), "svg"), "image/svg+xml"))


def as_photograph(
    picture: Picture, width_px: float, *, fine_colour: bool = False
) -> dict[str, str]:
    """Picture for the page, as a JPEG so many pixels wide."""
    figure = picture.draw()
    dpi = width_px / figure.get_size_inches()[0]
    content = figure_bytes(figure, "jpg", dpi=dpi, fine_colour=fine_colour)
    return _shown(picture, data_uri(content, "image/jpeg"))


def _shown(picture: Picture, source: str) -> dict[str, str]:
    return {
        "source": source,
        "title": picture.title,
        "caption": picture.caption,
        "alt": picture.alt or picture.title,
    }
