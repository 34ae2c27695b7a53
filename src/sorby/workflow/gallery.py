"""What the pages say of a project and its fields, and what a person may change of a field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import ScaleError, SettingError
from sorby.core.records import PixelSize, ProcessPoint

if TYPE_CHECKING:
    from sorby.project import Draft, Field, Project, StoredMask

PROCESS = tuple(f.name for f in fields(ProcessPoint))
EDITABLE = (
    "um_per_px", "specimen", *PROCESS, "section_plane", "build_direction_deg", "objective_na"
)  # fmt: skip
"""What a person may say of a field, as in the fields table."""

BY_PERSON = "a person"
BY_BAR = "scale bar"
_BARS = "scale_bars"


def project_overview(folder: Path) -> dict[str, Any]:
    """All that the shell of the page needs.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    dict
        ``name``, ``synthetic``, ``classes``, ``status`` (as `project_status`, and ``root``),
        ``fields`` (rows as of `field_row`), ``models``, ``current_model``, ``author``.
    """
    from sorby.project import Project
    from sorby.workflow.masks import user_name
    from sorby.workflow.modelling import list_models
    from sorby.workflow.status import project_status

    status, models = project_status(folder), list_models(folder)
    with Project.open(folder) as project:
        return {
            "name": project.folder.name,
            "synthetic": project.note("synthetic") is not None,
            "classes": json.loads(project.note("classes") or '["defect"]'),
            "status": {**status, "root": str(project.folder.parent)},
            "fields": _rows(project),
            "models": models["models"],
            "current_model": models["current"],
            "author": user_name(),
        }


def field_row(folder: Path, name: str) -> dict[str, Any]:
    """What the pages say of one field.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field.

    Returns
    -------
    dict
        ``name``, ``shape``, ``um_per_px``, ``scale_source``, ``split``, what is in `EDITABLE`,
        ``has_etched``, ``state``, ``n_defects``, ``n_to_check``, ``mask_version``,
        ``mask_source``, ``picked_round``, ``scale_bar``.

    Raises
    ------
    UnknownFieldError
        If there is no such field.
    """
    from sorby.project import Project
    from sorby.project.changes import field_of

    with Project.open(folder) as project:
        field_of(project, name)
        return next(row for row in _rows(project) if row["name"] == name)


def _rows(project: Project) -> list[dict[str, Any]]:
    masks, etched = project.masks(), project.picture_hashes("etched")
    drafts = {d.field: d for d in project.journal.drafts() if _counts(d)}
    picks = project.rounds.picks()
    rounds = dict(zip(picks["image"], picks["round"], strict=True))
    bars = _bars(project)
    return [
        _row(
            field,
            masks.get(field.name),
            drafts.get(field.name),
            has_etched=field.name in etched,
            picked_round=rounds.get(field.name),
            bar=bars.get(field.name, {}),
        )
        for field in project.fields()
    ]


def _counts(draft: Draft) -> bool:
    return draft.mode == "correct" and draft.state != "parked"


def _row(
    field: Field,
    mask: StoredMask | None,
    draft: Draft | None,
    *,
    has_etched: bool,
    picked_round: int | None,
    bar: Mapping[str, Any],
) -> dict[str, Any]:
    from sorby.workflow.review import field_state

    size = field.pixel_size
    return {
        "name": field.name,
        "shape": field.shape,
        "um_per_px": field.um_per_px,
        "scale_source": size and size.source,
        "split": field.split,
        "specimen": field.specimen,
        **asdict(field.process),
        "section_plane": field.section_plane,
        "build_direction_deg": field.build_direction_deg,
        "objective_na": field.objective_na,
        "has_etched": has_etched,
        "state": field_state(field, mask.source if mask else None, draft),
        "n_defects": draft.n_defects if draft else None,
        "n_to_check": draft.n_to_check if draft else None,
        "mask_version": mask.version if mask else None,
        "mask_source": mask.source if mask else None,
        "picked_round": None if picked_round is None else int(picked_round),
        "scale_bar": _scale_bar(field, bar),
    }


def _scale_bar(field: Field, bar: Mapping[str, Any]) -> dict[str, Any] | None:
    if not field.ignore_boxes:
        return None
    length, size = bar.get("length_px"), field.um_per_px
    return {
        "box": field.ignore_boxes[0],
        "um": round(length * size, 3) if length and size else None,
        "um_per_px": size,
        "confirmed": bool(bar.get("confirmed")),
    }


def _bars(project: Project) -> dict[str, dict[str, Any]]:
    return dict(json.loads(project.note(_BARS) or "{}"))


def change_field(folder: Path, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Take what a person says of a field: its scale, its process settings.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field.
    values : mapping
        Some of `EDITABLE`; None where it is unknown.

    Returns
    -------
    dict
        The field, as of `field_row`.

    Raises
    ------
    SettingError
        If a value is out of range or no value a fields table may hold: nothing is changed then.
    UnknownFieldError
        If there is no such field.
    """
    from sorby.project import Project, history
    from sorby.project.changes import change_field as store
    from sorby.project.changes import field_of

    known = {key: _checked(key, value) for key, value in values.items()}
    with Project.open(folder) as project, project.transaction():
        field = field_of(project, name)
        store(project, _changed(field, known))
        project.record(history.new_record("edit field", settings={"field": name, **known}))
    return field_row(folder, name)


def _checked(name: str, value: Any) -> Any:
    """Value as the fields table would take it."""
    from sorby.io.columns import FIELDS

    column = next((c for c in FIELDS if c.name == name and name in EDITABLE), None)
    if column is None:
        raise SettingError(f"{name[:80]!r} cannot be edited. These can: {', '.join(EDITABLE)}.")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SettingError(f"{name} is {value!r}. Give a number or text, or leave it empty.")
    text = value.strip() if isinstance(value, str) else repr(value)
    if len(text) > 200:
        raise SettingError(f"{name} has {len(text)} characters. At most 200 are kept.")
    try:
        return column.read(text)
    except ValueError as reason:
        raise SettingError(f"{name} {reason}.") from reason


def _changed(field: Field, known: Mapping[str, Any]) -> Field:
    process = {key: value for key, value in known.items() if key in PROCESS}
    rest = {k: v for k, v in known.items() if k not in PROCESS and k != "um_per_px"}
    changed = replace(field, process=replace(field.process, **process), **rest)
    if "um_per_px" in known:
        value = known["um_per_px"]
        changed = replace(changed, pixel_size=value and PixelSize(float(value), BY_PERSON))
    return changed


def confirm_scale(folder: Path, name: str, um: float | None = None) -> dict[str, Any]:
    """A person says that the scale bar was found rightly, and perhaps how long it is.

    Parameters
    ----------
    folder : Path
        The project.
    name : str
        Of the field.
    um : float, optional
        Length that is written at the bar, in µm: with the length found in the image it gives the
        scale.

    Returns
    -------
    dict
        The field, as of `field_row`.

    Raises
    ------
    ScaleError
        If there is no scale bar, or neither it nor the file gives a scale.
    """
    from sorby.io import find_scale_bar
    from sorby.project import Project, history
    from sorby.project.changes import change_field as store
    from sorby.project.changes import field_of

    with Project.open(folder) as project:
        field = field_of(project, name)
        if not field.ignore_boxes:
            raise ScaleError(f"No scale bar was found in {name!r}. Give its µm/px in the table.")
        found = find_scale_bar(project.read_picture(field).pixels)
        length = found.length_px if found else None
        if um is not None:
            size = _checked("um_per_px", float(f"{um / length:.4g}")) if length else None
            if size is None:
                raise ScaleError(
                    f"The bar in {name!r} has no length that can be read. Give its µm/px in the "
                    "table."
                )
            field = replace(field, pixel_size=PixelSize(size, BY_BAR))
        elif field.pixel_size is None:
            raise ScaleError(
                f"The µm/px of {name!r} is not known. Give the length that is written at the bar, "
                "or the µm/px in the table."
            )
        with project.transaction():
            store(project, field)
            bar = {"length_px": length, "confirmed": True}
            project.set_note(_BARS, json.dumps({**_bars(project), name: bar}))
            said: dict[str, object] = {"field": name, "um": um, "um_per_px": field.um_per_px}
            project.record(history.new_record("confirm scale bar", settings=said))
    return field_row(folder, name)
