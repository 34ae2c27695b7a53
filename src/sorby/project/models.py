"""The models of a project: numbered files that are never overwritten, and which one is in use."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from sorby.core.errors import ModelError, ProjectError
from sorby.core.files import content_hash, inside
from sorby.core.records import ModelCard
from sorby.project import history, layout

_CURRENT = "current_model"


@dataclass(frozen=True)
class StoredModel:
    """A trained model of a project.

    Attributes
    ----------
    number : int
        1, 2, ...
    path : Path
        Its safetensors file.
    sha256 : str
        Hash of the file.
    card : ModelCard
        What it was trained on, with which settings, and how it scored.
    made_from : str
        Fingerprint of labels, settings and seed: the same training is not done twice.
    time : str
        When it was made, UTC.
    """

    number: int
    path: Path
    sha256: str
    card: ModelCard
    made_from: str
    time: str

    @property
    def is_whole(self) -> bool:
        """Whether its file is there, as it was written; hashed again when it has changed."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return _hash_at(self.path, now.st_size, now.st_mtime_ns, now.st_ctime_ns) == self.sha256


@functools.lru_cache(maxsize=512)
def _hash_at(path: Path, size: int, changed_ns: int, touched_ns: int) -> str | None:
    """Hash of a file as it was at a time: lists of models are asked for all the time."""
    return content_hash(path) if path.is_file() else None


class Models:
    """The shelf of models of one project, see `sorby.project.Project.models`.

    Parameters
    ----------
    folder : Path
        The project's folder.
    connection : sqlite3.Connection
        Of its database.
    transaction : callable
        Makes the context in which writes belong together.
    """

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._folder, self._connection, self._transaction = folder, connection, transaction

    def add(self, write: Callable[[Path], None], card: ModelCard, *, made_from: str) -> StoredModel:
        """Keep a model under the next number; it is not in use before `use`.

        Parameters
        ----------
        write : callable
            ``f(path)`` that writes the model's file.
        card : ModelCard
            Shown without opening the file.
        made_from : str
            Fingerprint of what it was trained from.

        Returns
        -------
        StoredModel
            The model.
        """
        with self._transaction():
            row = self._connection.execute(
                "SELECT COALESCE(MAX(number), 0) + 1 AS number FROM model"
            ).fetchone()
            name = layout.model_name(row["number"])
            path = inside(self._folder, name)
            write(path)
            self._connection.execute(
                "INSERT INTO model (number, path, sha256, card, made_from, time)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    row["number"],
                    name,
                    content_hash(path),
                    json.dumps(asdict(card), sort_keys=True),
                    made_from,
                    history.new_record("model").time,
                ),
            )
        return self.get(row["number"])

    def all(self) -> list[StoredModel]:
        """Every model, oldest first."""
        rows = self._connection.execute("SELECT * FROM model ORDER BY number")
        return [self._stored(row) for row in rows]

    def get(self, number: int) -> StoredModel:
        """A model by its number, its file verified.

        Raises
        ------
        ModelError
            If there is no such model, or its file is gone or was changed.
        """
        row = self._connection.execute("SELECT * FROM model WHERE number = ?", (number,)).fetchone()
        if row is None:
            known = ", ".join(str(model.number) for model in self.all()) or "none yet"
            raise ModelError(f"The project has no model {number}. Its models: {known}.")
        found = self._stored(row)
        if not found.is_whole:
            raise ModelError(
                f"{found.path} is gone or was changed outside Sorby. Put the file back, or use "
                f"another model: sorby models {self._folder} --use N"
            )
        return found

    def made_from(self, fingerprint: str) -> StoredModel | None:
        """Latest model of this fingerprint whose file is whole, or None."""
        rows = self._connection.execute(
            "SELECT * FROM model WHERE made_from = ? ORDER BY number DESC", (fingerprint,)
        ).fetchall()
        return next((found for row in rows if (found := self._stored(row)).is_whole), None)

    def current(self) -> StoredModel | None:
        """The model in use, its file verified, or None where there is none yet."""
        number = self.current_number()
        return None if number is None else self.get(number)

    def current_number(self) -> int | None:
        """Number of the model in use, or None where there is none yet."""
        row = self._connection.execute(
            "SELECT value FROM note WHERE name = ?", (_CURRENT,)
        ).fetchone()
        return int(row["value"]) if row else None

    def use(self, number: int) -> StoredModel:
        """Put a model in use: promote a new one, roll back to an old one."""
        found = self.get(number)
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)", (_CURRENT, str(number))
            )
        return found

    def _stored(self, row: sqlite3.Row) -> StoredModel:
        card = json.loads(row["card"])
        return StoredModel(
            row["number"],
            inside(self._folder, row["path"]),
            row["sha256"],
            ModelCard(**{**card, "classes": tuple(card["classes"])}),
            row["made_from"],
            row["time"],
        )


def no_model_error(folder: Path) -> ProjectError:
    """Error of a project in which nothing was trained yet."""
    return ProjectError(
        f"{folder} has no model yet. Correct a few masks (sorby select {folder} proposes which), "
        f"take them in (sorby masks import {folder} PATH), then: sorby train {folder}"
    )
