"""The store: a folder with a database, masks and results, in which nothing is overwritten."""

from sorby.project.fields import Field, StoredMask
from sorby.project.layout import DATABASE, results_folder
from sorby.project.removal import remove_empty
from sorby.project.store import Project

__all__ = ["DATABASE", "Field", "Project", "StoredMask", "remove_empty", "results_folder"]
