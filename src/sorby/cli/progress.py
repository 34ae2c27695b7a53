"""A progress bar with the time left, on stderr, once a step has taken two seconds."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE_S = 2.0


class Progress:
    """Callback of long steps; quiet for steps that are done at once."""

    def __init__(self) -> None:
        self._latest = time.monotonic()
        self._started: dict[str, float] = {}
        self._bar: Bar | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, **values: object) -> None:
        """Show that ``done`` of ``total`` are ready; ``step`` names what is being done."""
        step = str(values.get("step", ""))
        began = self._started.setdefault(step, self._latest)
        self._latest = time.monotonic()
        if self._bar is None and self._latest - began < PATIENCE_S:
            return
        bar = self._shown()
        if step not in self._tasks:
            self._tasks[step] = bar.add_task(step, total=total)
        bar.update(self._tasks[step], completed=done, total=total)

    def _shown(self) -> Bar:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("left"),
                console=Console(file=sys.stderr),
            )
            self._bar.start()
        return self._bar
