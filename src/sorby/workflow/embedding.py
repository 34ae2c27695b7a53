"""Embeddings of the fields of a project, kept by the content they were computed from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.files import atomic_path
from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator

if TYPE_CHECKING:
    from sorby.project import Field, Project


def embed_fields(
    project: Project, fields: Sequence[Field], *, on_step: OnStep = silent
) -> np.ndarray:
    """Raw embedding of fields at the common µm/px of the pool; each is computed once.

    Locked fields do not count for the common scale: nothing that is chosen depends on them.

    Parameters
    ----------
    project : Project
        Whose fields they are.
    fields : sequence of Field
        At least one.
    on_step : callable
        Told after each field.

    Returns
    -------
    ndarray of shape (n, d), float32
        One row a field; standardise it before distances are measured.
    """
    from sorby.features import common_scale, default_embedder

    embedder, hashes = default_embedder(), project.picture_hashes()
    scale = common_scale(field.um_per_px for field in project.fields() if not field.is_locked)
    rows = []
    for done, field in enumerate(fields, start=1):
        about = [embedder, hashes[field.name], field.um_per_px, scale, field.ignore_boxes]
        rows.append(_row(project, field, embedder, scale, _cache_file(project, about)))
        on_step(done, len(fields), step="look", image=field.name)
    return np.stack(rows)


def _cache_file(project: Project, about: list[object]) -> Path:
    from sorby.project import cache_folder

    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    return cache_folder(project.folder) / "embeddings" / f"{key[:32]}.npy"


def _row(
    project: Project, field: Field, embedder: str, scale: float | None, file: Path
) -> np.ndarray:
    from sorby.features import EMBEDDERS

    kept = _kept(file)
    if kept is not None:
        return kept
    row = EMBEDDERS[embedder](
        [project.read_picture(field)], rng=generator(0), valid=[field.valid()], um_per_px=scale
    )[0]
    with atomic_path(file) as writing, writing.open("wb") as stream:
        np.save(stream, row, allow_pickle=False)
    return np.asarray(row)


def _kept(file: Path) -> np.ndarray | None:
    """Row of a cache file, or None where it is absent or damaged: then it is computed again."""
    try:
        row = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return row if row.ndim == 1 and np.isfinite(row).all() else None
