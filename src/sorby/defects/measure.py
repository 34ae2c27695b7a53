"""The defect table: one row a defect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sorby.core.errors import ScaleError, SettingError
from sorby.defects import MEASURES, frame
from sorby.defects.geometry import Field

_LENGTH_POWERS = {"px": 1, "px2": 2}


def measure_defects(
    instances: np.ndarray,
    *,
    image: str,
    valid: np.ndarray | None = None,
    um_per_px: float | None = None,
    build_direction_deg: float | None = None,
) -> pd.DataFrame:
    """Measure every defect of one image.

    Parameters
    ----------
    instances : ndarray of shape (M, N)
        Defect numbers 1..n, 0 background (`label_instances`).
    image : str
        Name of the image, for the table.
    valid : ndarray of shape (M, N), optional
        True where the sample is (mask not 255); everywhere if not given.
    um_per_px : float, optional
        Edge of a pixel, in µm. Without it the µm columns are empty.
    build_direction_deg : float, optional
        Direction in which layers were added, counter-clockwise from +x; 90 is up.
        Without it ``orientation_deg`` is empty.

    Returns
    -------
    DataFrame
        One row a defect, also for those at the edge:

        - ``image``, ``defect`` (its number in the instances);
        - ``x_px``, ``y_px``: centroid, column and row;
        - ``row_min``, ``column_min``, ``row_max``, ``column_max``: bounding box, half-open;
        - one column for each of `MEASURES` (``area_px2``, ``feret_max_px``, ``circularity``,
          ``orientation_deg``, ...) and, beside a length or an area, the same in µm or µm²;
        - ``touches_border``: it shares a side with the image's edge or an ignored pixel, so
          that its size is a lower bound;
        - ``counted``: it counts in the unbiased frame: it does not touch the edge, or an ignored
          region, on its right or lower side;
        - ``border_weight``: Miles-Lantuéjoul weight for means of sizes; empty for those that
          touch.

    Raises
    ------
    SettingError
        If shapes differ, or a number is missing in the instances.
    ScaleError
        If the pixel size is not positive.

    Examples
    --------
    >>> instances = np.zeros((40, 60), np.int32)
    >>> instances[5:25, 10:40] = 1
    >>> table = measure_defects(instances, image="a.png", valid=None, um_per_px=2.0)
    >>> table.loc[0, ["x_px", "y_px", "area_px2", "area_um2", "feret_min_um"]].to_list()
    [24.5, 14.5, 600.0, 2400.0, 40.0]
    """
    valid = np.ones(instances.shape, dtype=bool) if valid is None else np.asarray(valid, bool)
    _refuse_misfits(instances, valid, um_per_px)
    field = Field(instances, build_direction_deg)
    boxes = np.array([[s.start, s.stop] for box in field.boxes for s in box], dtype=np.int64)
    boxes = boxes.reshape(-1, 4)  # row_min, row_max, column_min, column_max
    touches = frame.touching(instances, valid)[1:]
    columns: dict[str, Any] = {
        "image": pd.Series([image] * len(boxes), dtype="str"),
        "defect": np.arange(1, len(boxes) + 1, dtype=np.int64),
        "x_px": field.outlines["column"],
        "y_px": field.outlines["row"],
        "row_min": boxes[:, 0],
        "column_min": boxes[:, 2],
        "row_max": boxes[:, 1],
        "column_max": boxes[:, 3],
        **_measured(field, um_per_px),
        "touches_border": touches.any(axis=1),
        "counted": frame.in_counting_frame(touches),
        "border_weight": frame.border_weight(
            np.column_stack([boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]]), touches, valid
        ),
    }
    return pd.DataFrame(columns)


def _refuse_misfits(instances: np.ndarray, valid: np.ndarray, um_per_px: float | None) -> None:
    if instances.ndim != 2 or instances.shape != valid.shape:
        raise SettingError(
            f"Instances have shape {instances.shape}, the valid region {valid.shape}. "
            "Give both for the same image (M, N)."
        )
    if not np.issubdtype(instances.dtype, np.integer):
        raise SettingError(
            f"Instances are of type {instances.dtype}. Defect numbers are integers: "
            "make them with sorby.defects.label_instances."
        )
    if um_per_px is not None and not 0 < um_per_px < np.inf:
        raise ScaleError(
            f"The pixel size is {um_per_px} µm/px. Give a positive number, or None if unknown."
        )


def _measured(field: Field, um_per_px: float | None) -> dict[str, np.ndarray]:
    scale = np.nan if um_per_px is None else um_per_px
    columns: dict[str, np.ndarray] = {}
    for name, measure in MEASURES.items():
        values = np.asarray(measure(field.instances, field), dtype=np.float64)
        unit = _mark(name, "unit")
        columns[_column(name, unit)] = values
        if unit in _LENGTH_POWERS:
            columns[_column(name, unit.replace("px", "um"))] = (
                values * scale ** _LENGTH_POWERS[unit]
            )
    return columns


def _mark(name: str, attribute: str) -> str:
    marks = vars(MEASURES[name])
    if attribute not in marks:
        raise SettingError(
            f"The measure {name!r} has no {attribute}. "
            "Mark its function with sorby.defects.measures.measure(unit=..., definition=...)."
        )
    return marks[attribute]


def _column(name: str, unit: str) -> str:
    return name if unit == "1" else f"{name}_{unit}"


def measure_definitions() -> pd.DataFrame:
    """Name, column, unit and definition of every measure, for reports.

    Returns
    -------
    DataFrame
        One row a measure: ``measure``, ``column``, ``unit``, ``definition``.

    Examples
    --------
    >>> measure_definitions().set_index("measure").loc["solidity", "definition"]
    'area inside the outline over that inside its convex hull'
    """
    rows = [
        (name, _column(name, unit), unit, _mark(name, "definition"))
        for name, unit in ((name, _mark(name, "unit")) for name in MEASURES)
    ]
    return pd.DataFrame(rows, columns=["measure", "column", "unit", "definition"])
