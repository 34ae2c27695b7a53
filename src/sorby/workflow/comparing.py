"""A new model beside an old one, on the images whose masks a person verified."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.files import atomic_path
from sorby.core.plain import plain
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredModel

FOUND_SHARE = 0.5
"""Share of a defect's pixels that a model has to call for the defect to be found."""

MOST_CHANGES = 500


def compare_models(folder: Path, *, new: int, old: int, on_step: OnStep = silent) -> dict[str, Any]:
    """Score two models on every image that a person verified, and say which defects changed.

    A verified defect is found where a model calls half of its pixels; what a model calls where
    no pixel is verified is false. The answer is kept for the same models and masks.

    Parameters
    ----------
    folder : Path
        The project.
    new, old : int
        Numbers of the models.
    on_step : callable
        Told after each image.

    Returns
    -------
    dict
        ``images``: ``name``, ``n_defects``, ``was_learnt`` (one of the models learnt from it),
        ``old`` and ``new`` (``f1``, ``precision``, ``recall``, ``n_found``, ``n_false``);
        ``gained``, ``lost``: verified defects that the new model finds and the old does not, and
        the reverse; ``changed``: ``image``, ``box``, ``change`` ("gained", "lost", "false_new",
        "false_gone"), ``area_px``, ``area_um2``, largest first; ``n_changed``; ``macro_f1``:
        ``old`` and ``new``, means over images.

    Raises
    ------
    ModelError
        If there is no such model.
    ProjectError
        If no image is verified.
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        models = {"old": project.models.get(old), "new": project.models.get(new)}
        verified = _verified(project)
        file = _file(project, models, verified)
        kept = _kept(file)
        if kept is not None:
            return kept
        answer = _compare(project, models, verified, on_step)
        with atomic_path(file) as writing:
            writing.write_text(json.dumps(plain(answer)))
    return answer


def keep_comparison(
    folder: Path, *, new: int, old: int, on_step: OnStep = silent
) -> dict[str, Any]:
    """`compare_models` as a job of the page, which reads the answer with `kept_comparison`.

    Returns
    -------
    dict
        ``new``, ``old``, ``gained``, ``lost``, ``n_changed``.
    """
    answer = compare_models(folder, new=new, old=old, on_step=on_step)
    return {"new": new, "old": old, **{k: answer[k] for k in ("gained", "lost", "n_changed")}}


def kept_comparison(folder: Path, *, new: int, old: int) -> dict[str, Any] | None:
    """Answer of `compare_models` for the masks as they are now, if it was computed; None if not.

    Raises
    ------
    ModelError, ProjectError
        As `compare_models`.
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        models = {"old": project.models.get(old), "new": project.models.get(new)}
        return _kept(_file(project, models, _verified(project)))


def _verified(project: Project) -> list[Field]:
    from sorby.core.errors import ProjectError
    from sorby.workflow.splitting import labelled_names

    known = labelled_names(project)
    fields = [field for field in project.fields() if field.name in known]
    if not fields:
        raise ProjectError(
            "No image was verified by a person yet, so models cannot be compared. Finish one on "
            "the Correct page."
        )
    return fields


def _file(project: Project, models: dict[str, StoredModel], verified: list[Field]) -> Path:
    from sorby.project import cache_folder

    masks = project.masks()
    about = [
        {side: model.sha256 for side, model in models.items()},
        [(field.name, masks[field.name].sha256, field.um_per_px) for field in verified],
    ]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    return cache_folder(project.folder) / "comparisons" / f"{key[:32]}.json"


def _kept(file: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and "images" in kept else None


def _compare(
    project: Project, models: dict[str, StoredModel], verified: list[Field], on_step: OnStep
) -> dict[str, Any]:
    from sorby.segment import load_segmenter
    from sorby.workflow.predicting import segment_micrograph

    ways = {side: load_segmenter(model.path)[0] for side, model in models.items()}
    masks, images, changed = project.masks(), [], []
    counts = {"gained": 0, "lost": 0}
    for done, field in enumerate(verified, start=1):
        micrograph, truth = project.read_picture(field), project.read_mask(masks[field.name])
        called = {
            side: segment_micrograph(way, micrograph, field.valid(), threshold=way.threshold)[0]
            for side, way in ways.items()
        }
        row, changes = compare_masks(called["old"], called["new"], truth, field)
        images.append({**row, "was_learnt": _was_learnt(field, models)})
        changed += changes
        for change in counts:
            counts[change] += sum(one["change"] == change for one in changes)
        on_step(done, len(verified), step="compare", image=field.name)
    means = {side: float(np.mean([image[side]["f1"] for image in images])) for side in ways}
    changed.sort(key=lambda one: -one["area_px"])
    return {
        "images": images,
        **counts,
        "changed": changed[:MOST_CHANGES],
        "n_changed": len(changed),
        "macro_f1": means,
    }


def _was_learnt(field: Field, models: dict[str, StoredModel]) -> bool:
    return any(
        field.name in model.card.settings["training"]["ever_trained_on"]
        for model in models.values()
    )


def compare_masks(
    old: np.ndarray, new: np.ndarray, truth: np.ndarray, field: Field
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores of two predictions of one field, and the defects in which they differ.

    Parameters
    ----------
    old, new, truth : ndarray of shape (M, N), uint8
        Masks; truth is a person's. Where it is 255 nothing counts.
    field : Field
        Its µm/px and size floor.

    Returns
    -------
    row : dict
        ``name``, ``n_defects``, ``old`` and ``new``.
    changes : list of dict
        See `compare_models`.
    """
    from sorby.workflow.measuring import field_instances

    defects = field_instances(field, truth)
    n_defects = int(defects.max())
    calls = {"old": _defect(old, truth), "new": _defect(new, truth)}
    found = {side: _found(defects, n_defects, call) for side, call in calls.items()}
    false = {side: _false(field, call, truth) for side, call in calls.items()}
    rows = {side: _scores(calls[side], truth, found[side], false[side]) for side in calls}
    changes = [
        *_named(defects, found["new"] & ~found["old"], "gained", field),
        *_named(defects, found["old"] & ~found["new"], "lost", field),
        *_named(*_only(false["new"], false["old"]), "false_new", field),
        *_named(*_only(false["old"], false["new"]), "false_gone", field),
    ]
    return {"name": field.name, "n_defects": n_defects, **rows}, changes


def _defect(mask: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return (mask != 0) & (mask != IGNORE) & (truth != IGNORE)


def _found(defects: np.ndarray, n: int, call: np.ndarray) -> np.ndarray:
    """Whether each defect 1..n has half of its pixels called: bool (n,)."""
    areas = np.bincount(defects.ravel(), minlength=n + 1)[1:]
    hits = np.bincount(defects[call], minlength=n + 1)[1:]
    return np.asarray(hits >= FOUND_SHARE * areas)


def _false(field: Field, call: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Numbered parts of a call in which no pixel is verified: int32 (M, N)."""
    from sorby.workflow.measuring import field_instances

    parts = field_instances(field, call.astype(np.uint8))
    hits = np.bincount(parts[_defect(truth, truth)], minlength=int(parts.max()) + 1)
    is_false = hits == 0
    is_false[0] = False
    return np.where(is_false[parts], parts, 0)


def _scores(
    call: np.ndarray, truth: np.ndarray, found: np.ndarray, false: np.ndarray
) -> dict[str, Any]:
    real = _defect(truth, truth)
    hits, n_called, n_real = (int(np.count_nonzero(x)) for x in (call & real, call, real))
    return {
        "f1": 2 * hits / (n_called + n_real) if n_called + n_real else 1.0,
        "precision": hits / n_called if n_called else None,
        "recall": hits / n_real if n_real else None,
        "n_found": int(np.count_nonzero(found)),
        "n_false": len(np.unique(false[false > 0])),
    }


def _only(these: np.ndarray, those: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbered parts, and whether each 1..n touches none of the others."""
    n = int(these.max())
    present = np.bincount(these.ravel(), minlength=n + 1)[1:] > 0
    touched = np.bincount(these[those > 0], minlength=n + 1)[1:] > 0
    return these, present & ~touched


def _named(
    parts: np.ndarray, chosen: np.ndarray, change: str, field: Field
) -> list[dict[str, Any]]:
    from scipy import ndimage

    areas = np.bincount(parts.ravel(), minlength=len(chosen) + 1)
    places = ndimage.find_objects(parts)
    size = field.um_per_px
    rows = []
    for number in np.flatnonzero(chosen) + 1:
        down, across = places[number - 1]
        rows.append(
            {
                "image": field.name,
                "box": [down.start, across.start, down.stop, across.stop],
                "change": change,
                "area_px": int(areas[number]),
                "area_um2": float(areas[number]) * size**2 if size else None,
            }
        )
    return rows
