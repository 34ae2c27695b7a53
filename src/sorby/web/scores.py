"""Shapes of what models are worth: two compared, and one on the locked test images."""

from __future__ import annotations

from typing import Literal

from sorby.web.shapes import Box, Told


class Scores(Told):
    """How a model does on one image."""

    f1: float | None
    precision: float | None
    recall: float | None
    n_found: int
    n_false: int


class ImageScores(Told):
    """Two models on one image."""

    name: str
    n_defects: int
    was_learnt: bool
    old: Scores
    new: Scores


class Change(Told):
    """A defect in which two models differ."""

    image: str
    box: Box
    change: Literal["gained", "lost", "false_new", "false_gone"]
    area_px: int
    area_um2: float | None


class Means(Told):
    """Mean F1 over images."""

    old: float | None
    new: float | None


class Comparison(Told):
    """A new model beside an old one."""

    images: list[ImageScores]
    gained: int
    lost: int
    changed: list[Change]
    n_changed: int
    macro_f1: Means


class KeptComparison(Told):
    """A comparison; null where it was not computed for the masks as they are now."""

    comparison: Comparison | None


class Spread(Told):
    """Mean of a score over fields, and its standard deviation; null for fewer than two."""

    mean: float | None
    sd: float | None


class TestScores(Told):
    """Scores of one way over the test images."""

    macro_f1: Spread
    defect_f1: Spread
    precision: Spread
    recall: Spread


class ImageScore(Told):
    """Scores of one test image."""

    image: str
    macro_f1: float | None
    precision: float | None
    recall: float | None


class LastScores(TestScores):
    """Scores of the model, with those of methods without labels beside it."""

    model: int
    n: int
    classes: dict[str, Spread]
    baselines: dict[str, TestScores]
    images: list[ImageScore]
    is_current: bool


class Evaluation(Told):
    """Where the locked test stands: who is in it, who lacks a mask, and the last scores."""

    tests: list[str]
    without_mask: list[str]
    scores: LastScores | None
