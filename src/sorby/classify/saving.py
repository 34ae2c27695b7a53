"""Classifiers on disk: arrays and a card, never a pickle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sorby.classify.linear import LinearClassifier
from sorby.classify.registries import DESCRIPTIONS
from sorby.core.errors import ModelError
from sorby.core.records import ModelCard

_ARRAYS = ("mean", "scale", "weights", "intercept")


def save_classifier(model: LinearClassifier, path: Path, card: ModelCard) -> None:
    """Write a trained classifier and its card to one safetensors file.

    Parameters
    ----------
    model : LinearClassifier
        From ``fit``.
    path : Path
        The file to write.
    card : ModelCard
        Its classes must be the model's; the name of the description is added to its settings.

    Raises
    ------
    ModelError
        If the model is not made of arrays, or the card names other classes.
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> zeros = np.zeros((15, 2), np.float32)
    >>> model = LinearClassifier("shape", ("a", "b"), zeros[:, 0], zeros[:, 0] + 1, zeros, zeros[0])
    >>> path = Path(tempfile.mkdtemp()) / "types.safetensors"
    >>> save_classifier(model, path, ModelCard("types", "defect type", ("a", "b")))
    >>> load_classifier(path)[0].classes
    ('a', 'b')
    """
    from sorby.learn.checkpoint import save_checkpoint

    if not isinstance(model, LinearClassifier):
        raise ModelError(
            f"A {type(model).__name__} cannot be saved: only classifiers made of arrays "
            "(LinearClassifier) are. Build it with sorby.classify.linear.fit_linear."
        )
    if card.classes != model.classes:
        raise ModelError(
            f"The card names the classes {card.classes}, the model {model.classes}. "
            "Make the card with the model's classes."
        )
    card = replace(card, settings={**card.settings, "description": model.description})
    save_checkpoint(path, {name: getattr(model, name) for name in _ARRAYS}, card)


def load_classifier(path: Path) -> tuple[LinearClassifier, ModelCard]:
    """Read a classifier without executing anything.

    Parameters
    ----------
    path : Path
        A file written by `save_classifier`.

    Returns
    -------
    model : LinearClassifier
        Ready to predict.
    card : ModelCard
        Its card; the text is not to be trusted.

    Raises
    ------
    ModelError
        If the file is missing, damaged, of another kind, or not a classifier.
    """
    from sorby.learn.checkpoint import load_checkpoint

    arrays, card = load_checkpoint(path)
    description = card.settings.get("description")
    problem = _problem(arrays, card, description)
    if problem:
        raise ModelError(
            f"{Path(path).name} is not a classifier of defect types: {problem}. "
            "Choose one saved by 'sorby classify train'."
        )
    return LinearClassifier(str(description), card.classes, **arrays), card


def _problem(arrays: dict[str, np.ndarray], card: ModelCard, description: object) -> str | None:
    if set(arrays) != set(_ARRAYS):
        return f"it holds the arrays {sorted(arrays)}"
    if not isinstance(description, str) or description not in DESCRIPTIONS:
        return f"it asks for the description {description!r}, which is not installed"
    n, k = len(arrays["mean"]) if arrays["mean"].ndim else 0, len(card.classes)
    expected = {"mean": (n,), "scale": (n,), "weights": (n, k), "intercept": (k,)}
    for name, shape in expected.items():
        if arrays[name].shape != shape or arrays[name].dtype.kind != "f":
            return f"{name!r} is {arrays[name].dtype} of shape {arrays[name].shape}"
        if not np.isfinite(arrays[name]).all():
            return f"{name!r} holds values that are not finite"
    if k < 2 or len(set(card.classes)) != k or not (arrays["scale"] > 0).all():
        return "its classes or scales make no sense"
    return None
