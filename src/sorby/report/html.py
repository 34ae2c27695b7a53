"""One self-contained HTML file: the map first, then tables, pictures, methods and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sorby.core.records import ModelCard, StepRecord
from sorby.report import digest
from sorby.report.figures import figure_bytes
from sorby.report.page import data_uri, write_page
from sorby.report.tables import shown_columns

MAX_OVERLAYS = 24
"""Overlays shown in a report; the others are counted."""

_OVERLAY_WIDTH_PX = 1100


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


@dataclass(frozen=True)
class ReportContent:
    """All that a report shows.

    Attributes
    ----------
    title : str
        Name of the project or build.
    conditions, fields, defects : DataFrame
        Condition, field and defect table; each may be empty.
    maps : sequence of Picture
        Process maps, at the top.
    figures : sequence of Picture
        Further figures (sizes, area fraction against energy density).
    overlays : sequence of Picture
        One a field; the first 24 are shown.
    notes : sequence of str
        What a reader must know before using the numbers.
    segmentation : str
        One or two sentences: how defects were found.
    classifier : ModelCard or None
        The model that gave the types.
    typed_on : str
        The images the types were read from ("the etched images", ...).
    history : sequence of StepRecord
        The project's steps, oldest first.
    files : mapping of str to str
        What lies where: names of files beside the report by what they hold.
    versions : mapping of str to str
        Versions of Sorby and of the packages that computed.
    created : str
        When the report was made.
    synthetic : bool
        Whether the images come from a generator: the report is then marked.
    """

    title: str
    conditions: pd.DataFrame
    fields: pd.DataFrame
    defects: pd.DataFrame
    maps: Sequence[Picture] = ()
    figures: Sequence[Picture] = ()
    overlays: Sequence[Picture] = ()
    notes: Sequence[str] = ()
    segmentation: str = ""
    classifier: ModelCard | None = None
    typed_on: str = ""
    history: Sequence[StepRecord] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    synthetic: bool = False


def write_report(content: ReportContent, path: Path) -> Path:
    """Write a report as one HTML file: no script, no request, ready to print on A4.

    Parameters
    ----------
    content : ReportContent
        What to show. Every text in it is escaped.
    path : Path
        The HTML file.

    Returns
    -------
    Path
        The path given.

    Raises
    ------
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> empty = pd.DataFrame()
    >>> content = ReportContent("Build <7>", empty, empty, empty)
    >>> page = write_report(content, Path(tempfile.mkdtemp()) / "report.html")
    >>> "Build &lt;7&gt;" in page.read_text()
    True
    """
    return write_page(
        "report.html.j2",
        path,
        content=content,
        title=content.title,
        created=digest.readable_time(content.created),
        headlines=digest.headlines(content.conditions, content.fields, content.defects),
        maps=[_vector(picture) for picture in content.maps],
        figures=[_vector(picture) for picture in content.figures],
        overlays=[_photograph(picture) for picture in content.overlays[:MAX_OVERLAYS]],
        n_overlays_left_out=max(0, len(content.overlays) - MAX_OVERLAYS),
        condition_columns=shown_columns(
            content.conditions, digest.condition_columns(content.conditions)
        ),
        shared_settings=digest.shared_settings(content.conditions),
        field_columns=shown_columns(
            content.fields.head(digest.MAX_FIELDS), digest.field_columns(content.fields)
        ),
        n_fields_left_out=max(0, len(content.fields) - digest.MAX_FIELDS),
        type_columns=shown_columns(digest.by_type(content.defects)),
        largest_columns=shown_columns(
            digest.largest(content.defects), digest.defect_columns(content.defects)
        ),
        n_without_scale=digest.without_scale(content.defects),
        size_floor=digest.size_floor(content.fields),
        definitions=digest.definitions(content.conditions, content.defects),
        history=digest.history_rows(content.history, content.versions),
        scores=digest.card_scores(content.classifier),
    )


def _vector(picture: Picture) -> dict[str, str]:
    return _shown(picture, data_uri(figure_bytes(picture.draw(), "svg"), "image/svg+xml"))


def _photograph(picture: Picture) -> dict[str, str]:
    figure = picture.draw()
    dpi = _OVERLAY_WIDTH_PX / figure.get_size_inches()[0]
    return _shown(picture, data_uri(figure_bytes(figure, "jpg", dpi=dpi), "image/jpeg"))


def _shown(picture: Picture, source: str) -> dict[str, str]:
    return {
        "source": source,
        "title": picture.title,
        "caption": picture.caption,
        "alt": picture.alt or picture.title,
    }
