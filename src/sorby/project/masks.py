"""Versions of masks: label PNGs with their probability beside them, none ever overwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sorby.core.errors import ProjectError
from sorby.core.files import content_hash, inside
from sorby.core.planes import WHOLE_PX, Plane, bands_of
from sorby.core.records import IGNORE
from sorby.io import (
    read_mask,
    read_probability,
    read_probability_steps,
    write_mask,
    write_probability,
)
from sorby.io.mask_bands import write_mask_bands
from sorby.io.probability import probability_step_bands
from sorby.project import history, layout
from sorby.project.fields import Field, StoredMask


def add(
    folder: Path,
    connection: sqlite3.Connection,
    field: Field,
    mask: Plane,
    *,
    about: dict[str, str],
    probability: Plane | None = None,
) -> StoredMask:
    """Write a new version of a field's mask and its row.

    Parameters
    ----------
    folder : Path
        The project's folder.
    connection : sqlite3.Connection
        Inside a transaction.
    field : Field
        Whose mask it is.
    mask : ndarray of shape (M, N), uint8
        Put on 255 inside the field's ignore boxes.
    about : dict
        ``source``, ``method``, ``author``.
    probability : ndarray of shape (M, N, classes), optional
        What the mask was cut from.

    Returns
    -------
    StoredMask
        The new current mask.

    Raises
    ------
    ProjectError
        If the shape is not the field's, or the disk refuses.
    """
    if mask.shape != field.shape:
        raise ProjectError(
            f"The mask of {field.name!r} is {mask.shape[0]} x {mask.shape[1]} px and its image "
            f"{field.shape[0]} x {field.shape[1]} px (rows x columns). They must be equal."
        )
    if probability is not None and probability.shape[:2] != field.shape:
        raise ProjectError(
            f"The probability of {field.name!r} has shape {probability.shape} and its image "
            f"{field.shape}. Give the one that the mask was cut from."
        )
    row = connection.execute(
        "SELECT id, (SELECT COALESCE(MAX(version), 0) FROM mask WHERE field_id = field.id)"
        " AS latest FROM field WHERE name = ?",
        (field.name,),
    ).fetchone()
    version = row["latest"] + 1
    name = layout.mask_name(field.name, version)
    path = inside(folder, name)
    _write(path, field, mask)
    columns = {
        "field_id": row["id"],
        "version": version,
        **about,
        "path": name,
        "sha256": content_hash(path),
        "time": history.new_record("mask").time,
    }
    if probability is not None:
        beside = layout.probability_name(field.name, version)
        write_probability(inside(folder, beside), probability)
        columns["probability_path"] = beside
        columns["probability_sha256"] = content_hash(inside(folder, beside))
    marks = ", ".join("?" * len(columns))
    connection.execute(
        f"INSERT INTO mask ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values())
    )
    return current(folder, connection)[field.name]


def _write(path: Path, field: Field, mask: Plane) -> None:
    """Write a mask, put on 255 inside the ignore boxes; a large one in bands."""
    if mask.shape[0] * mask.shape[1] <= WHOLE_PX:
        write_mask(path, np.where(field.valid(), mask[:], np.uint8(IGNORE)))
        return
    valid = field.valid_plane()
    bands = (
        mask[rows] if valid is None else np.where(valid[rows], mask[rows], np.uint8(IGNORE))
        for rows in bands_of(mask.shape)
    )
    write_mask_bands(path, field.shape, bands)


def current(folder: Path, connection: sqlite3.Connection) -> dict[str, StoredMask]:
    """Current mask of every field that has one, by field name."""
    rows = connection.execute(
        "SELECT field.name, mask.* FROM mask JOIN field ON field.id = field_id"
        " WHERE version = (SELECT MAX(version) FROM mask AS m WHERE m.field_id = field.id)"
        " ORDER BY name"
    ).fetchall()
    return {row["name"]: _stored(folder, row) for row in rows}


def versions(folder: Path, connection: sqlite3.Connection, name: str) -> list[StoredMask]:
    """Every version of a field's mask, oldest first; the last one is the current mask."""
    rows = connection.execute(
        "SELECT field.name, mask.* FROM mask JOIN field ON field.id = field_id"
        " WHERE field.name = ? ORDER BY version",
        (name,),
    ).fetchall()
    return [_stored(folder, row) for row in rows]


def _stored(folder: Path, row: sqlite3.Row) -> StoredMask:
    beside = row["probability_path"]
    return StoredMask(
        field=row["name"],
        version=row["version"],
        source=row["source"],
        method=row["method"],
        path=inside(folder, row["path"]),
        sha256=row["sha256"],
        author=row["author"],
        probability=inside(folder, beside) if beside else None,
        probability_sha256=row["probability_sha256"],
    )


def read(stored: StoredMask) -> np.ndarray:
    """Pixels of a stored mask, verified by its hash.

    Raises
    ------
    ProjectError
        If the file is gone or was changed outside Sorby.
    """
    _verify(stored.path, stored.sha256)
    return read_mask(stored.path)


def probability_of(stored: StoredMask) -> np.ndarray | None:
    """Probability (M, N, classes) a stored mask was cut from, or None if none was kept.

    Raises
    ------
    ProjectError
        If the file is gone or was changed outside Sorby.
    """
    if stored.probability is None:
        return None
    _verify(stored.probability, stored.probability_sha256 or "")
    return read_probability(stored.probability)


def probability_steps_of(stored: StoredMask) -> np.ndarray | None:
    """As `probability_of`, in steps of 1/254 as it lies on the disk: uint8 (classes, M, N)."""
    if stored.probability is None:
        return None
    _verify(stored.probability, stored.probability_sha256 or "")
    return read_probability_steps(stored.probability)


def probability_step_bands_of(stored: StoredMask, height: int) -> Iterator[np.ndarray] | None:
    """As `probability_steps_of`, a band of rows after the other: uint8 (classes, m, N)."""
    if stored.probability is None:
        return None
    _verify(stored.probability, stored.probability_sha256 or "")
    return probability_step_bands(stored.probability, height)


def _verify(path: Path, sha256: str) -> None:
    if not path.is_file() or content_hash(path) != sha256:
        raise ProjectError(
            f"{path} is gone or was changed outside Sorby. Masks in a project are not "
            "edited in place: give the edited file with  sorby masks import DIR PATH"
        )
