"""One step in a child process: it can be told to end, killed, limited, and it dies with us."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sorby.core import errors
from sorby.core.errors import SorbyError
from sorby.core.plain import plain

_CONTEXT = multiprocessing.get_context("spawn")
_EVERY_S = 0.1
_NICENESS = 10
_UNKNOWN = "The step ended without an answer. It may have needed more memory than there is."


class ChildError(SorbyError):
    """A step in a child process came to an end that nobody foresaw."""


class Child:
    """A function of ``sorby.workflow`` that runs in a process of its own.

    What passes between the processes is JSON: nothing that the child read, which may be a hostile
    file, is ever unpickled here.

    Parameters
    ----------
    place : str
        ``"module:function"``; the function takes the project's folder first and ``on_step=``.
    folder : Path
        The project.
    options : dict
        Its keyword options, as JSON holds them.
    can_stop : bool
        Whether the function takes ``should_stop=``.
    memory_bytes : int, optional
        Most memory that it may take, where the system can tell (not on Windows).
    """

    def __init__(
        self,
        place: str,
        folder: Path,
        options: dict[str, Any],
        *,
        can_stop: bool = False,
        memory_bytes: int | None = None,
    ) -> None:
        self._stop = _CONTEXT.Event()
        self._pipe, theirs = _CONTEXT.Pipe(duplex=False)
        words = json.dumps([place, str(folder), options, can_stop, memory_bytes])
        self._process = _CONTEXT.Process(
            target=_main, args=(theirs, self._stop, words), daemon=True, name=place
        )
        self._process.start()
        theirs.close()

    def ask_to_stop(self) -> None:
        """Let it end by itself, with an answer."""
        self._stop.set()

    def terminate(self) -> None:
        """End it now."""
        self._process.terminate()

    def wait(self, on_step: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Answer of the function.

        Parameters
        ----------
        on_step : callable
            Told what the function says of its progress: ``done``, ``total`` and its values.

        Returns
        -------
        dict

        Raises
        ------
        SorbyError
            What the function raised; `ChildError` where it was killed or raised anything else.
        """
        answer: dict[str, Any] | None = None
        try:
            with suppress(EOFError, OSError):
                while answer is None:
                    told = json.loads(self._pipe.recv_bytes())
                    if "step" in told:
                        on_step(told["step"])
                    else:
                        answer = told
        finally:
            self._pipe.close()
            self._process.join()
        if answer is None:
            raise ChildError(_UNKNOWN)
        if "error" in answer:
            raise _error_of(answer)
        return dict(answer["answer"])


def run(
    place: str, folder: Path, options: dict[str, Any], *, memory_bytes: int | None = None
) -> dict[str, Any]:
    """Run a function in a child process and wait for its answer."""
    return Child(place, folder, options, memory_bytes=memory_bytes).wait(lambda told: None)


def _error_of(answer: dict[str, Any]) -> SorbyError:
    kind = getattr(errors, str(answer["code"]), ChildError)
    return kind(str(answer["error"])) if issubclass(kind, SorbyError) else ChildError(_UNKNOWN)


# ---------------------------------------------------------------------- inside the child


def _main(pipe: Connection, stop: Any, words: str) -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    place, folder, options, can_stop, memory_bytes = json.loads(words)
    _be_modest(memory_bytes)
    if can_stop:
        options["should_stop"] = stop.is_set
    try:
        module, _, name = place.partition(":")
        function = getattr(importlib.import_module(module), name)
        answer = {"answer": plain(function(Path(folder), **options, on_step=_teller(pipe)))}
    except SorbyError as error:
        answer = {"error": str(error), "code": type(error).__name__}
    except MemoryError:
        answer = {
            "error": "This needs more memory than it may take. Use a smaller image.",
            "code": "ReadError",
        }
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        answer = {
            "error": f"Something went wrong that should not: {type(error).__name__}: "
            f"{str(error)[:300]}. The window in which  sorby app  runs shows where.",
            "code": "ChildError",
        }
    with suppress(OSError):
        pipe.send_bytes(json.dumps(answer).encode())


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _be_modest(memory_bytes: int | None) -> None:
    """Leave the page its share of the machine: low priority, and a core where there are three."""
    cores = os.cpu_count() or 1
    os.environ["OMP_NUM_THREADS"] = str(cores if cores <= 2 else cores - 1)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    if memory_bytes is None:
        return
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would reserve memory of its own
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _teller(pipe: Connection) -> Callable[..., None]:
    """Callback that passes progress on, often enough for an eye; scores are never left out."""
    latest = 0.0

    def on_step(done: int, total: int, **values: object) -> None:
        nonlocal latest
        now = time.monotonic()
        if now - latest >= _EVERY_S or done == total or "valid_f1" in values:
            latest = now
            told = {"step": {"done": done, "total": total, **plain(values)}}
            pipe.send_bytes(json.dumps(told).encode())

    return on_step
