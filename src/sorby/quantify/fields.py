"""The field table: one row an image."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from sorby.core.errors import SettingError
from sorby.core.records import ProcessPoint

PROCESS_COLUMNS = tuple(setting.name for setting in dataclasses.fields(ProcessPoint))
"""Columns that say how the specimen was built."""

RESERVED_TYPES = frozenset({"counted", "defects", "images", "specimens", "typed"})
"""Words that would give a type's column the name of another column."""

UNCERTAIN = "uncertain"
"""Type of a defect that the classifier would not name."""

MM2_PER_UM2 = 1e-6
"""Square millimetres in a square micrometre."""


def summarise_fields(defects: pd.DataFrame, fields: pd.DataFrame) -> pd.DataFrame:
    """Area fraction, counts and types of each image.

    Parameters
    ----------
    defects : DataFrame
        Defect tables of all images, one below the other (`sorby.defects.measure_defects`):
        ``image``, ``area_px2``, ``counted`` and, once classified, ``defect_type``.
    fields : DataFrame
        One row an image: ``image``, ``valid_area_px2`` and, where known, ``specimen``, process
        columns, ``um_per_px``, ``size_floor_px2``. Further columns are handed through.

    Returns
    -------
    DataFrame
        One row for each row of ``fields``, in that order, also for images without defects:

        - ``image``, ``specimen``, the process columns that are present, ``um_per_px``;
        - ``valid_area_px2``, ``valid_area_mm2``: sample in the image;
        - ``defect_area_px2``: area of all defects, those at the edge included;
        - ``area_fraction``: defect area over valid area;
        - ``n_defects``: all; ``n_counted``: those in the unbiased frame;
        - ``count_per_mm2``: ``n_counted`` over the valid area;
        - ``n_<type>`` and ``area_<type>_px2``: number and area of the defects of each type that
          occurs in ``defects``, "uncertain" included; unclassified defects are in none;
        - ``size_floor_px2``, then the further columns of ``fields``.

        Everything in mm is empty where the scale is unknown.

    Raises
    ------
    SettingError
        If a column is missing, an image occurs twice, or a defect belongs to no image.

    Examples
    --------
    >>> defects = pd.DataFrame({"image": ["a"], "area_px2": [50.0], "counted": [True]})
    >>> fields = pd.DataFrame({"image": ["a", "b"], "valid_area_px2": 1000, "um_per_px": 10.0})
    >>> table = summarise_fields(defects, fields)
    >>> table[["image", "area_fraction", "n_defects", "count_per_mm2"]]
      image  area_fraction  n_defects  count_per_mm2
    0     a           0.05          1           10.0
    1     b           0.00          0            0.0
    """
    _refuse_misfits(defects, fields)
    fields = fields.reset_index(drop=True)
    images = pd.Index(fields["image"])
    table = pd.DataFrame({"image": fields["image"]})
    table["specimen"] = fields.get("specimen", np.nan)
    for column in PROCESS_COLUMNS:
        if column in fields:
            table[column] = fields[column]
    table["um_per_px"] = pd.to_numeric(fields.get("um_per_px", pd.Series(np.nan, table.index)))
    mm2_per_px2 = table["um_per_px"] ** 2 * MM2_PER_UM2
    table["valid_area_px2"] = fields["valid_area_px2"].astype(np.int64)
    table["valid_area_mm2"] = table["valid_area_px2"] * mm2_per_px2
    table["defect_area_px2"] = _per_image(defects, "area_px2", images)
    valid_area = table["valid_area_px2"].where(table["valid_area_px2"] > 0)
    table["area_fraction"] = table["defect_area_px2"] / valid_area
    table["n_defects"] = _number_per_image(defects, images)
    table["n_counted"] = _number_per_image(defects[defects["counted"].astype(bool)], images)
    table["count_per_mm2"] = table["n_counted"] / (valid_area * mm2_per_px2)
    for name in _types(defects):
        if name in RESERVED_TYPES:
            raise SettingError(
                f"{name!r} cannot be a type of defect: columns of the tables have that name. "
                "Choose another word."
            )
        of_type = defects[defects["defect_type"] == name]
        table[f"n_{name}"] = _number_per_image(of_type, images)
        table[f"area_{name}_px2"] = _per_image(of_type, "area_px2", images)
    table["size_floor_px2"] = fields.get("size_floor_px2", np.nan)
    further = [column for column in fields if column not in table]
    return pd.concat([table, fields[further]], axis=1)


def _refuse_misfits(defects: pd.DataFrame, fields: pd.DataFrame) -> None:
    for name, table, needed in (
        ("defect table", defects, ("image", "area_px2", "counted")),
        ("table of fields", fields, ("image", "valid_area_px2")),
    ):
        missing = [column for column in needed if column not in table]
        if missing:
            raise SettingError(
                f"The {name} has no column {', '.join(missing)}. It needs {', '.join(needed)}."
            )
    twice = fields["image"][fields["image"].duplicated()]
    if len(twice):
        raise SettingError(
            f"{twice.iloc[0]!r} occurs twice in the table of fields. Give one row an image."
        )
    strangers = sorted(set(defects["image"]) - set(fields["image"]))
    if strangers:
        raise SettingError(
            f"{len(strangers)} images have defects but no row in the table of fields, "
            f"the first is {strangers[0]!r}. Add them to the fields, or leave their defects out."
        )


def _types(defects: pd.DataFrame) -> list[str]:
    if "defect_type" not in defects:
        return []
    return sorted({str(name) for name in defects["defect_type"].dropna()})


def _per_image(defects: pd.DataFrame, column: str, images: pd.Index) -> np.ndarray:
    sums = defects[column].astype(np.int64).groupby(defects["image"]).sum()
    return sums.reindex(images, fill_value=0).to_numpy(dtype=np.int64)


def _number_per_image(defects: pd.DataFrame, images: pd.Index) -> np.ndarray:
    return defects["image"].value_counts().reindex(images, fill_value=0).to_numpy(dtype=np.int64)
