"""Tables that steps made, kept in the database with the record of the step."""

from __future__ import annotations

import hashlib
import io as stdio
import sqlite3
from dataclasses import replace

import pandas as pd

from sorby.core.records import StepRecord
from sorby.project import history

_WORDS = (
    "image",
    "specimen",
    "split",
    "alloy",
    "section_plane",
    "scale_source",
    "defect_type",
    "type_source",
    "type_seen_in",
)


def write(
    connection: sqlite3.Connection,
    tables: dict[str, pd.DataFrame],
    *,
    made_from: str,
    record: StepRecord,
) -> None:
    """Store tables as CSV and append the record of their step, their hashes among its outputs.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the project's database, inside a transaction.
    tables : dict of str to DataFrame
        By name; floats keep every digit.
    made_from : str
        Fingerprint of what they were computed from.
    record : StepRecord
        The step.
    """
    texts = {name: table.to_csv(index=False).encode() for name, table in tables.items()}
    hashes = {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}
    step_id = history.append(connection, replace(record, outputs={**record.outputs, **hashes}))
    connection.executemany(
        "INSERT OR REPLACE INTO result (name, csv, sha256, made_from, step_id)"
        " VALUES (?, ?, ?, ?, ?)",
        [(name, texts[name], hashes[name], made_from, step_id) for name in tables],
    )


def read(connection: sqlite3.Connection, name: str) -> tuple[pd.DataFrame, str] | None:
    """Stored table and the fingerprint it was made from, or None."""
    row = connection.execute("SELECT csv, made_from FROM result WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    # Names stay names: an image "001", a specimen "NA" and an alloy "718" are no numbers.
    words = dict.fromkeys(_WORDS, "str")
    table = pd.read_csv(
        stdio.BytesIO(row["csv"]), dtype=words, keep_default_na=False, na_values=[""]
    )
    return table, row["made_from"]
