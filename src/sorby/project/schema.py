"""Tables of the project's database, and how an older database becomes a current one.

``MIGRATIONS[k]`` leads from version k to version k + 1. Append to it; never edit an entry that
has been released. ``PRAGMA user_version`` holds the version of a file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sorby.core.errors import ProjectError

APPLICATION_ID = 0x536F7262  # "Sorb", in the header of the database file

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE field (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        specimen TEXT,
        split TEXT NOT NULL DEFAULT 'pool' CHECK (split IN ('pool', 'test')),
        um_per_px REAL CHECK (um_per_px > 0),
        scale_source TEXT,
        scale_uncertainty REAL NOT NULL DEFAULT 0,
        laser_power_w REAL, scan_speed_mm_s REAL, hatch_um REAL, layer_um REAL,
        beam_um REAL, preheat_c REAL, alloy TEXT,
        section_plane TEXT, build_direction_deg REAL, objective_na REAL,
        n_rows INTEGER NOT NULL, n_columns INTEGER NOT NULL,
        ignore_boxes TEXT NOT NULL DEFAULT '[]'
    );
    CREATE TABLE picture (
        field_id INTEGER NOT NULL REFERENCES field (id),
        kind TEXT NOT NULL CHECK (kind IN ('polished', 'etched')),
        path TEXT NOT NULL,
        origin TEXT NOT NULL,
        page INTEGER NOT NULL DEFAULT 0,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (field_id, kind)
    );
    CREATE TABLE mask (
        field_id INTEGER NOT NULL REFERENCES field (id),
        version INTEGER NOT NULL,
        source TEXT NOT NULL CHECK (source IN ('model', 'person')),
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        time TEXT NOT NULL,
        PRIMARY KEY (field_id, version)
    );
    CREATE TABLE label (
        id INTEGER PRIMARY KEY,
        field_id INTEGER NOT NULL REFERENCES field (id),
        x_px REAL NOT NULL,
        y_px REAL NOT NULL,
        label TEXT NOT NULL,
        time TEXT NOT NULL
    );
    CREATE TABLE step (
        id INTEGER PRIMARY KEY,
        step TEXT NOT NULL,
        time TEXT NOT NULL,
        settings TEXT NOT NULL,
        inputs TEXT NOT NULL,
        outputs TEXT NOT NULL,
        versions TEXT NOT NULL
    );
    CREATE TABLE result (
        name TEXT PRIMARY KEY,
        csv BLOB NOT NULL,
        sha256 TEXT NOT NULL,
        made_from TEXT NOT NULL,
        step_id INTEGER NOT NULL REFERENCES step (id)
    );
    CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TRIGGER step_is_never_changed BEFORE UPDATE ON step
        BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    CREATE TRIGGER step_is_never_removed BEFORE DELETE ON step
        BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
    """,
    """
    ALTER TABLE field ADD COLUMN copy_of TEXT;
    ALTER TABLE mask ADD COLUMN author TEXT NOT NULL DEFAULT '';
    ALTER TABLE mask ADD COLUMN probability_path TEXT;
    ALTER TABLE mask ADD COLUMN probability_sha256 TEXT;
    CREATE TABLE model (
        number INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        card TEXT NOT NULL,
        made_from TEXT NOT NULL,
        time TEXT NOT NULL
    );
    CREATE INDEX model_by_origin ON model (made_from);
    CREATE TABLE pick (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        round INTEGER NOT NULL,
        field_id INTEGER NOT NULL REFERENCES field (id),
        strategy TEXT NOT NULL,
        reason TEXT NOT NULL,
        time TEXT NOT NULL
    );
    CREATE TABLE round (
        run TEXT NOT NULL,
        round INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (run, round)
    );
    """,
    """
    CREATE TABLE draft (
        id INTEGER PRIMARY KEY,
        field_id INTEGER NOT NULL REFERENCES field (id),
        mode TEXT NOT NULL CHECK (mode IN ('correct', 'from_nothing')),
        base INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'done', 'parked')),
        counter INTEGER NOT NULL DEFAULT 0,
        first_id INTEGER NOT NULL,
        next_id INTEGER NOT NULL,
        n_pending INTEGER NOT NULL DEFAULT 0,
        n_defects INTEGER NOT NULL,
        n_to_check INTEGER NOT NULL,
        author TEXT NOT NULL,
        time TEXT NOT NULL
    );
    CREATE INDEX draft_by_field ON draft (field_id, mode);
    CREATE TABLE gesture (
        id INTEGER PRIMARY KEY,
        draft_id INTEGER NOT NULL REFERENCES draft (id),
        number INTEGER NOT NULL,
        uuid TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        operation TEXT NOT NULL,
        seconds REAL NOT NULL CHECK (seconds >= 0),
        n_actions INTEGER NOT NULL CHECK (n_actions >= 0),
        author TEXT NOT NULL,
        time TEXT NOT NULL,
        standing TEXT NOT NULL DEFAULT 'live' CHECK (standing IN ('live', 'undone', 'dropped')),
        target INTEGER,
        difference BLOB NOT NULL,
        changes BLOB NOT NULL,
        answer BLOB NOT NULL,
        UNIQUE (draft_id, number)
    );
    """,
)


def connect(path: Path) -> sqlite3.Connection:
    """Open a project's database: write-ahead log, foreign keys, patience with other writers.

    Parameters
    ----------
    path : Path
        The database file; made if it does not exist.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode: use ``BEGIN IMMEDIATE`` for what belongs together.

    Raises
    ------
    ProjectError
        If the file is not a healthy database.
    """
    try:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # what was told to be kept survives
        connection.execute("PRAGMA foreign_keys = ON")
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise ProjectError(
            f"{path} cannot be opened as a project database: {error}. "
            "Check that the disk is not full and the folder can be written; if both are right, the "
            "file is damaged: restore it from a copy."
        ) from error
    if problem != "ok":
        raise ProjectError(f"{path} is damaged ({problem}). Restore it from a copy.")
    return connection


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a database to the current version, after a copy of the old one.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `connect`.
    path : Path
        The database file, copied to ``<name>.version<k>`` before a change.

    Raises
    ------
    ProjectError
        If a newer Sorby wrote the file.
    """
    if _version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")  # another program that migrates is waited for here
    try:
        version = _version(connection, path)
        if 0 < version < len(MIGRATIONS):
            _copy(path, path.with_name(f"{path.name}.version{version}"))
        for script in MIGRATIONS[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise ProjectError(
            f"{path.parent} was written by a newer Sorby (project version {version}; this one "
            f"reads up to {len(MIGRATIONS)}). Nothing was changed. Install the newer Sorby to "
            "open it."
        )
    return version


def _copy(path: Path, copy: Path) -> None:
    """Copy of a database as it was last committed, its write-ahead log included."""
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _statements(script: str) -> Iterator[str]:
    """Statements of a script, one by one: `executescript` would end the transaction."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if statement.strip() != ";" and sqlite3.complete_statement(statement):
            yield statement
            statement = ""
