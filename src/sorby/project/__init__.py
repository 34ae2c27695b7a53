"""The store: a folder with a database, masks, models and results; nothing is overwritten."""

from sorby.project.fields import Field, StoredMask
from sorby.project.journal import Draft, Gesture, Journal
from sorby.project.layout import DATABASE, cache_folder, models_folder, results_folder
from sorby.project.masks import (
    probability_of,
    probability_step_bands_of,
    probability_steps_of,
)
from sorby.project.models import StoredModel, no_model_error
from sorby.project.removal import remove_empty
from sorby.project.rounds import BY_HAND
from sorby.project.store import Project

__all__ = [
    "BY_HAND",
    "DATABASE",
    "Draft",
    "Field",
    "Gesture",
    "Journal",
    "Project",
    "StoredMask",
    "StoredModel",
    "cache_folder",
    "models_folder",
    "no_model_error",
    "probability_of",
    "probability_step_bands_of",
    "probability_steps_of",
    "remove_empty",
    "results_folder",
]
