"""What the routes share: the project's folder, its one writer thread, viewer, jobs and events."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Request

from sorby import workflow
from sorby.web.events import Hub
from sorby.web.tabs import Tabs

if TYPE_CHECKING:
    from sorby.workflow.annotating import Desk

T = TypeVar("T")


class House:
    """Everything that lives as long as the server.

    Parameters
    ----------
    folder : Path
        The project.
    author : str, optional
        Who corrects; the name of the computer's user unless told.
    """

    def __init__(self, folder: Path, *, author: str | None = None) -> None:
        self.folder, self._author = Path(folder).resolve(), author
        self.hub, self.tabs = Hub(), Tabs()
        self.viewer = workflow.Viewer(self.folder, self._on_build)
        self.jobs = workflow.Jobs(self.folder, self._on_job)
        # SQLite allows one writer; one thread that writes gestures is never told "locked".
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._desk: Desk | None = None
        self._is_closed = False

    def at_desk(self, act: Callable[[Desk], T]) -> T:
        """Let the writer thread do something with the drafts, and wait for it."""
        return self._writer.submit(self._act, act).result()

    def _act(self, act: Callable[[Desk], T]) -> T:
        if self._desk is None:
            self._desk = workflow.Desk(self.folder, author=self._author)
        return act(self._desk)

    def tell(self, event: dict[str, Any]) -> None:
        """Tell the pages of a change."""
        self.hub.publish(event)

    def tell_field(self, name: str) -> None:
        """Tell the pages what a field is now."""
        self.tell({"type": "field", "field": workflow.field_row(self.folder, name)})

    def images_changed(self, names: list[str]) -> None:
        """Look fields up again, and tell the pages."""
        for name in names:
            self.viewer.forget(name)
        self.tell({"type": "project"})

    def _on_build(self, name: str, done: int, total: int) -> None:
        self.tell({"type": "preparing", "field": name, "done": done, "total": total})

    def _on_job(self, row: dict[str, Any]) -> None:
        self.tell({"type": "job", "job": row})
        if row["state"] in ("done", "failed", "stopped") or row["kind"] == "sample":
            self.tell({"type": "project"})

    def close(self) -> None:
        """End jobs, streams and the writer; nothing is left to save. Twice is once."""
        if self._is_closed:
            return
        self._is_closed = True
        self.hub.close()
        self.jobs.close()
        self._writer.submit(self._close_desk).result()
        self._writer.shutdown()

    def _close_desk(self) -> None:
        if self._desk is not None:
            self._desk.close()


def house_of(request: Request) -> House:
    """House of the application that a request came to."""
    house: House = request.app.state.house
    return house


TheHouse = Annotated[House, Depends(house_of)]
