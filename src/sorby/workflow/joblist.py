"""The list of jobs on the disk: a server that starts again tells what came of the earlier ones."""

from __future__ import annotations

import json
import logging
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from sorby.core.errors import ProjectError
from sorby.core.files import atomic_path

LOG = logging.getLogger(__name__)

INTERRUPTED = (
    "The server ended while this ran. Masks and tables that were finished are kept; "
    "press Resume and the rest is done."
)
_STATES = ("done", "failed", "stopped", "interrupted")
_SHAPE: Mapping[str, type | tuple[type, ...]] = {
    "id": int,
    "kind": str,
    "options": dict,
    "state": str,
    "done": int,
    "total": (int, type(None)),
    "step": (str, type(None)),
    "answer": (dict, type(None)),
    "error": (str, type(None)),
    "curve": list,
    "seconds": (int, float),
}


def keep_jobs(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the list; a disk that refuses loses the list and nothing else.

    Parameters
    ----------
    folder : Path
        The project.
    rows : sequence of mapping
        As `sorby.workflow.jobs.Job.row`.
    """
    try:
        with atomic_path(_file(folder)) as writing:
            writing.write_text(json.dumps(rows))
    except ProjectError as error:
        LOG.warning("The list of jobs was not kept: %s", error)


def kept_jobs(folder: Path, kinds: Container[str]) -> list[dict[str, Any]]:
    """Jobs as an earlier server left them, oldest first.

    Parameters
    ----------
    folder : Path
        The project.
    kinds : container of str
        Kinds of jobs that there are.

    Returns
    -------
    list of dict
        Those that had not ended are "interrupted", with what to do as their error. Rows that are
        no jobs (the file was changed by hand) are left out.
    """
    try:
        rows = json.loads(_file(folder).read_text())
    except (OSError, ValueError):
        return []
    found = [row for row in rows if _is_job(row, kinds)] if isinstance(rows, list) else []
    return [row if row["state"] in _STATES else _interrupted(row) for row in found]


def _interrupted(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "state": "interrupted", "error": INTERRUPTED}


def _is_job(row: Any, kinds: Container[str]) -> bool:
    if not isinstance(row, dict) or row.get("kind") not in kinds:
        return False
    return all(isinstance(row.get(name), kind) for name, kind in _SHAPE.items())


def _file(folder: Path) -> Path:
    from sorby.project import cache_folder

    return cache_folder(folder) / "jobs.json"
