"""Masks for the fields of a project that no person has looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby import __version__
from sorby.core.planes import (
    WHOLE_PX,
    ComputedPlane,
    NewPlane,
    Plane,
    WritablePlane,
    on_disk,
)
from sorby.core.progress import OnStep, silent
from sorby.core.records import Micrograph

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredMask


_TILE_PX, _BAND_ROWS = 1024, 512


def segment_micrograph(
    segmenter: Callable[..., np.ndarray],
    micrograph: Micrograph,
    valid: np.ndarray,
    *,
    threshold: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Mask of a micrograph, and the probability it was cut from.

    Parameters
    ----------
    segmenter : callable
        From ``sorby.segment.SEGMENTERS``, or a trained one.
    micrograph : Micrograph
        The image.
    valid : ndarray of shape (M, N), bool
        Pixels that are sample.
    threshold : float
        Probability from which a pixel is called defect.

    Returns
    -------
    mask : ndarray of shape (M, N), uint8
        0 background, 1.. classes, 255 where not valid.
    probability : ndarray of shape (M, N, classes), float32
    """
    from sorby.segment import mask_from_probability

    probability = segmenter(micrograph, valid=valid)
    return mask_from_probability(probability, valid=valid, threshold=threshold), probability


def predict(folder: Path, *, method: str | None = None, on_step: OnStep = silent) -> dict[str, Any]:
    """Masks for every field without one by a person; each is kept as soon as it is made.

    With the project's current model, fields get a new version of their mask; without a model,
    those get one that have none yet. Masks by a person are never replaced.

    Parameters
    ----------
    folder : Path
        The project.
    method : str, optional
        One of ``sorby.segment.SEGMENTERS`` instead of the model; for fields without a mask.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``n_predicted`` (masks that were stored), ``n_fields``, ``method``.
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        name, segmenter, threshold, about = _segmenter(project, method)
        fields = project.fields()
        wanted = set(_wanted(project, name, replaces=bool(about)))
        todo = [field for field in fields if field.name in wanted]
        n_predicted = 0
        for done, field in enumerate(todo, start=1):
            maker = (name, segmenter, threshold, about)
            if not _predict_field(project, field, maker):
                continue
            n_predicted += 1
            on_step(done, len(todo), image=field.name)
    return {"n_predicted": n_predicted, "n_fields": len(fields), "method": name}


def predict_field(project: Project, field: Field) -> None:
    """Mask for one field that has none, with the model in use or the method without labels."""
    _predict_field(project, field, _segmenter(project, None))


def _predict_field(
    project: Project,
    field: Field,
    maker: tuple[str, Callable[..., np.ndarray], float, dict[str, str]],
) -> bool:
    """Whether the field got a mask: not where somebody gave it one in the meantime."""
    name, segmenter, threshold, about = maker
    mask, probability = _made(project, field, segmenter, threshold)
    with project.transaction():
        if field.name not in _wanted(project, name, replaces=bool(about)):
            return False
        stored = project.add_mask(
            field,
            mask,
            source="model",
            method=name,
            author=f"Sorby {__version__}, {name}",
            probability=probability,
        )
        _record(project, stored, {"method": name, **about})
    return True


def _made(
    project: Project, field: Field, segmenter: Callable[..., np.ndarray], threshold: float
) -> tuple[Plane, Plane]:
    """Mask and probability of a field; of a large one planes that are not in memory."""
    n_px = field.shape[0] * field.shape[1]
    if n_px > WHOLE_PX and "new_plane" in inspect.signature(segmenter).parameters:
        return _made_on_disk(project, field, segmenter, threshold)
    picture = project.read_picture(field)
    return segment_micrograph(segmenter, picture, field.valid(), threshold=threshold)


def _made_on_disk(
    project: Project, field: Field, segmenter: Callable[..., Any], threshold: float
) -> tuple[Plane, Plane]:
    from sorby.project import cache_folder
    from sorby.segment import mask_from_probability

    new_plane, valid = on_disk(cache_folder(project.folder) / "working"), field.valid_plane()
    pixels: Any = _pixels_on_disk(project, field, new_plane)
    picture = Micrograph(pixels, field.name, field.pixel_size, field.build_direction_deg)
    takes_tiles = "tile_px" in inspect.signature(segmenter).parameters
    tiles = {"tile_px": _TILE_PX} if takes_tiles else {}
    probability = segmenter(picture, valid=valid, new_plane=new_plane, **tiles)

    def cut(rows: slice, columns: slice) -> np.ndarray:
        part = None if valid is None else valid[rows, columns]
        return mask_from_probability(probability[rows, columns], valid=part, threshold=threshold)

    return ComputedPlane(field.shape, np.uint8, cut), probability


def _pixels_on_disk(project: Project, field: Field, new_plane: NewPlane) -> WritablePlane:
    """Gray values of a field's image; a TIFF of tiles or strips is decoded in bands."""
    from sorby.io.pyramids import bands
    from sorby.project.changes import picture_file

    file, plane, start = picture_file(project, field.name), None, 0
    for band in bands(file.path, file.page, _BAND_ROWS):
        plane = new_plane(field.shape, band.dtype) if plane is None else plane
        plane[start : start + len(band)] = band
        start += len(band)
    assert plane is not None  # an image has rows
    return plane


def _segmenter(
    project: Project, method: str | None
) -> tuple[str, Callable[..., np.ndarray], float, dict[str, str]]:
    """Name, function and threshold of what makes the masks, and the hash of a model."""
    from sorby.segment import DEFAULT_SEGMENTER, SEGMENTERS, load_segmenter

    model = None if method else project.models.current()
    if model is None:
        name = method or DEFAULT_SEGMENTER
        return name, SEGMENTERS[name], 0.5, {}
    segmenter, _ = load_segmenter(model.path)
    return f"model {model.number}", segmenter, segmenter.threshold, {"model sha256": model.sha256}


def _wanted(project: Project, method: str, *, replaces: bool) -> list[str]:
    masks = project.masks()

    def is_wanted(name: str) -> bool:
        if name not in masks:
            return True
        return replaces and masks[name].source == "model" and masks[name].method != method

    return [field.name for field in project.fields() if is_wanted(field.name)]


def _record(project: Project, stored: StoredMask, settings: dict[str, object]) -> None:
    from sorby.project import history

    project.record(
        history.new_record(
            "predict",
            settings=settings,
            inputs={stored.field: project.picture_hashes()[stored.field]},
            outputs={f"{stored.field} mask": stored.sha256},
        )
    )
