"""Masks: for loose images, and for the fields of a project that have none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sorby.core.errors import ReadError, ScaleError, SettingError
from sorby.core.files import inside
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE, Micrograph

DEFAULT_METHOD = "flatfield_otsu"


def segment_images(
    images: Sequence[Path],
    out: Path,
    *,
    method: str = DEFAULT_METHOD,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Masks and a defect table of loose images, without a project.

    Parameters
    ----------
    images : sequence of Path
        Image files, or folders of them.
    out : Path
        Folder for one label PNG an image (same stem) and ``defects.csv``.
    method : str
        One of ``sorby.segment.SEGMENTERS``.
    on_step : callable
        Told after each image.

    Returns
    -------
    dict
        ``images``: for each image ``image``, ``mask``, ``area_fraction``, ``n_defects``,
        ``um_per_px``; ``defects``: path of the table; ``problems``: files left out and why.

    Raises
    ------
    SettingError
        If the method is unknown, or masks of two images would have one name.
    ReadError
        If no image can be read.
    """
    import pandas as pd

    from sorby.io import find_scale_bar, micrograph_paths, read_micrograph, write_mask
    from sorby.report import EXPORTERS
    from sorby.segment import SEGMENTERS
    from sorby.workflow.naming import field_names

    segmenter = SEGMENTERS[method]
    names = field_names(micrograph_paths(images))
    rows, tables, problems = [], [], []
    for done, (name, path) in enumerate(names.items(), start=1):
        mask_path = inside(out, f"{name}.png")
        if mask_path == path.resolve():
            raise SettingError(
                f"The mask of {path} would overwrite it. Choose another folder: --out masks"
            )
        try:
            micrograph = read_micrograph(path)
        except (ReadError, ScaleError) as error:
            problems.append(str(error))
        else:
            bar = find_scale_bar(micrograph.pixels)
            valid = np.ones(micrograph.pixels.shape, dtype=bool)
            for top, left, bottom, right in bar.boxes if bar else ():
                valid[top:bottom, left:right] = False
            mask = segment_micrograph(segmenter, micrograph, valid)
            table = _defects(mask, micrograph, name)
            write_mask(mask_path, mask)
            tables.append(table)
            rows.append(
                {
                    "image": str(path),
                    "mask": str(mask_path),
                    "area_fraction": area_fraction(mask),
                    "n_defects": len(table),
                    "um_per_px": micrograph.um_per_px,
                }
            )
        on_step(done, len(names), image=name)
    if not rows:
        raise ReadError("No image could be read:\n" + "\n".join(problems))
    path = EXPORTERS["csv"]({"defects": pd.concat(tables)}, Path(out) / "defects.csv")
    return {"images": rows, "defects": str(path), "problems": problems}


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


def area_fraction(mask: np.ndarray) -> float | None:
    """Defect area divided by valid area; None where nothing is valid."""
    valid = int(np.count_nonzero(mask != IGNORE))
    defect = int(np.count_nonzero(mask)) - (mask.size - valid)
    return defect / valid if valid else None


def _defects(mask: np.ndarray, micrograph: Micrograph, name: str) -> Any:
    from sorby.defects import label_instances, measure_defects

    return measure_defects(
        label_instances(mask), image=name, valid=mask != IGNORE, um_per_px=micrograph.um_per_px
    )


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
