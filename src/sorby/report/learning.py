"""The section of a report that says how well the trained model finds defects."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sorby.core.records import ModelCard
from sorby.report.digest import flattened
from sorby.report.headings import Heading
from sorby.report.numbers import MISSING, fixed
from sorby.report.pictures import Picture, as_photograph, as_vector
from sorby.report.rounds import strategy_label
from sorby.report.tables import ShownColumn

_PHOTOGRAPH_WIDTH_PX = 1800
"""The four panels of an example then have a dot for each of their blocks."""
_FEW_ROUNDS = 12
"""Tables of more rows are folded: the figure above them shows the same."""

_POOLED = " of all pixels of the test images together"
_HEADINGS: dict[str, Heading] = {
    "method": Heading("Method", definition="The trained model, and what needs no labels."),
    "run": Heading(
        "Run", definition="How the images to label were chosen, and what tells the runs apart."
    ),
    "seed": Heading("Seed", definition="Seed of the random generator."),
    "round": Heading("Round", definition="Round of labelling and training."),
    "n_labelled": Heading("Labelled", "images", "Images the model was trained on."),
    "n": Heading("Test images", definition="Images that were scored, none used in training."),
    "macro_f1": Heading("Macro-F1", definition="Mean of defect F1 and background F1."),
    "defect_f1": Heading(
        "Defect F1", definition="Harmonic mean of precision and recall of the defect pixels."
    ),
    "precision": Heading(
        "Precision", definition="Share of the predicted defect pixels that are defect."
    ),
    "recall": Heading("Recall", definition="Share of the defect pixels that were predicted."),
    "pooled_macro_f1": Heading("Macro-F1", "pooled", f"Macro-F1{_POOLED}."),
    "pooled_defect_f1": Heading("Defect F1", "pooled", f"Defect F1{_POOLED}."),
}
_SCORE_COLUMNS = (
    "method",
    "n",
    "macro_f1",
    "defect_f1",
    "precision",
    "recall",
    "pooled_macro_f1",
    "pooled_defect_f1",
)
_ROUND_COLUMNS = ("run", "seed", "round", "n_labelled", "macro_f1", "defect_f1")
_IN_FULL = ("n", "n_labelled", "round", "seed")


@dataclass(frozen=True)
class LearningContent:
    """What a report shows of the learning loop.

    Attributes
    ----------
    pictures : sequence of Picture
        Figures of lines and text, in reading order. The first (F1 by round) stands wide before
        the photographs; the others (map of the images, losses) in pairs after them.
    photographs : sequence of Picture
        Figures of pixels: example masks.
    scores : DataFrame
        One row a method, the model first: ``method``, ``n`` (test images), ``macro_f1``,
        ``defect_f1``, ``precision``, ``recall`` (mean over the test images, 0 to 1), each with
        ``_sd`` (one standard deviation over them), ``pooled_macro_f1``, ``pooled_defect_f1``
        (of all their pixels together). Columns without a value are left out.
    rounds : DataFrame
        One row a strategy, seed and round, as :func:`sorby.report.rounds_figure` takes it.
    card : ModelCard or None
        The segmenter's card.
    notes : sequence of str
        What a reader must know before trusting the scores.
    """

    pictures: Sequence[Picture] = ()
    photographs: Sequence[Picture] = ()
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    rounds: pd.DataFrame = field(default_factory=pd.DataFrame)
    card: ModelCard | None = None
    notes: Sequence[str] = ()


def learning_section(content: LearningContent) -> dict[str, Any]:
    """Values that the section's template names.

    Parameters
    ----------
    content : LearningContent
        What to show.

    Returns
    -------
    dict
        Text, table columns and pictures; nothing is escaped here.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {"method": ["model"], "n": [30], "macro_f1": [0.93], "macro_f1_sd": [0.04]})
    >>> section = learning_section(LearningContent(scores=scores))
    >>> [column.cells[0] for column in section["score_columns"]]
    [('model', ''), ('30', ''), ('0.930', '± 0.040')]
    """
    return {
        "lead": _lead(content.scores),
        "score_columns": score_columns(content.scores, _SCORE_COLUMNS),
        "round_columns": score_columns(content.rounds, _ROUND_COLUMNS),
        "few_rounds": len(content.rounds) <= _FEW_ROUNDS,
        "first_pictures": [as_vector(picture) for picture in content.pictures[:1]],
        "photographs": [
            as_photograph(p, _PHOTOGRAPH_WIDTH_PX, fine_colour=True) for p in content.photographs
        ],
        "pictures": [as_vector(picture) for picture in content.pictures[1:]],
        "card": content.card,
        "facts": card_facts(content.card),
        "notes": content.notes,
    }


def _lead(scores: pd.DataFrame) -> str:
    if scores.empty:
        return ""
    counts = set(scores["n"].dropna()) if "n" in scores else set()
    images = f"{counts.pop():.0f} test images" if len(counts) == 1 else "test images"
    words = (
        f"Scores on {images} that were kept out of training: mean over images, and in small "
        "figures ± one standard deviation over images. 1 is perfect."
    )
    if scores.filter(like="pooled_").notna().any(axis=None):
        words += " Pooled: all pixels of these images counted together."
    return words


def score_columns(table: pd.DataFrame, columns: Sequence[str]) -> list[ShownColumn]:
    """Columns of scores as a reader should see them: to three places, with their ``_sd``.

    Parameters
    ----------
    table : DataFrame
        Scores between 0 and 1, and what they belong to.
    columns : sequence of str
        Which, in which order; those the table lacks, or has no value of, are passed over.

    Returns
    -------
    list of ShownColumn
        Text only; nothing is escaped here. Empty for a table without rows.
    """
    if table.empty:
        return []
    return [_shown(table, name) for name in columns if name in table and table[name].notna().any()]


def _shown(table: pd.DataFrame, name: str) -> ShownColumn:
    is_number = pd.api.types.is_numeric_dtype(table[name])
    if not is_number:
        words = [MISSING if pd.isna(value) else str(value) for value in table[name]]
        if name == "run":
            words = [strategy_label(word) for word in words]
        return ShownColumn(_HEADINGS[name], tuple((word, "") for word in words), is_number=False)
    values = table[name].to_numpy(dtype=float, na_value=np.nan)
    spreads = (
        table[f"{name}_sd"].to_numpy(dtype=float, na_value=np.nan)
        if f"{name}_sd" in table
        else np.full(len(table), np.nan)
    )
    places = 0 if name in _IN_FULL else 3
    cells = tuple(
        (fixed(value, places), f"± {fixed(spread, places)}" if math.isfinite(spread) else "")
        for value, spread in zip(values.tolist(), spreads.tolist(), strict=True)
    )
    return ShownColumn(_HEADINGS[name], cells, is_number=True)


def card_facts(card: ModelCard | None) -> list[tuple[str, str]]:
    """Settings, licence, scores and versions of a segmenter's card, as name and value.

    Examples
    --------
    >>> card_facts(ModelCard("unet", "defects", ("defect",), settings={"um_per_px": 0.65}))
    [('µm/px', '0.65')]
    """
    return [] if card is None else list(_facts(card))


def _facts(card: ModelCard) -> Iterator[tuple[str, str]]:
    known = {_in_words(name): _plain(value) for name, value in card.settings.items()}
    yield from flattened(known)
    yield from flattened({_in_words(name): value for name, value in card.scores.items()})
    if card.licence:
        yield "licence", card.licence
    if card.versions:
        yield "versions", ", ".join(f"{name} {words}" for name, words in card.versions.items())


def _in_words(name: object) -> str:
    return str(name).replace("um_per_px", "µm/px").replace("macro_f1", "macro-F1")


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not set" if value is None else value
