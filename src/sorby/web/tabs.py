"""Which tab of which browser may correct a field: one at a time, others look."""

from __future__ import annotations

import threading
import time

from sorby.web.errors import ReadOnlyError

IDLE_S = 90.0
"""A tab that was not heard of for so long gives a field up to the next that asks."""


class Tabs:
    """The writing tab of each field."""

    def __init__(self) -> None:
        self._writers: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def claim(self, field: str, tab: str) -> bool:
        """Whether a tab may write from now on: it does already, nobody does, or that one is idle.

        Parameters
        ----------
        field, tab : str
            Name of the field, and what the tab calls itself.
        """
        now = time.monotonic()
        with self._lock:
            writer, heard = self._writers.get(field, (tab, now))
            if writer != tab and now - heard < IDLE_S:
                return False
            self._writers[field] = (tab, now)
            return True

    def take_over(self, field: str, tab: str) -> None:
        """Make a tab the writer; the one before becomes read-only."""
        with self._lock:
            self._writers[field] = (tab, time.monotonic())

    def check(self, field: str, tab: str) -> None:
        """Refuse a tab that may not write.

        Raises
        ------
        ReadOnlyError
            If another one corrects the field.
        """
        if not self.claim(field, tab):
            raise ReadOnlyError(
                f"Another tab corrects {field!r}. Take over here, or go on there; nothing is lost."
            )
