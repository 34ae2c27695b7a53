"""Make a project: read what the files say of themselves, join it with the table, keep it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ReadError, ScaleError, SettingError
from sorby.core.files import content_hash
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE, Micrograph, PixelSize, ProcessPoint
from sorby.core.rng import generator
from sorby.workflow.creating import new_or_nothing
from sorby.workflow.naming import field_names, find_field, pair_by_name
from sorby.workflow.segmenting import page_note

if TYPE_CHECKING:
    import pandas as pd

    from sorby.io.masks import MaskValues
    from sorby.project import Field, Project

_PROCESS = [f.name for f in fields(ProcessPoint)]
_SCALE_TOLERANCE = 0.02


@dataclass
class _Import:
    """All that was found for one project before anything is written."""

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


def new_project(
    folder: Path,
    polished: Sequence[Path],
    *,
    etched: Sequence[Path] = (),
    masks: Sequence[Path] = (),
    mask_values: MaskValues | None = None,
    fields_table: Path | None = None,
    um_per_px: float | None = None,
    classes: Sequence[str] = (),
    seed: int = 0,
    copy: bool = False,
    keep_bars: bool = False,
    page: int = 0,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Make a project from images and what is known of them.

    Parameters
    ----------
    folder : Path
        Where the project will be.
    polished, etched, masks : sequence of Path
        Image files or folders of them. Twins and masks are paired by name or by the table.
    mask_values : {"binary", "labels"}, optional
        What the values of foreign masks mean.
    fields_table : Path, optional
        CSV with what is known of each field.
    um_per_px : float, optional
        Size of a pixel, in µm, of images whose file and row do not say it.
    classes : sequence of str
        Names of the defect classes, values 1.. of the masks; as many as masks hold unless told.
    seed : int
        Decides what the project draws at random: test fields, splits, first weights.
    copy : bool
        Copy the images into the project; otherwise they are referenced.
    keep_bars : bool
        Do not look for burned-in scale bars.
    page : int
        Page of multi-page images; the first is 0.
    on_step : callable
        Told after each image.

    Returns
    -------
    dict
        ``project``, ``n_fields``, ``n_etched``, ``n_masks``, ``scales`` (fields by source of
        their scale), ``n_scale_bars``, ``problems`` (files left out and why), ``notes``.

    Raises
    ------
    SettingError
        If the table is wrong: nothing is made then.
    ReadError
        If no image can be read: nothing is made then.
    """
    from sorby.io import micrograph_paths
    from sorby.workflow.masks import check_class_names

    if um_per_px is not None and not (np.isfinite(um_per_px) and um_per_px > 0):
        raise SettingError(f"--um-per-px is {um_per_px}. It must be positive, in µm per pixel.")
    generator(seed)  # refuses a negative one before anything is read
    check_class_names(classes)
    names = field_names(micrograph_paths(polished))
    rows = {} if fields_table is None else _rows_by_field(fields_table, names)
    found = _Import(
        names=names,
        rows=rows,
        etched=_twins(names, rows, etched, fields_table, "etched"),
        masks=_twins(names, rows, masks, fields_table, "mask"),
        mask_values=mask_values,
        um_per_px=um_per_px,
        keep_bars=keep_bars,
        page=page,
        classes=tuple(classes),
        seed=seed,
        table={"fields table": content_hash(fields_table)} if fields_table else {},
    )
    if fields_table is not None and len(rows) < len(names):
        bare = [name for name in names if name not in rows]
        found.notes.append(f"{len(bare)} images have no row in {fields_table}: {_some(bare)}.")
    ready = _inspect_all(found, on_step)
    if not ready:
        raise ReadError("No image could be imported:\n" + "\n".join(found.problems))
    return _write(folder, ready, found, copy)


def _rows_by_field(table: Path, names: dict[str, Path]) -> dict[str, dict[str, Any]]:
    from sorby.io import read_fields_table

    rows: dict[str, dict[str, Any]] = {}
    problems = []
    content = read_fields_table(table)
    for line, row in zip(content.index, _known_values(content), strict=True):
        name = find_field(str(row["image"]), names)
        if name is None:
            problems.append(f"line {line}: {row['image']!r} is not (one) of the polished images")
        elif name in rows:
            problems.append(f"line {line}: {row['image']!r} names {name!r} a second time")
        else:
            rows[name] = row
    if problems:
        raise SettingError(
            f"{table}: nothing was imported.\n" + "\n".join(problems) + "\nThe column image holds "
            "a file name; where two folders hold the same name, put the folder before it. "
            f"Images given: {_some(list(names))}."
        )
    return rows


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _known_values(table: pd.DataFrame) -> list[dict[str, Any]]:
    import pandas as pd

    return [
        {str(k): v for k, v in row.items() if not pd.isna(v)} for row in table.to_dict("records")
    ]


def _twins(
    names: dict[str, Path],
    rows: dict[str, dict[str, Any]],
    paths: Sequence[Path],
    table: Path | None,
    kind: str,
) -> dict[str, Path]:
    """Etched images or masks by field: those named in the table, the others by their names."""
    from sorby.io import micrograph_paths

    given = micrograph_paths(paths) if paths else []
    by_name = field_names(given)
    twins: dict[str, Path] = {}
    for name, row in rows.items():
        if kind not in row:
            continue
        match = find_field(str(row[kind]), by_name)
        path = by_name[match] if match else (table or Path()).parent / str(row[kind])
        if not path.is_file():
            raise SettingError(
                f"{table}: the {kind} {row[kind]!r} of {name!r} is not there (looked for {path}). "
                "Nothing was imported. Paths in the table start at the table's folder."
            )
        twins[name] = path
    rest = [path for path in given if path not in set(twins.values())]
    free = {name: path for name, path in names.items() if name not in twins}
    label = "etched image" if kind == "etched" else "mask"
    return twins | pair_by_name(free, rest, label)


def _inspect_all(
    found: _Import, on_step: OnStep
) -> list[tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]]:
    ready = []
    seen: dict[str, str] = {}
    for done, name in enumerate(found.names, start=1):
        try:
            _refuse_repetition(name, found.names[name], seen)
            ready.append(_inspect(name, found))
        except (ReadError, ScaleError, SettingError) as error:
            found.problems.append(str(error))
        on_step(done, len(found.names), image=name)
    return ready


def _refuse_repetition(name: str, path: Path, seen: dict[str, str]) -> None:
    """Leave out an image that is already there: it is no second, independent field."""
    first = seen.setdefault(content_hash(path), name)
    if first != name:
        raise ReadError(f"{path} is the same file as that of {first!r}, which is enough.")


def _inspect(
    name: str, found: _Import
) -> tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]:
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
            _check_twin(micrograph, read_micrograph(found.etched[name], page=found.page), name)
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


def _check_twin(polished: Micrograph, etched: Micrograph, name: str) -> None:
    if polished.pixels.shape != etched.pixels.shape:
        sizes = [" x ".join(map(str, m.pixels.shape)) for m in (polished, etched)]
        raise ReadError(
            f"{name}: the polished image is {sizes[0]} px, its etched twin {sizes[1]} px (rows x "
            "columns). Both must show the same field at the same scale: crop them alike, or leave "
            "the etched image out."
        )


def _pixel_size(
    micrograph: Micrograph, row: dict[str, Any], found: _Import, name: str
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
    name: str, known: Field, found: _Import, micrograph: Micrograph
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


def _write(
    folder: Path,
    ready: list[tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]],
    found: _Import,
    copy: bool,
) -> dict[str, Any]:
    from sorby.project import history
    from sorby.project.history import tagged
    from sorby.workflow.masks import user_name

    with new_or_nothing(folder) as project:
        for known, pictures, mask in ready:
            project.add_field(known, pictures, copy=copy)
            if mask is not None:
                method = f"imported from {found.masks[known.name].name}"
                project.add_mask(known, mask, source="person", method=method, author=user_name())
        project.set_note("seed", str(found.seed))
        if found.classes:
            project.set_note("classes", json.dumps(found.classes))
        project.record(
            history.new_record(
                "import",
                settings={
                    "classes": found.classes,
                    "seed": found.seed,
                    "copy": copy,
                    "um_per_px": found.um_per_px,
                    "bars_kept": found.keep_bars,
                    "page": found.page,
                    "mask_values": found.mask_values,
                },
                inputs=found.table
                | project.picture_hashes()
                | tagged(project.picture_hashes("etched"), "etched"),
                outputs={f"{m.field} mask": m.sha256 for m in project.masks().values()},
            )
        )
        return _summary(project, ready, found)


def _summary(
    project: Project,
    ready: list[tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]],
    found: _Import,
) -> dict[str, Any]:
    sources = [f.pixel_size.source if f.pixel_size else "unknown" for f, _, _ in ready]
    return {
        "project": str(project.folder),
        "n_fields": len(ready),
        "n_etched": sum("etched" in pictures for _, pictures, _ in ready),
        "n_masks": sum(mask is not None for _, _, mask in ready),
        "scales": {source: sources.count(source) for source in sorted(set(sources))},
        "n_scale_bars": sum(bool(f.ignore_boxes) for f, _, _ in ready),
        "problems": found.problems,
        "notes": found.notes,
    }
