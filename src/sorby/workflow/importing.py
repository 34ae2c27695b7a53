"""Make a project: read what the files say of themselves, join it with the table, keep it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ReadError, ScaleError, SettingError
from sorby.core.files import content_hash
from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator
from sorby.workflow.creating import new_or_nothing
from sorby.workflow.inspecting import ImportPlan, inspect_image
from sorby.workflow.naming import field_names, find_field, pair_by_name

if TYPE_CHECKING:
    import pandas as pd

    from sorby.io.masks import MaskValues
    from sorby.project import Field, Project


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
    found = ImportPlan(
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
    found: ImportPlan, on_step: OnStep
) -> list[tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]]:
    ready = []
    seen: dict[str, str] = {}
    for done, name in enumerate(found.names, start=1):
        try:
            _refuse_repetition(name, found.names[name], seen)
            ready.append(inspect_image(name, found))
        except (ReadError, ScaleError, SettingError) as error:
            found.problems.append(str(error))
        on_step(done, len(found.names), image=name)
    return ready


def _refuse_repetition(name: str, path: Path, seen: dict[str, str]) -> None:
    """Leave out an image that is already there: it is no second, independent field."""
    first = seen.setdefault(content_hash(path), name)
    if first != name:
        raise ReadError(f"{path} is the same file as that of {first!r}, which is enough.")


def _write(
    folder: Path,
    ready: list[tuple[Field, dict[str, tuple[Path, int]], np.ndarray | None]],
    found: ImportPlan,
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
    found: ImportPlan,
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
