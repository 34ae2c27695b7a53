"""One image before it is taken into a project: what its file says, joined with what is known."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ReadError, ScaleError
from sorby.core.records import IGNORE, Micrograph, PixelSize, ProcessPoint
from sorby.workflow.segmenting import page_note

if TYPE_CHECKING:
    from sorby.io.masks import MaskValues
    from sorby.project import Field

_PROCESS = [f.name for f in fields(ProcessPoint)]
_SCALE_TOLERANCE = 0.02


@dataclass
class ImportPlan:
    """All that was found for one project before anything is written, see `new_project`."""

    names: dict[str, Path]
    rows: dict[str, dict[str, Any]]
    etched: dict[str, Path]
    masks: dict[str, Path]
    mask_values: MaskValues | None
    um_per_px: float | None
    keep_bars: bool
    page: int
    classes: tuple[str, ...]
    seed: int
    table: dict[str, str]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def inspect_image(
    name: str, found: ImportPlan
) -> tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]:
    """Read an image, its twin and its mask, and join them with what is known.

    Parameters
    ----------
    name : str
        Of the field to be.
    found : ImportPlan
        Gets notes, and problems of the twin and the mask.

    Returns
    -------
    field : Field
    pictures : dict of str to tuple of Path and int
        "polished" and perhaps "etched": file and page.
    mask : ndarray of shape (M, N), uint8, or None

    Raises
    ------
    ReadError, ScaleError, SettingError
        If the image cannot be taken.
    """
    from sorby.io import find_scale_bar, read_micrograph
    from sorby.project import Field

    row = found.rows.get(name, {})
    micrograph = read_micrograph(found.names[name], page=found.page)
    note = page_note(found.names[name], found.page)
    found.notes += [note] if note else []
    bar = None if found.keep_bars else find_scale_bar(micrograph.pixels)
    pictures = {"polished": (found.names[name], found.page)}
    if name in found.etched:
        try:
            check_twin(micrograph, read_micrograph(found.etched[name], page=found.page), name)
            pictures["etched"] = (found.etched[name], found.page)
        except (ReadError, ScaleError) as error:
            found.problems.append(f"{error} {name} is imported without its etched twin.")
    known = Field(
        name=name,
        shape=(micrograph.pixels.shape[0], micrograph.pixels.shape[1]),
        specimen=_text(row, "specimen"),
        split=row.get("split", "pool"),
        pixel_size=_pixel_size(micrograph, row, found, name),
        process=ProcessPoint(**{key: row.get(key) for key in _PROCESS}),
        section_plane=_text(row, "section_plane"),
        build_direction_deg=row.get("build_direction_deg"),
        objective_na=row.get("objective_na"),
        ignore_boxes=tuple(bar.boxes) if bar else (),
    )
    return known, pictures, _imported_mask(name, known, found, micrograph)


def _text(row: dict[str, Any], key: str) -> str | None:
    return str(row[key]) if key in row else None


def check_twin(polished: Micrograph, etched: Micrograph, name: str) -> None:
    """Refuse an etched image that is not of the polished one's size.

    Raises
    ------
    ReadError
        If the sizes differ.
    """
    if polished.pixels.shape != etched.pixels.shape:
        sizes = [" x ".join(map(str, m.pixels.shape)) for m in (polished, etched)]
        raise ReadError(
            f"{name}: the polished image is {sizes[0]} px, its etched twin {sizes[1]} px (rows x "
            "columns). Both must show the same field at the same scale: crop them alike, or leave "
            "the etched image out."
        )


def _pixel_size(
    micrograph: Micrograph, row: dict[str, Any], found: ImportPlan, name: str
) -> PixelSize | None:
    """Scale of a field: its row, else its file, else the value given for all."""
    own = micrograph.pixel_size
    if "um_per_px" in row:
        stated = PixelSize(float(row["um_per_px"]), "fields table")
        if own and _differ(own.um_per_px, stated.um_per_px):
            found.notes.append(
                f"{name}: the table says {stated.um_per_px:g} µm/px and the file "
                f"{own.um_per_px:g} ({own.source}). The table counts."
            )
        return stated
    if own and found.um_per_px and _differ(own.um_per_px, found.um_per_px):
        found.notes.append(
            f"{name}: the file says {own.um_per_px:g} µm/px ({own.source}), which counts before "
            f"the {found.um_per_px:g} given for all. If the file is wrong, state um_per_px in the "
            "fields table."
        )
    if own:
        return own
    return PixelSize(found.um_per_px, "given") if found.um_per_px else None


def _differ(one: float, other: float) -> bool:
    return abs(one / other - 1) > _SCALE_TOLERANCE


def _imported_mask(
    name: str, known: Field, found: ImportPlan, micrograph: Micrograph
) -> np.ndarray | None:
    if name not in found.masks:
        return None
    from sorby.workflow.masks import check_classes, read_foreign_mask

    try:
        mask, note = read_foreign_mask(found.masks[name], micrograph, found.mask_values)
        check_classes(mask, found.classes, found.masks[name])
    except ReadError as error:
        found.problems.append(f"{error} {name} is imported without its mask.")
        return None
    found.notes += [note] if note else []
    called = mask[~known.valid()]
    hidden = int(np.count_nonzero((called != 0) & (called != IGNORE)))
    if hidden:
        found.notes.append(
            f"{name}: {hidden} px that {found.masks[name].name} calls defect lie on the scale bar "
            "and are ignored."
        )
    return mask
