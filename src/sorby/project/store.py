"""A project: its fields, their images and masks, what was measured, and how."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from sorby.core.errors import ProjectError
from sorby.core.planes import Plane
from sorby.core.records import Micrograph, StepRecord
from sorby.io import read_micrograph
from sorby.project import history, layout, masks, results, schema
from sorby.project.fields import Field, StoredMask, field_from_row, field_row
from sorby.project.journal import Journal
from sorby.project.models import Models
from sorby.project.pictures import locate_picture, picture_row
from sorby.project.rounds import Rounds


class Project:
    """A project's folder, open for reading and writing.

    Use `Project.create` or `Project.open`, as a context manager.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection

    # ------------------------------------------------------------------ open and close

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a project in a folder that has none yet.

        Raises
        ------
        ProjectError
            If there is one already, or the folder cannot be written.
        """
        folder = Path(folder).resolve()
        if (folder / layout.DATABASE).exists():
            raise ProjectError(
                f"{folder} is a project already. Choose another folder, or go on with it: "
                f"sorby status {folder}"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / layout.DATABASE, os.O_CREAT | os.O_EXCL, 0o600)
            os.close(descriptor)
        except OSError as error:
            raise ProjectError(
                f"A project cannot be made in {folder}: {error.strerror or error}. "
                "Choose a folder that can be written."
            ) from error
        return cls._attach(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an existing project; an older one is migrated after a copy of its database.

        Raises
        ------
        ProjectError
            If there is no project, it is damaged, or a newer Sorby wrote it.
        """
        folder = Path(folder).resolve()
        if not (folder / layout.DATABASE).is_file():
            raise ProjectError(
                f"{folder} is not a Sorby project (it has no {layout.DATABASE}). Make one: "
                f"sorby new {folder} --polished IMAGE..."
            )
        return cls._attach(folder)

    @classmethod
    def _attach(cls, folder: Path) -> Self:
        path = folder / layout.DATABASE
        connection = schema.connect(path)
        try:
            schema.migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(folder, connection)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's writes, or none of them. Blocks may be nested.

        Raises
        ------
        ProjectError
            If the database cannot be written (disk full, read-only, locked for 30 s).
        """
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise ProjectError(
                f"{self.folder} could not be written: {error}. Nothing was changed. Free some "
                "space, or wait until the other program that uses it is done; then run it again."
            ) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    # ------------------------------------------------------------------ fields and images

    def add_field(self, field: Field, pictures: dict[str, tuple[Path, int]], *, copy: bool) -> None:
        """Add a field with its images.

        Parameters
        ----------
        field : Field
            Its name must be new.
        pictures : dict of str to tuple of Path and int
            "polished" and perhaps "etched": file and page.
        copy : bool
            Copy the files into the project; otherwise they are referenced where they lie.

        Raises
        ------
        ProjectError
            If the name is taken or a file cannot be copied.
        """
        with self.transaction():
            try:
                field_id = self._insert("field", field_row(field))
            except sqlite3.IntegrityError as error:
                raise ProjectError(
                    f"The field {field.name!r} cannot be added: {error}. Names are unique in a "
                    "project: rename the file, or leave it out."
                ) from error
            for kind, (path, page) in pictures.items():
                row = picture_row(self.folder, field.name, kind, path, page=page, copy=copy)
                self._insert("picture", {"field_id": field_id, **row})

    def fields(self) -> list[Field]:
        """Every field, by name."""
        return [field_from_row(row) for row in self._query("SELECT * FROM field ORDER BY name")]

    def picture_hashes(self, kind: str = "polished") -> dict[str, str]:
        """SHA-256 of the images of one kind, by field name."""
        rows = self._query(
            "SELECT name, sha256 FROM picture JOIN field ON field.id = field_id"
            " WHERE kind = ? ORDER BY name",
            kind,
        )
        return {row["name"]: row["sha256"] for row in rows}

    def read_picture(self, field: Field, kind: str = "polished") -> Micrograph:
        """Image of a field, verified to be the one that was imported.

        Parameters
        ----------
        field : Field
            One of `fields`.
        kind : {"polished", "etched"}
            Which of the twins.

        Returns
        -------
        Micrograph
            With the field's scale and build direction.

        Raises
        ------
        ProjectError
            If the file is gone or its content has changed since the import.
        """
        rows = self._query(
            "SELECT picture.* FROM picture JOIN field ON field.id = field_id"
            " WHERE name = ? AND kind = ?",
            field.name,
            kind,
        )
        if not rows:
            raise ProjectError(f"The field {field.name!r} has no {kind} image.")
        path = locate_picture(self.folder, rows[0])
        scale = field.um_per_px or 1.0  # keeps the reader from judging the file's own scale again
        pixels = read_micrograph(path, page=rows[0]["page"], um_per_px=scale).pixels
        return Micrograph(pixels, field.name, field.pixel_size, field.build_direction_deg)

    # ------------------------------------------------------------------ masks

    def add_mask(
        self,
        field: Field,
        mask: Plane,
        *,
        source: str,
        method: str,
        author: str = "",
        probability: Plane | None = None,
    ) -> StoredMask:
        """Store a new version of a field's mask; the older ones stay.

        Parameters
        ----------
        field : Field
            Whose mask it is.
        mask : ndarray of shape (M, N), uint8
            0 background, 1.. defect classes, 255 ignore. The field's ignore boxes are put on 255.
        source : {"model", "person"}
            Who made it.
        method : str
            How.
        author : str
            Name of the person, or of the program's model.
        probability : ndarray of shape (M, N, classes), optional
            What the mask was cut from; kept beside it in steps of 1/254.

        Returns
        -------
        StoredMask
            The new current mask.

        Raises
        ------
        ProjectError
            If the shape is not the field's, or the disk refuses.
        """
        with self.transaction():
            return masks.add(
                self.folder,
                self._connection,
                field,
                mask,
                about={"source": source, "method": method, "author": author},
                probability=probability,
            )

    def masks(self) -> dict[str, StoredMask]:
        """Current mask of every field that has one, by field name."""
        return masks.current(self.folder, self._connection)

    def mask_versions(self, name: str) -> list[StoredMask]:
        """Every version of the mask of the field called `name`, oldest first."""
        return masks.versions(self.folder, self._connection, name)

    def read_mask(self, stored: StoredMask) -> np.ndarray:
        """Pixels of a stored mask, verified by its hash.

        Raises
        ------
        ProjectError
            If the file is gone or was changed outside Sorby.
        """
        return masks.read(stored)

    @property
    def models(self) -> Models:
        """The segmenters that were trained here."""
        return Models(self.folder, self._connection, self.transaction)

    @property
    def rounds(self) -> Rounds:
        """Which fields were chosen when, and what came of it."""
        return Rounds(self._connection, self.transaction)

    @property
    def journal(self) -> Journal:
        """Corrections of the masks, gesture by gesture."""
        return Journal(self._connection, self.transaction)

    def lock(self, tests: Iterable[str], copies: Mapping[str, str]) -> None:
        """Set fields aside for tests, and mark shifted or resized copies of test fields.

        Parameters
        ----------
        tests : iterable of str
            Names of pool fields that become test fields.
        copies : mapping of str to str
            Name of a pool field to that of the test field it shows.
        """
        with self.transaction():
            self._connection.executemany(
                "UPDATE field SET split = 'test' WHERE name = ?", [(name,) for name in tests]
            )
            self._connection.executemany(
                "UPDATE field SET copy_of = ? WHERE name = ?",
                [(test, name) for name, test in copies.items()],
            )

    def fingerprint(self) -> str:
        """Hash of all that a measurement depends on: images, masks, scales, conditions."""
        parts = [
            sorted(self.picture_hashes().items()),
            [(m.field, m.version, m.sha256) for m in self.masks().values()],
            [repr(field) for field in self.fields()],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    # ------------------------------------------------------------------ labels, results, history

    def add_labels(self, labels: pd.DataFrame) -> None:
        """Store defect types given by a person.

        Parameters
        ----------
        labels : DataFrame
            ``image`` (name of a field), ``x``, ``y`` (px, inside the defect), ``label``.
        """
        time = history.new_record("labels").time
        with self.transaction():
            self._connection.executemany(
                "INSERT INTO label (field_id, x_px, y_px, label, time)"
                " VALUES ((SELECT id FROM field WHERE name = ?), ?, ?, ?, ?)",
                [
                    (row["image"], float(row["x"]), float(row["y"]), row["label"], time)
                    for row in labels.to_dict("records")
                ],
            )

    def labels(self) -> pd.DataFrame:
        """Types given by a person: ``image``, ``x``, ``y``, ``label``; later ones count."""
        rows = self._query(
            "SELECT name, x_px, y_px, label FROM label JOIN field ON field.id = field_id"
            " ORDER BY label.id"
        )
        return pd.DataFrame([tuple(row) for row in rows], columns=["image", "x", "y", "label"])

    def record(self, record: StepRecord) -> None:
        """Append a record to the history."""
        with self.transaction():
            history.append(self._connection, record)

    def history(self) -> list[StepRecord]:
        """What was done to this project, oldest first."""
        return history.read_all(self._connection)

    def put_results(
        self, tables: dict[str, pd.DataFrame], *, made_from: str, record: StepRecord
    ) -> None:
        """Store tables with the record of the step that made them, or nothing.

        Parameters
        ----------
        tables : dict of str to DataFrame
            By name; stored as CSV, floats keep every digit.
        made_from : str
            Fingerprint of what they were computed from, to notice when they are out of date.
        record : StepRecord
            The step; the tables' hashes are added to its outputs.
        """
        with self.transaction():
            results.write(self._connection, tables, made_from=made_from, record=record)

    def result(self, name: str) -> tuple[pd.DataFrame, str] | None:
        """A stored table and the fingerprint it was made from, or None."""
        return results.read(self._connection, name)

    def set_note(self, name: str, value: str) -> None:
        """Remember a fact about the project ("synthetic", ...)."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)", (name, value)
            )

    def note(self, name: str) -> str | None:
        """A remembered fact, or None."""
        rows = self._query("SELECT value FROM note WHERE name = ?", name)
        return rows[0]["value"] if rows else None

    def _query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def _insert(self, table: str, row: dict[str, object]) -> int:
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
        return int(self._connection.execute(sql, tuple(row.values())).lastrowid or 0)
