"""How a long step says how far it is: a callback, never the log."""

from __future__ import annotations

from typing import Protocol


class OnStep(Protocol):
    """Called after each unit of work."""

    def __call__(self, done: int, total: int, **values: object) -> None:
        """Report that ``done`` of ``total`` units are ready."""


class ShouldStop(Protocol):
    """Asked after each unit of work by what can end early and still give an answer."""

    def __call__(self) -> bool:
        """Whether the person who waits wants it to end now."""


def never() -> bool:
    """Go on to the end: the default of what can be stopped."""
    return False


def silent(done: int, total: int, **values: object) -> None:
    """Ignore the progress: the default of every long step."""
