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
    embedder, scale, files = _places(project, fields)
    rows = []
    for done, (field, file) in enumerate(zip(fields, files, strict=True), start=1):
        rows.append(_row(project, field, embedder, scale, file))
        on_step(done, len(fields), step="look", image=field.name)
    return np.stack(rows)


def kept_embedding(project: Project, fields: Sequence[Field]) -> tuple[np.ndarray | None, int]:
    """Raw embedding of fields that were all looked at before; no image is opened.

    Parameters
    ----------
    project : Project
        Whose fields they are.
    fields : sequence of Field
        Any number.

    Returns
    -------
    rows : ndarray of shape (n, d) or None
        As `embed_fields` gives; None where a field is missing or there is none.
    n_missing : int
        Fields that were not looked at.
    """
    rows = [_kept(file) for file in _places(project, fields)[2]]
    found = [row for row in rows if row is not None]
    n_missing = len(rows) - len(found)
    return (np.stack(found) if found and not n_missing else None), n_missing


def _places(project: Project, fields: Sequence[Field]) -> tuple[str, float | None, list[Path]]:
    """Embedder and common scale, and the cache file of each field under these."""
    from sorby.features import common_scale, default_embedder
    from sorby.project import cache_folder

    embedder, hashes = default_embedder(), project.picture_hashes()
    scale = common_scale(field.um_per_px for field in project.fields() if not field.is_locked)
    home, files = cache_folder(project.folder) / "embeddings", []
    for field in fields:
        about = [embedder, hashes[field.name], field.um_per_px, scale, field.ignore_boxes]
        key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
        files.append(home / f"{key[:32]}.npy")
    return embedder, scale, files


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
