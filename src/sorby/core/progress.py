"""How a long step says how far it is: a callback, never the log."""

from __future__ import annotations

from typing import Protocol


class OnStep(Protocol):
    """Called after each unit of work."""

    def __call__(self, done: int, total: int, **values: object) -> None:
        """Report that ``done`` of ``total`` units are ready."""


def silent(done: int, total: int, **values: object) -> None:
    """Ignore the progress: the default of every long step."""
