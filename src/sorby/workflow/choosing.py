"""The map of the images on the Choose page: where each lies, what was chosen, and why."""

from __future__ import annotations

import hashlib
import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.files import atomic_path
from sorby.core.plain import plain
from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator

if TYPE_CHECKING:
    from sorby.project import Field, Project

MAP_SEED = 0


def embed_project(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Look at every image, and lay the map out; both are kept.

    Parameters
    ----------
    folder : Path
        The project.
    on_step : callable
        Told after each image.

    Returns
    -------
    dict
        ``n_fields``, ``notes`` (on test fields that were set aside).

    Raises
    ------
    ProjectError
        If there is no image yet.
    """
    from sorby.features import standardise
    from sorby.project import Project
    from sorby.select import SELECTORS
    from sorby.workflow.embedding import embed_fields
    from sorby.workflow.splitting import lock_test_fields

    with Project.open(folder) as project:
        fields = _some(project)
        notes = lock_test_fields(project)
        embedding = standardise(embed_fields(project, fields, on_step=on_step))
        seen = SELECTORS["smile"](embedding, 1, rng=generator(MAP_SEED))
        places = {
            field.name: [*map(float, seen.map_xy[row]), int(seen.clusters[row])]
            for row, field in enumerate(fields)
        }
        with atomic_path(_file(project)) as writing:
            writing.write_text(json.dumps(plain({"of": _images(project), "places": places})))
    return {"n_fields": len(fields), "notes": notes}


def _some(project: Project) -> list[Field]:
    from sorby.core.errors import ProjectError

    fields = project.fields()
    if not fields:
        raise ProjectError("The project has no image yet. Add some on the Images page.")
    return fields


def _file(project: Project) -> Path:
    from sorby.project import cache_folder

    return cache_folder(project.folder) / "embeddings" / "map.json"


def _images(project: Project) -> str:
    return hashlib.sha256(json.dumps(sorted(project.picture_hashes().items())).encode()).hexdigest()


def embedding_map(folder: Path) -> dict[str, Any]:
    """Places of the images on the map as it was laid out last, and what became of each.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    dict
        ``points`` (``name``, ``x``, ``y``, ``cluster``, ``role``, ``reason``, ``score``,
        ``round``; empty where `embed_project` has not run), ``strategies`` (``name``,
        ``summary``), ``embedder``, ``stale`` (images were added since).
    """
    from sorby.features import default_embedder
    from sorby.project import Project
    from sorby.select import SELECTORS, SUMMARIES

    with Project.open(folder) as project:
        kept = _kept(project)
        roles = _roles(project)
        points = [
            {"name": name, "x": x, "y": y, "cluster": cluster, "score": None, **roles[name]}
            for name, (x, y, cluster) in kept["places"].items()
            if name in roles
        ]
        is_stale = bool(project.fields()) and kept["of"] != _images(project)
    summaries = {
        name: SUMMARIES.get(name) or (inspect.getdoc(SELECTORS[name]) or "").split("\n")[0]
        for name in SELECTORS
    }
    return {
        "points": points,
        "strategies": [{"name": k, "summary": v} for k, v in summaries.items()],
        "embedder": default_embedder(),
        "stale": is_stale,
    }


def _kept(project: Project) -> dict[str, Any]:
    try:
        kept = json.loads(_file(project).read_text())
        places = {str(k): (float(x), float(y), int(c)) for k, (x, y, c) in kept["places"].items()}
        return {"of": kept["of"], "places": places}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"of": None, "places": {}}


def _roles(project: Project) -> dict[str, dict[str, Any]]:
    from sorby.workflow.splitting import labelled_names

    labelled, picks = labelled_names(project), project.rounds.picks()
    chosen = {row["image"]: row for row in picks.to_dict("records")}
    roles = {}
    for field in project.fields():
        pick = chosen.get(field.name)
        role = "labelled" if field.name in labelled else "pick" if pick else "pool"
        roles[field.name] = {
            "role": "test" if field.is_locked else role,
            "reason": pick and str(pick["reason"]),
            "round": pick and int(pick["round"]),
        }
    return roles
