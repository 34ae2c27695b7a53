"""What a project knows of a field of view and of a mask, and how the database spells it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from sorby.core.planes import ComputedPlane
from sorby.core.records import PixelSize, ProcessPoint

_PROCESS = tuple(f.name for f in fields(ProcessPoint))
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Field:
    """One field of view: a polished image, perhaps its etched twin, and all that is known of it.

    Attributes
    ----------
    name : str
        Unique in the project.
    shape : tuple of int
        (M, N) of the polished image, in px.
    specimen : str or None
        The cube or part it was cut from.
    split : str
        "pool", or "test" where it is locked for tests.
    pixel_size : PixelSize or None
        None where unknown: results are then in pixels.
    process : ProcessPoint
        Settings of the machine.
    section_plane : str or None
        "XY", "XZ", "YZ" or a description.
    build_direction_deg : float or None
        Counter-clockwise from +x; 90 is up.
    objective_na : float or None
        Numerical aperture of the objective.
    copy_of : str or None
        Test field of which this one is a shifted or resized copy: it is locked with it.
    ignore_boxes : tuple of tuple
        Half-open boxes (row_min, column_min, row_max, column_max) that are not sample.
    """

    name: str
    shape: tuple[int, int]
    specimen: str | None = None
    split: str = "pool"
    pixel_size: PixelSize | None = None
    process: ProcessPoint = field(default_factory=ProcessPoint)
    section_plane: str | None = None
    build_direction_deg: float | None = None
    objective_na: float | None = None
    ignore_boxes: tuple[Box, ...] = ()
    copy_of: str | None = field(default=None, repr=False)

    @property
    def is_locked(self) -> bool:
        """Whether nothing may be learnt from it: a test field, or a copy of one."""
        return self.split == "test" or self.copy_of is not None

    @property
    def um_per_px(self) -> float | None:
        """Edge length of a pixel in µm, or None where it is unknown."""
        return None if self.pixel_size is None else self.pixel_size.um_per_px

    def valid(self) -> np.ndarray:
        """Pixels outside the ignore boxes: bool (M, N)."""
        valid = np.ones(self.shape, dtype=bool)
        for row_min, column_min, row_max, column_max in self.ignore_boxes:
            valid[row_min:row_max, column_min:column_max] = False
        return valid

    def valid_plane(self) -> ComputedPlane | None:
        """As `valid`, computed where it is looked at; None where there is no ignore box."""
        if not self.ignore_boxes:
            return None

        def compute(rows: slice, columns: slice) -> np.ndarray:
            part = np.ones((rows.stop - rows.start, columns.stop - columns.start), bool)
            for row_min, column_min, row_max, column_max in self.ignore_boxes:
                top, left = max(row_min - rows.start, 0), max(column_min - columns.start, 0)
                bottom, right = row_max - rows.start, column_max - columns.start
                part[top : max(bottom, 0), left : max(right, 0)] = False
            return part

        return ComputedPlane(self.shape, bool, compute)


@dataclass(frozen=True)
class StoredMask:
    """One version of a field's mask.

    Attributes
    ----------
    field, version : str and int
        Which mask it is; the highest version is the current one.
    source, method : str
        "model" or "person", and the segmenter's name or where the mask was imported from.
    path : Path
        The label PNG.
    sha256 : str
        Hash of the file.
    author : str
        Who made it: a person's name, or the name of the program and its model.
    probability : Path or None
        The probability it was cut from, beside it.
    probability_sha256 : str or None
        Hash of that file.
    """

    field: str
    version: int
    source: str
    method: str
    path: Path
    sha256: str
    author: str = ""
    probability: Path | None = None
    probability_sha256: str | None = None


def field_row(known: Field) -> dict[str, object]:
    """Row of the table ``field`` that holds a known."""
    size = known.pixel_size
    return {
        "name": known.name,
        "specimen": known.specimen,
        "split": known.split,
        "um_per_px": size and size.um_per_px,
        "scale_source": size and size.source,
        "scale_uncertainty": size.relative_uncertainty if size else 0.0,
        **{name: getattr(known.process, name) for name in _PROCESS},
        "section_plane": known.section_plane,
        "build_direction_deg": known.build_direction_deg,
        "objective_na": known.objective_na,
        "n_rows": known.shape[0],
        "n_columns": known.shape[1],
        "ignore_boxes": json.dumps(known.ignore_boxes),
        "copy_of": known.copy_of,
    }


def field_from_row(row: sqlite3.Row) -> Field:
    """Field that a row of the table ``field`` holds."""
    size = None
    if row["um_per_px"] is not None:
        size = PixelSize(row["um_per_px"], row["scale_source"], row["scale_uncertainty"])
    boxes: Sequence[Sequence[int]] = json.loads(row["ignore_boxes"])
    return Field(
        name=row["name"],
        shape=(row["n_rows"], row["n_columns"]),
        specimen=row["specimen"],
        split=row["split"],
        pixel_size=size,
        process=ProcessPoint(**{name: row[name] for name in _PROCESS}),
        section_plane=row["section_plane"],
        build_direction_deg=row["build_direction_deg"],
        objective_na=row["objective_na"],
        ignore_boxes=tuple((b[0], b[1], b[2], b[3]) for b in boxes),
        copy_of=row["copy_of"],
    )
