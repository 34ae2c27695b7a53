"""Which fields were chosen in which round, and what each round of a run came to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pandas as pd

from sorby.project import history

BY_HAND = ""
"""Name of the run that a person makes, command by command."""


class Rounds:
    """Picks and rounds of one project, see `sorby.project.Project.rounds`.

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

    def add_picks(
        self, number: int, names: Sequence[str], reasons: Sequence[str], *, strategy: str
    ) -> None:
        """Remember the fields that were chosen for a round by hand; they replace earlier ones.

        Parameters
        ----------
        number : int
            1, 2, ...
        names, reasons : sequence of str
            Fields, and why each was chosen.
        strategy : str
            Who chose.
        """
        time = history.new_record("select").time
        with self._transaction():
            self._connection.execute(
                "DELETE FROM pick WHERE run = ? AND round = ?", (BY_HAND, number)
            )
            self._connection.executemany(
                "INSERT INTO pick (run, round, field_id, strategy, reason, time)"
                " VALUES (?, ?, (SELECT id FROM field WHERE name = ?), ?, ?, ?)",
                [
                    (BY_HAND, number, name, strategy, reason, time)
                    for name, reason in zip(names, reasons, strict=True)
                ],
            )

    def picks(self) -> pd.DataFrame:
        """Fields chosen by hand: ``image``, ``round``, ``strategy``, ``reason``."""
        rows = self._connection.execute(
            "SELECT name, round, strategy, reason FROM pick JOIN field ON field.id = field_id"
            " WHERE run = ? ORDER BY pick.id",
            (BY_HAND,),
        ).fetchall()
        return pd.DataFrame(
            [tuple(row) for row in rows], columns=["image", "round", "strategy", "reason"]
        )

    def put(self, run: str, number: int, content: dict[str, Any]) -> None:
        """Keep what a round of a run came to."""
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO round (run, round, content) VALUES (?, ?, ?)",
                (run, number, json.dumps(content, allow_nan=False)),
            )

    def of(self, run: str) -> list[dict[str, Any]]:
        """Rounds of a run that are finished, in order."""
        rows = self._connection.execute(
            "SELECT content FROM round WHERE run = ? ORDER BY round", (run,)
        )
        return [json.loads(row["content"]) for row in rows]

    def all(self) -> list[dict[str, Any]]:
        """Rounds of every run, in order; runs by the time of their last round."""
        rows = self._connection.execute(
            "SELECT content FROM round JOIN"
            " (SELECT run, MAX(json_extract(content, '$.time')) AS time, MAX(rowid) AS latest"
            " FROM round GROUP BY run) USING (run) ORDER BY time, latest, round"
        )
        return [json.loads(row["content"]) for row in rows]
