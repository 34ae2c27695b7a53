"""Corrected masks in, predictions out."""

from __future__ import annotations

import getpass
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ProjectError, ReadError, SettingError
from sorby.core.files import atomic_path, content_hash, inside
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE, Micrograph

if TYPE_CHECKING:
    from sorby.io.masks import MaskValues
    from sorby.project import Field, Project


def import_masks(
    folder: Path,
    paths: Sequence[Path],
    *,
    mask_values: MaskValues | None = None,
    author: str | None = None,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Take masks that a person corrected; each becomes the current mask of its field.

    Parameters
    ----------
    folder : Path
        The project.
    paths : sequence of Path
        Mask files or folders of them, named like the fields' images.
    mask_values : {"binary", "labels"}, optional
        What the values of foreign masks mean.
    author : str, optional
        Who made the masks; the name of the computer's user unless told.
    on_step : callable
        Told after each mask.

    Returns
    -------
    dict
        ``n_masks``, ``n_unchanged`` (equal to a version that the project holds, the current one
        or an older one: nobody corrected them, so they stay what they were), ``problems`` (files
        left out and why), ``notes``.

    Raises
    ------
    ReadError
        If no file could be imported.
    """
    from sorby.project import Project, history

    problems: list[str] = []
    notes: list[str] = []
    n_masks = unchanged = 0
    who = author or user_name()
    with Project.open(folder) as project:
        fields = {field.name: field for field in project.fields()}
        files = _masks_by_field(list(fields), paths, problems)
        classes = json.loads(project.note("classes") or "[]")
        for done, (name, path) in enumerate(files.items(), start=1):
            field = fields[name]
            try:
                mask, note = read_foreign_mask(path, project.read_picture(field), mask_values)
                check_classes(mask, classes, path)
            except (ReadError, SettingError, ProjectError) as error:
                problems.append(str(error))
                continue
            notes += [note] if note else []
            if _is_a_version(project, field, mask):
                unchanged += 1
            else:
                method = f"imported from {path.name}"
                with project.transaction():
                    stored = project.add_mask(
                        field, mask, source="person", method=method, author=who
                    )
                    record = history.new_record(
                        "masks import",
                        settings={"mask_values": mask_values, "author": who},
                        inputs={path.name: content_hash(path)},
                        outputs={f"{name} mask": stored.sha256},
                    )
                    project.record(record)
                n_masks += 1
            on_step(done, len(files), image=name)
    if problems and not n_masks and not unchanged:
        raise ReadError("No mask could be imported:\n" + "\n".join(problems))
    return {
        "n_masks": n_masks,
        "n_unchanged": unchanged,
        "problems": problems,
        "notes": notes,
    }


def accept_masks(
    folder: Path, names: Sequence[str], *, author: str | None = None
) -> dict[str, Any]:
    """Take predictions as a person's word, as they are: somebody looked and nothing is wrong.

    Parameters
    ----------
    folder : Path
        The project.
    names : sequence of str
        The fields.
    author : str, optional
        Who looked; the name of the computer's user unless told.

    Returns
    -------
    dict
        ``n_accepted``, ``n_by_person`` (masks that were a person's already).

    Raises
    ------
    ProjectError
        If a field is unknown or has no mask; then none is accepted.
    """
    from sorby.project import Project, history

    who = author or user_name()
    with Project.open(folder) as project, project.transaction():
        fields, masks = {field.name: field for field in project.fields()}, project.masks()
        missing = [name for name in names if name not in masks]
        if missing:
            raise ProjectError(
                f"{', '.join(missing)}: no mask of such a field is in {folder}, so nothing was "
                f"accepted. sorby status {folder} says what there is; sorby predict {folder} "
                "makes masks."
            )
        predicted = [name for name in dict.fromkeys(names) if masks[name].source == "model"]
        for name in predicted:
            mask, about = project.read_mask(masks[name]), f"accepted, {masks[name].method}"
            stored = project.add_mask(fields[name], mask, source="person", method=about, author=who)
            project.record(
                history.new_record(
                    "masks accept",
                    settings={"author": who, "version": masks[name].version},
                    inputs={f"{name} mask": masks[name].sha256},
                    outputs={f"{name} mask": stored.sha256},
                )
            )
    return {"n_accepted": len(predicted), "n_by_person": len(set(names)) - len(predicted)}


def _is_a_version(project: Project, field: Field, mask: np.ndarray) -> bool:
    """Whether a mask equals any that the project holds of a field; damaged files equal none."""
    if mask.shape != field.shape:
        return False
    put = np.where(field.valid(), mask, IGNORE)
    for stored in reversed(project.mask_versions(field.name)):
        try:
            known = project.read_mask(stored)
        except ProjectError:
            continue
        if np.array_equal(put, known):
            return True
    return False


def user_name() -> str:
    """Name of the computer's user; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def check_class_names(classes: Sequence[str]) -> None:
    """Refuse names of defect classes that repeat or are empty.

    Raises
    ------
    SettingError
        If there are such.
    """
    if len(set(classes)) < len(classes) or not all(name.strip() for name in classes):
        raise SettingError(
            f"The classes {', '.join(map(repr, classes))} repeat a name or hold an empty one. "
            "Give each class a name of its own."
        )


def check_classes(mask: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Refuse a mask that holds classes which the project does not know.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        0 background, 1.. classes, 255 ignore.
    classes : sequence of str
        The project's; empty if it was made without: then any are taken.
    path : Path
        Named in the error.

    Raises
    ------
    ReadError
        If it holds another value.
    """
    unknown = sorted(set(np.unique(mask).tolist()) - {*range(len(classes) + 1), IGNORE})
    if classes and unknown:
        raise ReadError(
            f"{path} holds the values {unknown[:5]}. The project knows {len(classes)} classes "
            f"({', '.join(classes)}): values 0 to {len(classes)}, and 255 for pixels that do not "
            "count. If it is black and white, say --mask-values binary."
        )


def _masks_by_field(
    names: list[str], paths: Sequence[Path], problems: list[str]
) -> dict[str, Path]:
    """Files by field: first as ``sorby masks export`` lays them out, then by name."""
    from sorby.io import micrograph_paths
    from sorby.workflow.naming import pair_by_name

    folders = [Path(path) for path in paths if Path(path).is_dir()]
    found = {
        name: folder / f"{name}.png"
        for folder in folders
        for name in names
        if (folder / f"{name}.png").is_file()
    }
    taken = {path.resolve() for path in found.values()}
    # A folder may hold masks in folders of its own only, as an export of "a/1" and "b/1" does.
    rest = [path for path in paths if Path(path) not in folders or not found or _has_files(path)]
    for path in micrograph_paths(rest) if rest else []:
        if path.resolve() in taken:
            continue
        free = {name: Path(f"{name}.png") for name in names if name not in found}
        try:
            found |= pair_by_name(free, [path], "mask")
        except ProjectError:
            problems.append(f"{path} belongs to no field by its name. Name it like its image.")
    return found


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in Path(folder).iterdir())


def read_foreign_mask(
    path: Path, micrograph: Micrograph, mask_values: MaskValues | None
) -> tuple[np.ndarray, str | None]:
    """Mask from a file of any origin, checked against its image.

    Parameters
    ----------
    path : Path
        The mask file.
    micrograph : Micrograph
        The image it belongs to.
    mask_values : {"binary", "labels"} or None
        What its values mean; None lets the file decide.

    Returns
    -------
    mask : ndarray of shape (M, N), uint8
        0 background, 1.. defect classes, 255 ignore.
    note : str or None
        How its values were read, where the file itself did not say.

    Raises
    ------
    ReadError
        If it cannot be read or its shape is not the image's.
    SettingError
        If its values need ``mask_values``.
    """
    from sorby.io import MaskValuesWarning, check_mask_fits, read_mask

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MaskValuesWarning)
        mask = read_mask(path, values=mask_values)
    check_mask_fits(mask, micrograph)
    if mask_values == "labels" and set(np.unique(mask)) == {0, IGNORE}:
        raise SettingError(
            f"{path} holds only 0 and 255. As labels, 255 is ignored and no defect would be left; "
            "if 255 means defect, say --mask-values binary."
        )
    notes = [str(w.message) for w in caught if issubclass(w.category, MaskValuesWarning)]
    return mask, " ".join(notes) or None


def export_masks(folder: Path, path: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Write the current mask of every field, as ``<field>.png``.

    Parameters
    ----------
    folder : Path
        The project.
    path : Path
        Folder for the masks.
    on_step : callable
        Told after each mask.

    Returns
    -------
    dict
        ``n_masks``, ``folder``.

    Raises
    ------
    ProjectError
        If no field has a mask yet, or a file would be overwritten that is no mask or that was
        edited and not taken in.
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        masks = project.masks()
        if not masks:
            raise ProjectError(f"{folder} has no masks yet. Make them: sorby predict {folder}")
        targets = {name: inside(path, f"{name}.png") for name in masks}
        for field in project.fields():
            if field.name in targets and targets[field.name].exists():
                _refuse_to_overwrite(project, field, targets[field.name])
        for done, (name, stored) in enumerate(masks.items(), start=1):
            project.read_mask(stored)  # verifies the hash
            target = targets[name]
            with atomic_path(target) as writing:
                writing.write_bytes(stored.path.read_bytes())
            on_step(done, len(masks), image=name)
    return {"n_masks": len(masks), "folder": str(path)}


def _refuse_to_overwrite(project: Project, field: Field, target: Path) -> None:
    """A file in the place of an export may go only if the project holds its content."""
    from sorby.io import is_sorby_mask, read_mask

    if not is_sorby_mask(target):
        raise ProjectError(
            f"{target} is there and is no mask of Sorby's: it may be your image, or a mask that "
            "another program saved. Export into another folder; if it is a mask that you "
            f"corrected, take it in first: sorby masks import {project.folder} {target}"
        )
    if content_hash(target) in {stored.sha256 for stored in project.mask_versions(field.name)}:
        return
    try:
        is_kept = _is_a_version(project, field, read_mask(target))
    except (ReadError, SettingError):
        is_kept = False
    if not is_kept:
        raise ProjectError(
            f"{target} was edited since it was exported. Take it in first: "
            f"sorby masks import {project.folder} {target}, or export into another folder."
        )
