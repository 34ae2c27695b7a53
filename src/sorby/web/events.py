"""Server-sent events: what changed, to every page that listens."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

MOST_WAITING = 1000
BEAT_S = 15.0


class Hub:
    """Passes events from any thread to every page that listens."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[str | None], asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()

    def publish(self, event: dict[str, Any]) -> None:
        """Tell every page; one that does not read loses the event, and asks anew later."""
        text = f"data: {json.dumps(event)}\n\n"
        with self._lock:
            listeners = list(self._listeners.items())
        for waiting, loop in listeners:
            with suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(_put, waiting, text)

    def close(self) -> None:
        """End every stream, so that the server can end."""
        with self._lock:
            listeners = list(self._listeners.items())
        for waiting, loop in listeners:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_put, waiting, None)

    async def stream(self) -> AsyncIterator[str]:
        """Events as text/event-stream, with a comment now and then: it keeps the line open."""
        waiting: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        with self._lock:
            self._listeners[waiting] = asyncio.get_running_loop()
        try:
            yield ": hello\n\n"
            while True:
                try:
                    text = await asyncio.wait_for(waiting.get(), BEAT_S)
                except TimeoutError:
                    text = ": beat\n\n"
                if text is None:
                    return
                yield text
        finally:
            with self._lock:
                self._listeners.pop(waiting, None)


def _put(waiting: asyncio.Queue[str | None], text: str | None) -> None:
    with suppress(asyncio.QueueFull):
        waiting.put_nowait(text)
