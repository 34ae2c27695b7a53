"""The page of an experiment: what was compared, what may be said, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sorby.report import digest
from sorby.report.headings import Heading
from sorby.report.numbers import MISSING, fixed
from sorby.report.page import write_page
from sorby.report.pictures import Picture, as_photograph, as_vector
from sorby.report.rounds import strategy_label
from sorby.report.tables import ShownColumn

_PHOTOGRAPH_WIDTH_PX = 1800
_HEADINGS = {
    "strategy": Heading("Strategy", definition="How the images to label were chosen."),
    "round": Heading("Round", definition="Round of labelling and training."),
    "n_labelled": Heading("Labelled", "images", "Images the model was trained on."),
    "n_seeds": Heading("Seeds", definition="Repetitions that reached this round."),
    "macro_f1": Heading("Macro-F1", definition="Mean of defect F1 and background F1."),
    "defect_f1": Heading("Defect F1", definition="Of the defect pixels."),
    "precision": Heading("Precision", definition="Share of called pixels that are defect."),
    "recall": Heading("Recall", definition="Share of defect pixels that were called."),
    "wasserstein": Heading(
        "Wasserstein", definition="Distance of all picks to the pool in the embedding."
    ),
    "actions": Heading("Actions", definition="To correct the picks of this round."),
    "actions_drawn": Heading("Actions", "drawn", "To draw these masks from nothing."),
    "way": Heading("Method", definition="Needs no labels."),
    "what": Heading("What was timed"),
    "n": Heading("Number"),
    "mean": Heading("Mean", "s"),
    "largest": Heading("Longest", "s"),
    "goal": Heading("Goal", "s, at most"),
}
_PLACES = {"round": 0, "n_labelled": 0, "n_seeds": 0, "n": 0, "goal": 0, "actions": 0,
           "actions_drawn": 0, "wasserstein": 2, "mean": 1, "largest": 1}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes
    ----------
    title, words : str
        Its head, and what a reader must know to read what follows.
    pictures, photographs : sequence of Picture
        Figures of lines and text, and of pixels; each over the whole width.
    pair : sequence of Picture
        Figures of lines that stand side by side.
    table : DataFrame
        Columns among those of an experiment; ``<name>_sd`` is shown under its value.
    """

    title: str
    words: str = ""
    pictures: Sequence[Picture] = ()
    photographs: Sequence[Picture] = ()
    pair: Sequence[Picture] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class ExperimentContent:
    """All that the page shows.

    Attributes
    ----------
    title, lead : str
        Name of the project, and the experiment in two sentences.
    headlines : sequence of (str, str, str)
        Value, name and remark.
    findings : sequence of str
        What may be said, and of which pairs nothing may be said.
    sections : sequence of Section
        In reading order.
    notes : sequence of str
        What a reader must know before using the numbers.
    files : mapping of str to str
        What lies where beside the page.
    versions : mapping of str to str
        Of Sorby and what computed.
    created : str
        When.
    synthetic : bool
        Whether the images come from a generator.
    """

    title: str
    lead: str
    headlines: Sequence[tuple[str, str, str]]
    findings: Sequence[str]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    synthetic: bool = False


def write_experiment_page(content: ExperimentContent, path: Path) -> Path:
    """Write the page as one HTML file: no script, no request.

    Parameters
    ----------
    content : ExperimentContent
        What to show. Every text in it is escaped.
    path : Path
        The HTML file.

    Returns
    -------
    Path
        The path given.

    Examples
    --------
    >>> import tempfile
    >>> content = ExperimentContent("A <build>", "Two strategies.", [], ["Nothing."], [])
    >>> page = write_experiment_page(content, Path(tempfile.mkdtemp()) / "experiment.html")
    >>> "A &lt;build&gt;" in page.read_text()
    True
    """
    return write_page(
        "experiment.html.j2",
        path,
        content=content,
        title=f"Experiment on {content.title}",
        created=digest.readable_time(content.created),
        sections=[_shown(section) for section in content.sections],
    )


def _shown(section: Section) -> dict[str, object]:
    return {
        "title": section.title,
        "words": section.words,
        "pictures": [as_vector(picture) for picture in section.pictures],
        "photographs": [
            as_photograph(picture, _PHOTOGRAPH_WIDTH_PX, fine_colour=True)
            for picture in section.photographs
        ],
        "pair": [as_vector(picture) for picture in section.pair],
        "columns": experiment_columns(section.table),
    }


def experiment_columns(table: pd.DataFrame) -> list[ShownColumn]:
    """Columns of an experiment's tables as a reader should see them.

    Parameters
    ----------
    table : DataFrame
        Any of them; columns without a heading are passed over.

    Returns
    -------
    list of ShownColumn
        Text only; nothing is escaped here.

    Examples
    --------
    >>> table = pd.DataFrame({"strategy": ["smile"], "macro_f1": [0.9], "macro_f1_sd": [0.01]})
    >>> [column.cells[0] for column in experiment_columns(table)]
    [('SMILE', ''), ('0.900', '± 0.010')]
    """
    return [_column(table, name) for name in table.columns if name in _HEADINGS]


def _column(table: pd.DataFrame, name: str) -> ShownColumn:
    if not pd.api.types.is_numeric_dtype(table[name]):
        words = [strategy_label(str(value)) for value in table[name]]
        return ShownColumn(_HEADINGS[name], tuple((word, "") for word in words), is_number=False)
    places = _PLACES.get(name, 3)
    spreads = table[f"{name}_sd"] if f"{name}_sd" in table else [float("nan")] * len(table)
    cells = tuple(
        (
            MISSING if value != value else fixed(value, places),
            "" if spread != spread else f"± {fixed(spread, places)}",
        )
        for value, spread in zip(table[name].astype(float), spreads, strict=True)
    )
    return ShownColumn(_HEADINGS[name], cells, is_number=True)
