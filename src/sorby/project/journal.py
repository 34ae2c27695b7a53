"""The journal of corrections: a draft for each field under review, a row for each gesture.

A gesture is written, with all that it changed, before anybody is told that it was made. A draft
is its mask version and the differences of its live gestures, so nothing else has to be saved.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from sorby.core.errors import ProjectError, ReviewError


@dataclass(frozen=True)
class Draft:
    """A field under review.

    Attributes
    ----------
    id, field, mode : int and str
        Its number, whose mask it corrects, and "correct" or "from_nothing".
    base : int
        Version of the mask that it started from; 0 where it started from nothing.
    seen : int
        Latest version of the mask that it takes into account: a later one is a conflict.
    state : str
        "open", "done", or "parked" where another draft took its place.
    counter : int
        Grows with every gesture.
    first_id, next_id : int
        Number of the first defect of the base, and the first number that is free.
    n_pending : int
        Gestures that changed something since it was started or finished.
    n_defects, n_to_check : int
        Defects now, and those of them that nobody has verified.
    author, time : str
        Who started it, and when it was last changed (UTC).
    latest : int
        Latest version of the field's mask; 0 where it has none.
    """

    id: int
    field: str
    mode: str
    base: int
    seen: int
    state: str
    counter: int
    first_id: int
    next_id: int
    n_pending: int
    n_defects: int
    n_to_check: int
    author: str
    time: str
    latest: int

    @property
    def is_in_conflict(self) -> bool:
        """Whether the field got another mask while this draft holds unfinished gestures."""
        return self.mode == "correct" and self.latest > self.seen and self.n_pending > 0


@dataclass(frozen=True)
class Gesture:
    """One row of the journal.

    Attributes
    ----------
    uuid, kind : str
        Its name, unique in the project, and what was done.
    operation : dict
        What the client asked for.
    seconds, n_actions : float and int
        Effort since the gesture before.
    author, time : str
        Who and when.
    difference : bytes
        Of the pixels (`sorby.annotate.journal`).
    changes : list
        Of the defects: rows before and rows after.
    answer : dict
        What the client was told.
    number : int
        Place in the draft; 0 until it is written.
    standing : str
        "live", "undone", or "dropped" where something else was done after it was undone, and
        where it changed nothing.
    target : int or None
        Of undo and redo: number of the gesture that they turned.
    """

    uuid: str
    kind: str
    operation: dict[str, Any]
    seconds: float
    n_actions: int
    author: str
    time: str
    difference: bytes
    changes: list[Any]
    answer: dict[str, Any]
    number: int = 0
    standing: str = "live"
    target: int | None = None


class Journal:
    """Drafts and gestures of one project, see `sorby.project.Project.journal`.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of its database.
    transaction : callable
        Makes the context in which writes belong together.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._connection, self._transaction = connection, transaction

    # ------------------------------------------------------------------ drafts

    def start(
        self, field: str, mode: str, *, base: int, state: str, n_defects: int, n_to_check: int,
        author: str,
    ) -> Draft:  # fmt: skip
        """Begin a draft; the one before of the same mode is parked, and loses nothing.

        Parameters
        ----------
        field, mode : str
            Whose mask, and "correct" or "from_nothing".
        base : int
            Version of the mask that it starts from.
        state : {"open", "done"}
            Done where a person has made the base.
        n_defects, n_to_check : int
            Defects of the base, and those nobody has verified.
        author : str
            Who starts it.

        Returns
        -------
        Draft
            Its defects get numbers that no defect of the field has had.
        """
        with self._transaction():
            known = self._connection.execute(
                "SELECT id, (SELECT COALESCE(MAX(next_id), 1) FROM draft WHERE field_id = field.id)"
                " AS first FROM field WHERE name = ?",
                (field,),
            ).fetchone()
            self._connection.execute(
                "UPDATE draft SET state = 'parked' WHERE field_id = ? AND mode = ?",
                (known["id"], mode),
            )
            first = known["first"]
            cursor = self._connection.execute(
                "INSERT INTO draft (field_id, mode, base, seen, state, first_id, next_id,"
                " n_defects, n_to_check, author, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (known["id"], mode, base, base, state, first, first + n_defects, n_defects,
                 n_to_check, author, now()),
            )  # fmt: skip
        return self._one("draft.id = ?", cursor.lastrowid)

    def current(self, field: str, mode: str = "correct") -> Draft | None:
        """The draft of a field that is not parked, or None."""
        found = self._drafts("name = ? AND mode = ? AND state <> 'parked'", field, mode)
        return found[-1] if found else None

    def drafts(self) -> list[Draft]:
        """Every draft, the parked ones as well, oldest first."""
        return self._drafts("1")

    def of_field(self, field: str, mode: str = "correct") -> list[Draft]:
        """Every draft of a field, the parked ones as well, oldest first."""
        return self._drafts("name = ? AND mode = ?", field, mode)

    def switch(self, draft: Draft) -> None:
        """Make a parked draft the current one of its field again."""
        with self._transaction():
            self._connection.execute(
                "UPDATE draft SET state = 'parked' WHERE mode = ? AND field_id ="
                " (SELECT field_id FROM draft WHERE id = ?)",
                (draft.mode, draft.id),
            )
            self._connection.execute("UPDATE draft SET state = 'open' WHERE id = ?", (draft.id,))

    def _drafts(self, where: str, *values: object) -> list[Draft]:
        rows = self._connection.execute(
            "SELECT draft.*, name AS field, (SELECT COALESCE(MAX(version), 0) FROM mask"
            " WHERE mask.field_id = draft.field_id) AS latest"
            " FROM draft JOIN field ON field.id = field_id"
            f" WHERE {where} ORDER BY draft.id",
            values,
        )
        return [Draft(**{name: row[name] for name in Draft.__dataclass_fields__}) for row in rows]

    def _one(self, where: str, *values: object) -> Draft:
        return self._drafts(where, *values)[0]

    # ------------------------------------------------------------------ gestures

    def append(self, draft: Draft, gesture: Gesture, *, drops_redo: bool) -> Draft:
        """Write a gesture and what its draft has become; on the disk when this returns.

        Parameters
        ----------
        draft : Draft
            As it is after the gesture, its counter as it was before.
        gesture : Gesture
            What was done.
        drops_redo : bool
            Whether gestures that were undone cannot be done again from here on.

        Returns
        -------
        Draft
            With the new counter.

        Raises
        ------
        ReviewError
            If another program has added to the draft in the meantime.
        ProjectError
            If the database cannot be written.
        """
        number = draft.counter + 1
        with self._transaction():
            self._claim(draft, number)
            if drops_redo:
                self._connection.execute(
                    "UPDATE gesture SET standing = 'dropped'"
                    " WHERE draft_id = ? AND standing = 'undone'",
                    (draft.id,),
                )
            if gesture.target is not None:
                self._connection.execute(
                    "UPDATE gesture SET standing = ? WHERE draft_id = ? AND number = ?",
                    ("undone" if gesture.kind == "undo" else "live", draft.id, gesture.target),
                )
            self._write(draft, gesture, number)
        return replace(draft, counter=number)

    def _claim(self, draft: Draft, number: int) -> None:
        claimed = self._connection.execute(
            "UPDATE draft SET counter = ?, state = ?, seen = ?, next_id = ?, n_pending = ?,"
            " n_defects = ?, n_to_check = ?, time = ? WHERE id = ? AND counter = ?",
            (number, draft.state, draft.seen, draft.next_id, draft.n_pending, draft.n_defects,
             draft.n_to_check, now(), draft.id, draft.counter),
        )  # fmt: skip
        if claimed.rowcount != 1:
            raise ReviewError(
                f"Another program has corrected {draft.field!r} in the meantime. Nothing was "
                "changed by this gesture. Reload the page and make it again."
            )

    def _write(self, draft: Draft, gesture: Gesture, number: int) -> None:
        try:
            self._connection.execute(
                "INSERT INTO gesture (draft_id, number, uuid, kind, operation, seconds, n_actions,"
                " author, time, standing, target, difference, changes, answer)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (draft.id, number, gesture.uuid, gesture.kind, json.dumps(gesture.operation),
                 gesture.seconds, gesture.n_actions, gesture.author, gesture.time, gesture.standing,
                 gesture.target, gesture.difference, _packed(gesture.changes),
                 _packed(gesture.answer)),
            )  # fmt: skip
        except sqlite3.IntegrityError as error:
            raise ReviewError(
                f"The gesture {gesture.uuid} is in the project already. Give each gesture a name "
                "of its own."
            ) from error

    def gestures(self, draft: Draft) -> list[Gesture]:
        """Every gesture of a draft in order, those that were undone as well; without answers."""
        rows = self._connection.execute(
            "SELECT * FROM gesture WHERE draft_id = ? ORDER BY number", (draft.id,)
        )
        return [self._gesture(row) for row in rows]

    def _gesture(self, row: sqlite3.Row) -> Gesture:
        return Gesture(
            uuid=row["uuid"],
            kind=row["kind"],
            operation=json.loads(row["operation"]),
            seconds=row["seconds"],
            n_actions=row["n_actions"],
            author=row["author"],
            time=row["time"],
            difference=row["difference"],
            changes=_unpacked(row["changes"]),
            answer={},
            number=row["number"],
            standing=row["standing"],
            target=row["target"],
        )

    def answered(self, uuid: str) -> tuple[str, dict[str, Any]] | None:
        """Field and answer of a gesture that was written, or None."""
        row = self._connection.execute(
            "SELECT name, answer FROM gesture JOIN draft ON draft.id = draft_id"
            " JOIN field ON field.id = field_id WHERE uuid = ?",
            (uuid,),
        ).fetchone()
        return None if row is None else (row["name"], _unpacked(row["answer"]))

    def effort(self) -> pd.DataFrame:
        """Every gesture's effort.

        Returns
        -------
        DataFrame
            ``image``, ``mode``, ``draft``, ``number``, ``kind``, ``seconds``, ``n_actions``,
            ``standing``, ``author``, ``time``.
        """
        columns = ["image", "mode", "draft", "number", "kind", "seconds", "n_actions",
                   "standing", "author", "time"]  # fmt: skip
        rows = self._connection.execute(
            "SELECT name, mode, draft_id, number, kind, seconds, n_actions, standing,"
            " gesture.author, gesture.time FROM gesture JOIN draft ON draft.id = draft_id"
            " JOIN field ON field.id = field_id ORDER BY gesture.id"
        ).fetchall()
        return pd.DataFrame([tuple(row) for row in rows], columns=columns)


def now() -> str:
    """Time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _packed(content: Any) -> bytes:
    return zlib.compress(json.dumps(content, allow_nan=False, separators=(",", ":")).encode(), 1)


def _unpacked(content: bytes) -> Any:
    try:
        return json.loads(zlib.decompress(content))
    except (zlib.error, ValueError) as error:
        raise ProjectError(
            f"A gesture in the project's journal is damaged ({error}). Restore the project from "
            "a copy."
        ) from error
