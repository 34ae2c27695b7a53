"""Corrected masks in, predictions out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ProjectError, ReadError, SettingError
from sorby.core.files import atomic_path, inside
from sorby.core.progress import OnStep, silent
from sorby.core.records import Micrograph

if TYPE_CHECKING:
    from sorby.io.masks import MaskValues


def import_masks(
    folder: Path,
    paths: Sequence[Path],
    *,
    mask_values: MaskValues | None = None,
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
    on_step : callable
        Told after each mask.

    Returns
    -------
    dict
        ``n_masks``, ``problems`` (files left out and why), ``notes``.

    Raises
    ------
    ProjectError
        If a file fits no field by its name.
    """
    from sorby.io import micrograph_paths
    from sorby.project import Project, history

    problems: list[str] = []
    notes: list[str] = []
    outputs: dict[str, str] = {}
    with Project.open(folder) as project:
        fields = {field.name: field for field in project.fields()}
        files = _masks_by_field(list(fields), micrograph_paths(paths))
        for done, (name, path) in enumerate(files.items(), start=1):
            try:
                mask, note = read_foreign_mask(
                    path, project.read_picture(fields[name]), mask_values
                )
            except (ReadError, SettingError) as error:
                problems.append(str(error))
            else:
                notes += [note] if note else []
                method = f"imported from {path.name}"
                stored = project.add_mask(fields[name], mask, source="person", method=method)
                outputs[name] = stored.sha256
            on_step(done, len(files), image=name)
        if outputs:
            project.record(history.new_record("masks import", outputs=outputs))
    return {"n_masks": len(outputs), "problems": problems, "notes": notes}


def _masks_by_field(names: list[str], paths: list[Path]) -> dict[str, Path]:
    """Files by field: ``sorby masks export`` keeps the names, people add "_mask"."""
    from sorby.workflow.naming import pair_by_name

    return pair_by_name({name: Path(f"{name}.png") for name in names}, paths, "mask")


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
        If no field has a mask yet.
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        masks = project.masks()
        if not masks:
            raise ProjectError(f"{folder} has no masks yet. Make them: sorby predict {folder}")
        for done, (name, stored) in enumerate(masks.items(), start=1):
            project.read_mask(stored)  # verifies the hash
            with atomic_path(inside(path, f"{name}.png")) as writing:
                writing.write_bytes(stored.path.read_bytes())
            on_step(done, len(masks), image=name)
    return {"n_masks": len(masks), "folder": str(path)}
