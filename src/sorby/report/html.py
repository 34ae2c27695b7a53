"""One self-contained HTML file: the map first, then tables, pictures, methods and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sorby.core.records import ModelCard, StepRecord
from sorby.report import digest
from sorby.report.learning import LearningContent, learning_section
from sorby.report.page import write_page
from sorby.report.pictures import Picture, as_photograph, as_vector
from sorby.report.tables import shown_columns

MAX_OVERLAYS = 24
"""Overlays shown in a report; the others are counted."""

_OVERLAY_WIDTH_PX = 1100


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
    learning : LearningContent or None
        How well the trained model finds defects; None where no model was trained.
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
    learning: LearningContent | None = None


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
        maps=[as_vector(picture) for picture in content.maps],
        figures=[as_vector(picture) for picture in content.figures],
        overlays=[
            as_photograph(picture, _OVERLAY_WIDTH_PX) for picture in content.overlays[:MAX_OVERLAYS]
        ],
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
        learning=None if content.learning is None else learning_section(content.learning),
    )
