"""The condition table: one row a set of process settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from sorby.core.errors import SettingError
from sorby.quantify import intervals
from sorby.quantify.fields import MM2_PER_UM2, PROCESS_COLUMNS, UNCERTAIN
from sorby.quantify.intervals import UNKNOWN, Interval

FEW_FIELDS = 10
"""Below this number of fields the t interval is known to be too narrow."""

TARGET_ACCURACY = 0.2
"""Accuracy for which ``n_images_for_20_percent`` plans, as a share of the area fraction."""

UNKNOWN_CONDITION = "unknown"
"""Name of the condition of all fields without process settings."""

_PX2_PER_MPX = 1e6
_SETTING_FORMATS = {
    "laser_power_w": "{:g} W",
    "scan_speed_mm_s": "{:g} mm/s",
    "hatch_um": "hatch {:g} µm",
    "layer_um": "layer {:g} µm",
    "beam_um": "beam {:g} µm",
    "preheat_c": "preheat {:g} °C",
    "alloy": "{}",
}


def summarise_conditions(
    field_table: pd.DataFrame,
    *,
    rng: np.random.Generator,
    types: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Area fraction, counts and type fractions of each set of process settings.

    Fields with equal values in all process columns form a condition; an empty value is a value of
    its own, and fields without any setting form the condition "unknown". Intervals are for 95 %
    and treat fields as independent; ends outside the possible range are cut to it.

    Parameters
    ----------
    field_table : DataFrame
        From `summarise_fields`.
    rng : numpy.random.Generator
        For the bootstrap.
    types : sequence of str, optional
        Defect types to report, "uncertain" not among them. By default those in the table.

    Returns
    -------
    DataFrame
        One row a condition, sorted by settings:

        - ``condition`` (its settings in words), the process columns;
        - ``n_images``, ``n_specimens``, ``few_fields`` (fewer than 10 images),
          ``mixed_magnification`` (the images of this table differ in µm/px, or only some have a
          scale, so that conditions may differ by what could be seen);
        - ``valid_area_px2``, ``valid_area_mm2``, ``defect_area_px2``;
        - ``area_fraction``: Σ defect area / Σ valid area, in mm² where all images of the
          condition have a scale, else in px²; ``..._low``, ``..._high`` by Student's t of the
          ratio estimator; ``..._bootstrap_low``, ``..._bootstrap_high`` by the studentised
          bootstrap; ``optical_density_percent`` = 100 (1 − area fraction);
        - ``relative_accuracy_percent``: half the t interval in percent of the area fraction;
          ``n_images_for_20_percent``: images that would bring it to 20;
        - ``n_defects``, ``mean_count`` (defects an image, all of them, as the paper counts),
          ``n_counted`` (unbiased frame);
        - ``count_per_mm2`` and ``count_per_mpx`` (10⁶ px², where the scale is unknown), each
          with ``..._low``, ``..._high``, from ``n_counted``;
        - ``n_typed`` (defects with a type other than "uncertain"), ``n_uncertain``; for each type
          ``n_<type>``, ``fraction_<type>`` of ``n_typed`` with Wilson's ``..._low``,
          ``..._high`` (which takes defects as independent), and ``area_share_<type>``, its share
          of the area of typed defects.

        Without a single counted defect the count's interval is 0 to 3/A (one-sided 95 %); without
        any defect area the upper end of the area fraction stays empty, for it would need the size
        of the pores that were not seen.

    Raises
    ------
    SettingError
        If the table has no rows or lacks a column, or a type is "uncertain".

    Examples
    --------
    >>> fields = pd.DataFrame({
    ...     "image": ["a", "b"], "laser_power_w": 200.0, "um_per_px": np.nan,
    ...     "valid_area_px2": [1000, 3000], "valid_area_mm2": np.nan,
    ...     "defect_area_px2": [10, 70], "n_defects": [1, 5], "n_counted": [1, 4],
    ... })
    >>> table = summarise_conditions(fields, rng=np.random.default_rng(0))
    >>> table[["condition", "n_images", "area_fraction", "mean_count"]]
      condition  n_images  area_fraction  mean_count
    0     200 W         2           0.02         3.0
    """
    _refuse_misfits(field_table, types)
    present = [column for column in PROCESS_COLUMNS if column in field_table]
    found = _types(field_table)
    chosen = found if types is None else list(types)
    rows = [
        {
            **_settings(fields, present),
            **_extent(fields),
            **_area_fraction(fields, rng),
            **_counts(fields),
            **_fractions(fields, chosen, sorted({*found, *chosen})),
        }
        for fields in _groups(field_table, present)
    ]
    table = pd.DataFrame(rows)
    after_few_fields = list(table).index("few_fields") + 1
    table.insert(after_few_fields, "mixed_magnification", _is_mixed(field_table["um_per_px"]))
    return table


def describe_setting(column: str, value: object) -> str:
    """Process setting in words.

    Parameters
    ----------
    column : str
        One of the process columns.
    value : object
        Its value; empty (NaN, None) is "unknown".

    Returns
    -------
    str
        For captions.

    Examples
    --------
    >>> describe_setting("hatch_um", 100.0)
    'hatch 100 µm'
    >>> describe_setting("hatch_um", None)
    'hatch unknown'
    """
    if pd.isna(value):  # type: ignore[call-overload]
        return f"{column.rsplit('_', 1)[0].replace('_', ' ')} unknown"
    return _SETTING_FORMATS[column].format(value)


def _refuse_misfits(field_table: pd.DataFrame, types: Sequence[str] | None) -> None:
    needed = ("image", "um_per_px", "valid_area_px2", "valid_area_mm2", "defect_area_px2")
    missing = [c for c in (*needed, "n_defects", "n_counted") if c not in field_table]
    if missing:
        raise SettingError(
            f"The field table has no column {', '.join(missing)}. "
            "Make it with sorby.quantify.summarise_fields."
        )
    if field_table.empty:
        raise SettingError("The field table is empty. Measure at least one image first.")
    if types is not None and UNCERTAIN in types:
        raise SettingError(
            f"{UNCERTAIN!r} is not a type. It is counted in n_uncertain; leave it out."
        )


def _types(field_table: pd.DataFrame) -> list[str]:
    columns = [str(column) for column in field_table if str(column).startswith("area_")]
    names = [column.removeprefix("area_").removesuffix("_px2") for column in columns]
    return [name for name in names if f"n_{name}" in field_table and name != UNCERTAIN]


def _groups(field_table: pd.DataFrame, present: list[str]) -> Iterator[pd.DataFrame]:
    known = [column for column in present if field_table[column].notna().any()]
    if not known:
        yield field_table
        return
    for _, fields in field_table.groupby(known, dropna=False, sort=True):
        yield fields


def _settings(fields: pd.DataFrame, present: list[str]) -> dict[str, object]:
    values = {column: fields[column].iloc[0] for column in present}
    words = [describe_setting(c, value) for c, value in values.items() if not pd.isna(value)]
    return {"condition": ", ".join(words) or UNKNOWN_CONDITION, **values}


def _extent(fields: pd.DataFrame) -> dict[str, object]:
    return {
        "n_images": len(fields),
        "n_specimens": int(fields["specimen"].nunique()) if "specimen" in fields else 0,
        "few_fields": len(fields) < FEW_FIELDS,
        "valid_area_px2": int(fields["valid_area_px2"].sum()),
        "valid_area_mm2": float(fields["valid_area_mm2"].sum(skipna=False)),
        "defect_area_px2": int(fields["defect_area_px2"].sum()),
    }


def _area_fraction(fields: pd.DataFrame, rng: np.random.Generator) -> dict[str, object]:
    y, x = _comparable_areas(fields)
    fraction = float(y.sum() / x.sum()) if x.sum() > 0 else math.nan
    uncut = intervals.ratio_interval(y, x)
    if not y.any():
        uncut = Interval(0.0 if fraction == 0 else math.nan, math.nan)
    bootstrap = intervals.studentised_bootstrap(y, x, rng=rng)
    return {
        "area_fraction": fraction,
        **_ends("area_fraction", _cut(uncut, 1)),
        **_ends("area_fraction_bootstrap", _cut(bootstrap, 1)),
        "optical_density_percent": 100 * (1 - fraction),
        "relative_accuracy_percent": intervals.relative_accuracy_percent(fraction, uncut),
        "n_images_for_20_percent": _images_needed(y, x),
    }


def _comparable_areas(fields: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Defect and valid areas in mm² if every field has a scale, else in px²."""
    scale = _common_unit(fields)
    y = fields["defect_area_px2"].to_numpy(dtype=np.float64)
    return y * scale, fields["valid_area_px2"].to_numpy(dtype=np.float64) * scale


def _common_unit(fields: pd.DataFrame) -> np.ndarray:
    if not fields["um_per_px"].notna().all():
        return np.ones(len(fields))
    return fields["um_per_px"].to_numpy(dtype=np.float64) ** 2 * MM2_PER_UM2


def _images_needed(y: np.ndarray, x: np.ndarray) -> float:
    if y.size < 2 or not y.any() or not np.all(x > 0):
        return math.nan
    ratio, error = intervals.ratio_and_error(y, x)
    sd_of_one = float(error) * math.sqrt(y.size)
    return float(intervals.fields_needed(float(ratio), sd_of_one, TARGET_ACCURACY))


def _counts(fields: pd.DataFrame) -> dict[str, object]:
    counted = fields["n_counted"].to_numpy(dtype=np.float64)
    row: dict[str, object] = {
        "n_defects": int(fields["n_defects"].sum()),
        "mean_count": float(fields["n_defects"].mean()),
        "n_counted": int(counted.sum()),
    }
    mpx = fields["valid_area_px2"].to_numpy(dtype=np.float64) / _PX2_PER_MPX
    mm2 = fields["valid_area_mm2"].to_numpy(dtype=np.float64)
    for name, areas in (("count_per_mm2", mm2), ("count_per_mpx", mpx)):
        total = areas.sum()
        row[name] = float(counted.sum() / total) if total > 0 else math.nan
        row.update(_ends(name, _count_interval(counted, areas)))
    return row


def _count_interval(counted: np.ndarray, areas: np.ndarray) -> Interval:
    if not areas.sum() > 0:
        return UNKNOWN
    if not counted.any():
        return Interval(0.0, intervals.zero_count_upper_bound(float(areas.sum())))
    return _cut(intervals.ratio_interval(counted, areas), math.inf)


def _fractions(fields: pd.DataFrame, types: list[str], all_types: list[str]) -> dict[str, object]:
    number = {name: _total(fields, f"n_{name}") for name in all_types}
    area = {name: _total_area(fields, f"area_{name}_px2") for name in all_types}
    n_typed, typed_area = sum(number.values()), sum(area.values())
    row: dict[str, object] = {"n_typed": n_typed, "n_uncertain": _total(fields, f"n_{UNCERTAIN}")}
    for name in types:
        row[f"n_{name}"] = number[name]
        row[f"fraction_{name}"] = number[name] / n_typed if n_typed else math.nan
        row.update(_ends(f"fraction_{name}", intervals.wilson_interval(number[name], n_typed)))
        row[f"area_share_{name}"] = area[name] / typed_area if typed_area else math.nan
    return row


def _total(fields: pd.DataFrame, column: str) -> int:
    return int(fields[column].sum()) if column in fields else 0


def _total_area(fields: pd.DataFrame, column: str) -> float:
    return float(fields[column] @ _common_unit(fields)) if column in fields else 0.0


def _is_mixed(um_per_px: pd.Series) -> bool:
    return bool(um_per_px.nunique(dropna=False) > 1)


def _cut(interval: Interval, highest: float) -> Interval:
    low, high = np.clip(interval, 0, highest)
    return Interval(float(low), float(high))


def _ends(name: str, interval: Interval) -> dict[str, float]:
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}
