"""The classifiers that ship with Sorby."""

from __future__ import annotations

from pathlib import Path

from sorby.classify.linear import LinearClassifier
from sorby.classify.saving import load_classifier
from sorby.core.records import ModelCard

MODELS = Path(__file__).parent / "models"
"""Folder of the shipped classifiers, one file a name in ``CLASSIFIERS``."""


def preferred_classifier() -> str:
    """Name of the best classifier that can work with what is installed.

    Returns
    -------
    str
        "network" where the pretrained weights are installed, else "shape".
    """
    from sorby.learn.pretrained import has_weights

    return "network" if has_weights() else "shape"


def default_classifier() -> tuple[LinearClassifier, ModelCard]:
    """Classifier that is used when a project has none of its own.

    Returns
    -------
    model : LinearClassifier
        The shipped network classifier; the shipped shape classifier where the extra
        ``pretrained`` is not installed.
    card : ModelCard
        Says which of the two it is, how it scored, and its limits: show them with the results.

    Examples
    --------
    >>> model, card = default_classifier()
    >>> model.classes
    ('lack_of_fusion', 'porosity')
    """
    return load_classifier(MODELS / f"{preferred_classifier()}.safetensors")
