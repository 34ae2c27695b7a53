"""Defect types from etched patches: train, predict, evaluate, save.

``CLASSIFIERS`` maps a name to ``fit(patches (n, 128, 128) uint8, labels, *, groups=None, rng,
**options) -> model``; a model has ``classes`` and ``predict_probability(patches) -> (n, classes)``.
"""

from sorby.classify.default import default_classifier, preferred_classifier
from sorby.classify.duplicates import near_duplicate_groups
from sorby.classify.evaluation import evaluate, grouped_folds
from sorby.classify.linear import LinearClassifier
from sorby.classify.patches import PATCH_PX, as_patches
from sorby.classify.prediction import UNCERTAIN, predict_types
from sorby.classify.registries import CLASSIFIERS, DESCRIPTIONS
from sorby.classify.saving import load_classifier, save_classifier

__all__ = [
    "CLASSIFIERS",
    "DESCRIPTIONS",
    "PATCH_PX",
    "UNCERTAIN",
    "LinearClassifier",
    "as_patches",
    "default_classifier",
    "evaluate",
    "grouped_folds",
    "load_classifier",
    "near_duplicate_groups",
    "predict_types",
    "preferred_classifier",
    "save_classifier",
]
