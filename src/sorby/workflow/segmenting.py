"""Masks and a defect table of loose images, without a project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ReadError, ScaleError, SettingError
from sorby.core.files import inside
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE
from sorby.workflow.predicting import segment_micrograph

OUTSIDE_WORTH_SAYING = 0.005
"""Share of an image that is left out as outside before a note says so."""

if TYPE_CHECKING:
    import pandas as pd


def segment_images(
    images: Sequence[Path],
    out: Path,
    *,
    method: str | None = None,
    model: Path | None = None,
    page: int = 0,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Masks and a defect table of loose images.

    Stopped half-way, the masks that are done and the table of their defects stay.

    Parameters
    ----------
    images : sequence of Path
        Image files, or folders of them.
    out : Path
        Folder for one label PNG an image (same stem) and ``defects.csv``.
    method : str, optional
        One of ``sorby.segment.SEGMENTERS``; ``base``, the model in the box, unless a model is
        given.
    model : Path, optional
        A trained model: a safetensors file of ``sorby models --export``, or the paper's ``.pth``.
    page : int
        Page of multi-page files; the first is 0.
    on_step : callable
        Told after each image.

    Returns
    -------
    dict
        ``images``: for each image ``image``, ``mask``, ``area_fraction``, ``n_defects``,
        ``um_per_px``; ``defects``: path of the table; ``problems``: files left out and why;
        ``notes``.

    Raises
    ------
    SettingError
        If the method is unknown, or given beside a model, or a mask would overwrite its image.
    ModelError
        If the model cannot be read.
    ReadError
        If no image can be read.
    """
    from sorby.io import micrograph_paths
    from sorby.workflow.naming import field_names

    segmenter, threshold = _segmenter(method, model)
    names = field_names(micrograph_paths(images))
    masks = {name: _mask_path(out, name, path) for name, path in names.items()}
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    tables: list[pd.DataFrame] = []
    problems: list[str] = []
    try:
        for done, (name, path) in enumerate(names.items(), start=1):
            try:
                row, table, outside = _segment_file(
                    path, masks[name], name, segmenter, threshold, page
                )
            except (ReadError, ScaleError) as error:
                problems.append(str(error))
            else:
                rows.append(row)
                notes += [outside_note(name, outside)] if outside > OUTSIDE_WORTH_SAYING else []
                tables.append(table)
            on_step(done, len(names), image=name)
    finally:
        defects = _write_defects(tables, out) if tables else None
    if not rows:
        raise ReadError("No image could be read:\n" + "\n".join(problems))
    notes += [note for path in names.values() if (note := page_note(path, page))]
    return {"images": rows, "defects": str(defects), "problems": problems, "notes": notes}


def _segmenter(method: str | None, model: Path | None) -> tuple[Callable[..., Any], float]:
    from sorby.segment import DEFAULT_SEGMENTER, SEGMENTERS, load_segmenter

    if model is None:
        return SEGMENTERS[method or DEFAULT_SEGMENTER], 0.5
    if method is not None:
        raise SettingError(f"Both --model {model} and --method {method} were given: give one.")
    segmenter, _ = load_segmenter(model)
    return segmenter, segmenter.threshold


def page_note(path: Path, page: int) -> str | None:
    """What to know of a file with several pages of which the first was taken unasked."""
    from sorby.io import count_pages

    try:
        n_pages = count_pages(path)
    except ReadError:
        return None
    if n_pages == 1 or page != 0:
        return None
    return f"{path} has {n_pages} pages; the first was read. Choose another: --page 1"


def _mask_path(out: Path, name: str, image: Path) -> Path:
    from sorby.io import is_sorby_mask

    path = inside(out, f"{name}.png")
    if path.exists() and not is_sorby_mask(path):
        raise SettingError(
            f"The mask of {image} would overwrite {path}, which may be your image. "
            "Choose another folder: --out masks"
        )
    return path


def _segment_file(
    path: Path,
    mask_path: Path,
    name: str,
    segmenter: Callable[..., Any],
    threshold: float,
    page: int,
) -> tuple[dict[str, Any], pd.DataFrame, float]:
    from sorby.defects import label_instances, measure_defects
    from sorby.io import exclude, find_scale_bar, read_micrograph, write_mask

    micrograph = read_micrograph(path, page=page)
    valid = exclude(micrograph.pixels.shape, find_scale_bar(micrograph.pixels))
    mask, _ = segment_micrograph(segmenter, micrograph, valid, threshold=threshold)
    table = measure_defects(
        label_instances(mask), image=name, valid=mask != IGNORE, um_per_px=micrograph.um_per_px
    )
    write_mask(mask_path, mask)
    n_valid = int(np.count_nonzero(mask != IGNORE))
    row = {
        "image": str(path),
        "mask": str(mask_path),
        "area_fraction": int(table["area_px2"].sum()) / n_valid if n_valid else None,
        "n_defects": len(table),
        "um_per_px": micrograph.um_per_px,
    }
    return row, table, np.count_nonzero(valid & (mask == IGNORE)) / mask.size


def outside_note(name: str, share: float) -> str:
    """What to know of an image of which a part was taken as resin or outside."""
    return (
        f"{100 * share:.0f} % of {name} is dark and reaches the edge: it is taken as resin or "
        "outside the sample and left out. Check the mask if it is a phase or a defect."
    )


def _write_defects(tables: list[pd.DataFrame], out: Path) -> Path:
    import pandas as pd

    from sorby.report import EXPORTERS

    path: Path = EXPORTERS["csv"]({"defects": pd.concat(tables)}, Path(out) / "defects.csv")
    return path
