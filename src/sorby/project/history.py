"""Append-only records of what was done: they lead from a number back to its pixels."""

from __future__ import annotations

import functools
import json
import platform
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from sorby import __version__
from sorby.core.records import StepRecord

_COMPUTING = ("numpy", "scipy", "scikit-image", "scikit-learn", "pandas", "torch", "pillow")


def new_record(
    step: str,
    *,
    settings: dict[str, object] | None = None,
    inputs: dict[str, str] | None = None,
    outputs: dict[str, str] | None = None,
) -> StepRecord:
    """Record of a step that ends now, with the versions of what computed it.

    Parameters
    ----------
    step : str
        Name of the step.
    settings : dict, optional
        Its options, the seed included.
    inputs, outputs : dict of str to str, optional
        Names and SHA-256 hashes.

    Returns
    -------
    StepRecord
        With the time in UTC.
    """
    return StepRecord(
        step=step,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=settings or {},
        inputs=inputs or {},
        outputs=outputs or {},
        versions=_versions(),
    )


def tagged(hashes: dict[str, str], tag: str) -> dict[str, str]:
    """Hashes by name, the name followed by what they are of."""
    return {f"{name} {tag}": sha256 for name, sha256 in hashes.items()}


def append(connection: sqlite3.Connection, record: StepRecord) -> int:
    """Add a record at the end of the history.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the project's database, inside a transaction.
    record : StepRecord
        What was done.

    Returns
    -------
    int
        The record's number.
    """
    values = (record.settings, record.inputs, record.outputs, record.versions)
    cursor = connection.execute(
        "INSERT INTO step (step, time, settings, inputs, outputs, versions)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (record.step, record.time, *(json.dumps(v, sort_keys=True, default=str) for v in values)),
    )
    return int(cursor.lastrowid or 0)


def read_all(connection: sqlite3.Connection) -> list[StepRecord]:
    """Every record, oldest first.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the project's database.

    Returns
    -------
    list of StepRecord
        In the order in which they were appended.
    """
    return [
        StepRecord(
            row["step"],
            row["time"],
            *(json.loads(row[k]) for k in ("settings", "inputs", "outputs", "versions")),
        )
        for row in connection.execute("SELECT * FROM step ORDER BY id")
    ]


def _versions() -> dict[str, str]:
    return dict(_known_versions())


@functools.cache
def _known_versions() -> Mapping[str, str]:
    """Versions of what computes: looked up once, which takes longer than writing a record."""
    found = {"sorby": __version__, "python": platform.python_version()}
    for name in _COMPUTING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
