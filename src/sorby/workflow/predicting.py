"""Masks for the fields of a project that have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sorby.core.progress import OnStep, silent
from sorby.core.records import Micrograph

DEFAULT_METHOD = "flatfield_otsu"


def segment_micrograph(segmenter: Any, micrograph: Micrograph, valid: np.ndarray) -> np.ndarray:
    """Mask of a micrograph.

    Parameters
    ----------
    segmenter : callable
        From ``sorby.segment.SEGMENTERS``.
    micrograph : Micrograph
        The image.
    valid : ndarray of shape (M, N), bool
        Pixels that are sample.

    Returns
    -------
    ndarray of shape (M, N), uint8
        0 background, 1 defect, 255 where not valid.
    """
    from sorby.segment import mask_from_probability

    return mask_from_probability(segmenter(micrograph, valid=valid), valid=valid)


def predict(
    folder: Path, *, method: str = DEFAULT_METHOD, on_step: OnStep = silent
) -> dict[str, Any]:
    """Masks for every field of a project that has none; each is kept as soon as it is made.

    Parameters
    ----------
    folder : Path
        The project.
    method : str
        One of ``sorby.segment.SEGMENTERS``.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``n_predicted``, ``n_fields``, ``method``.
    """
    from sorby.project import Project, history
    from sorby.segment import SEGMENTERS

    segmenter = SEGMENTERS[method]
    with Project.open(folder) as project:
        fields, masks = project.fields(), project.masks()
        todo = [field for field in fields if field.name not in masks]
        for done, field in enumerate(todo, start=1):
            micrograph = project.read_picture(field)
            mask = segment_micrograph(segmenter, micrograph, field.valid())
            with project.transaction():
                if field.name in project.masks():
                    continue  # somebody gave it one in the meantime
                stored = project.add_mask(field, mask, source="model", method=method)
                project.record(
                    history.new_record(
                        "predict",
                        settings={"method": method},
                        inputs={field.name: project.picture_hashes()[field.name]},
                        outputs={f"{field.name} mask": stored.sha256},
                    )
                )
            on_step(done, len(todo), image=field.name)
    return {"n_predicted": len(todo), "n_fields": len(fields), "method": method}
