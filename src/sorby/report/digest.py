"""What a report says about its tables: headlines, choices of columns, definitions, history."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from sorby.core.records import ModelCard, StepRecord
from sorby.report.headings import heading
from sorby.report.numbers import MISSING, fixed, rounded
from sorby.report.style import UNTYPED, ordered_types, type_label

MAX_FIELDS = 200
N_LARGEST = 20
_MAX_FILES = 4
_HASH_DIGITS = 12
_LONGEST_SCORE = 300

_SETTINGS = (
    "alloy",
    "laser_power_w",
    "scan_speed_mm_s",
    "hatch_um",
    "layer_um",
    "beam_um",
    "preheat_c",
)
_CONDITION_MEASURES = (
    "n_images",
    "n_specimens",
    "valid_area_mm2",
    "area_fraction",
    "area_fraction_bootstrap",
    "relative_accuracy_percent",
    "n_images_for_20_percent",
    "mean_count",
    "count_per_mm2",
)
_PLAIN = (
    "n_images",
    "n_specimens",
    "image",
    "defect",
    "x_px",
    "y_px",
    "type_probability",
    "type_source",
    "touches_border",
)
"""Columns whose heads say all."""
_IN_PIXELS = {"valid_area_mm2": "valid_area_px2", "count_per_mm2": "count_per_mpx"}


def headlines(
    conditions: pd.DataFrame, fields: pd.DataFrame, defects: pd.DataFrame
) -> list[tuple[str, str, str]]:
    """Numbers that open the report.

    Parameters
    ----------
    conditions, fields, defects : DataFrame
        The report's tables, each may be empty.

    Returns
    -------
    list of tuple of str
        Number, what it is, and a remark.
    """
    shares = pd.to_numeric(conditions.get("area_fraction", pd.Series(dtype=float))).dropna()
    found = [
        (str(len(conditions)), "conditions", "sets of process settings"),
        (str(len(fields)), "fields", _valid_area(fields)),
        (fixed(float(len(defects)), 0), "defects", _type_sentence(defects)),
        (_overall_share(fields), "area fraction", "all fields together"),
    ]
    if len(shares) > 1:
        values = shares.to_numpy(float)
        known = conditions.loc[shares.index]
        for position, word in ((values.argmin(), "lowest"), (values.argmax(), "highest")):
            value = f"{rounded(100 * values[position])} %"
            found.append((value, f"{word} condition", _name_of(known.iloc[int(position)])))
    return found


def _valid_area(fields: pd.DataFrame) -> str:
    for column, unit in (("valid_area_mm2", "mm² of sample"), ("valid_area_px2", "px² of sample")):
        if column in fields and (known := fields[column].notna()).any():
            scope = "" if known.all() else f" in the {known.sum()} that have a scale"
            return f"{rounded(float(fields[column].sum()))} {unit}{scope}"
    return ""


def _overall_share(fields: pd.DataFrame) -> str:
    if not {"defect_area_px2", "valid_area_px2"} <= set(fields.columns):
        return MISSING
    scale = fields.get("um_per_px", pd.Series(np.nan, index=fields.index)).astype(float)
    weight = scale**2 if scale.notna().all() else 1.0
    valid = float((fields["valid_area_px2"] * weight).sum())
    share = float((fields["defect_area_px2"] * weight).sum()) / valid if valid else math.nan
    return f"{rounded(100 * share)} %" if valid else MISSING


def _type_sentence(defects: pd.DataFrame) -> str:
    if "defect_type" not in defects or defects["defect_type"].isna().all():
        return "not typed" if len(defects) else ""
    counts = defects["defect_type"].fillna(UNTYPED).value_counts()
    return ", ".join(f"{counts[name]} {type_label(name)}" for name in ordered_types(counts.index))


def _name_of(condition: pd.Series) -> str:
    power, speed = condition.get("laser_power_w"), condition.get("scan_speed_mm_s")
    if pd.isna(power) or pd.isna(speed):
        return ""
    return f"{power:g} W, {speed:g} mm/s"


def _is_shared(conditions: pd.DataFrame, name: str) -> bool:
    """Whether all conditions have the same, known value of a setting."""
    if name in ("laser_power_w", "scan_speed_mm_s") or name not in conditions:
        return False
    return len(conditions) > 1 and conditions[name].nunique(dropna=False) == 1


def shared_settings(conditions: pd.DataFrame) -> str:
    """Settings that are the same in all conditions, as a sentence."""
    words = []
    for name in _SETTINGS:
        if not _is_shared(conditions, name) or conditions[name].isna().all():
            continue
        head, value = heading(name), conditions[name].iloc[0]
        number = value if isinstance(value, str) else f"{value:g}"
        words.append(f"{head.label.lower()} {number} {head.unit}".strip())
    return ", ".join(words)


def condition_columns(conditions: pd.DataFrame) -> list[str]:
    """Columns of the condition table in reading order; shared settings are said once above."""
    settings = [name for name in _SETTINGS if not _is_shared(conditions, name)]
    measures = [_known_measure(conditions, name) for name in _CONDITION_MEASURES]
    shares = [name for name in conditions.columns if str(name).startswith("fraction_")]
    return [*settings, *measures, *shares, "n_uncertain"]


def _known_measure(conditions: pd.DataFrame, name: str) -> str:
    """The measure per mm² where all conditions have it, else the one in pixels."""
    in_pixels = _IN_PIXELS.get(name, name)
    is_known = name in conditions and conditions[name].notna().all()
    return in_pixels if in_pixels in conditions and not is_known else name


def field_columns(fields: pd.DataFrame) -> list[str]:
    """Columns of the field table that a report prints."""
    types = [
        name
        for name in fields.columns
        if str(name).startswith("n_") and name not in ("n_defects", "n_counted")
    ]
    settings = ["specimen", "laser_power_w", "scan_speed_mm_s", "um_per_px"]
    measures = ["area_fraction", "n_defects", "n_counted", "count_per_mm2"]
    return ["image", *settings, _with_scale(fields, "valid_area", "mm2"), *measures, *types]


def defect_columns(defects: pd.DataFrame) -> list[str]:
    """Columns of the largest defects: in µm where any has a scale, else in pixels."""
    lengths = [_with_scale(defects, name, "um") for name in ("equivalent_diameter", "feret_max")]
    shapes = ["aspect_ratio", "circularity", "solidity", "orientation_deg"]
    types = ["defect_type", "type_probability", "type_source", "touches_border"]
    return ["image", "defect", "x_px", "y_px", *lengths, *shapes, *types]


def _with_scale(table: pd.DataFrame, stem: str, unit: str) -> str:
    name = f"{stem}_{unit}"
    in_pixels = f"{stem}_{'px2' if unit.endswith('2') else 'px'}"
    return name if name in table and table[name].notna().any() else in_pixels


def largest(defects: pd.DataFrame) -> pd.DataFrame:
    """The defects of largest equivalent diameter, largest first."""
    name = _with_scale(defects, "equivalent_diameter", "um")
    if name not in defects:
        return defects.head(0)
    measured = defects[defects[name].notna()]
    return measured.sort_values(name, ascending=False, kind="stable").head(N_LARGEST)


def without_scale(defects: pd.DataFrame) -> int:
    """Number of defects that sizes in µm leave out, because their field has no scale."""
    name = _with_scale(defects, "equivalent_diameter", "um")
    return int(defects[name].isna().sum()) if name in defects else 0


def by_type(defects: pd.DataFrame) -> pd.DataFrame:
    """Number and sizes of the defects of each type.

    Parameters
    ----------
    defects : DataFrame
        Defect table.

    Returns
    -------
    DataFrame
        One row a type: number, median, 95th percentile and maximum equivalent diameter,
        of the defects whose size is known.
    """
    name = _with_scale(defects, "equivalent_diameter", "um")
    if name not in defects or not len(defects):
        return pd.DataFrame()
    unit = name.rsplit("_", 1)[1]
    defects = defects[defects[name].notna()]
    types = defects.get("defect_type", pd.Series(UNTYPED, index=defects.index, dtype=object))
    types = types.fillna(UNTYPED).astype(str)
    rows = [
        {
            "defect_type": kind,
            "n_defects": int((types == kind).sum()),
            f"median_diameter_{unit}": defects.loc[types == kind, name].median(),
            f"95th_percentile_{unit}": defects.loc[types == kind, name].quantile(0.95),
            f"largest_{unit}": defects.loc[types == kind, name].max(),
        }
        for kind in ordered_types(types)
    ]
    return pd.DataFrame(rows)


def size_floor(fields: pd.DataFrame) -> str:
    """Size floor of the fields, in pixels and as a diameter."""
    if "size_floor_px2" not in fields or fields["size_floor_px2"].isna().all():
        return ""
    low, high = fields["size_floor_px2"].min(), fields["size_floor_px2"].max()
    area = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    text = f"{area} px²"
    scale = fields.get("um_per_px", pd.Series(dtype=float)).astype(float)
    if len(scale) and scale.notna().all():
        diameters = np.sqrt(4 * fields["size_floor_px2"] / np.pi) * scale
        text += f", an equivalent diameter of up to {rounded(diameters.max(), digits=2)} µm"
    return text


def definitions(conditions: pd.DataFrame, defects: pd.DataFrame) -> list[tuple[str, str]]:
    """Name and definition of every measure that the report prints."""
    names = [*condition_columns(conditions), *defect_columns(defects)]
    tables = {*conditions.columns, *defects.columns}
    shown = [
        name
        for name in names
        if (name in tables or f"{name}_low" in tables)
        and name not in (*_SETTINGS, *_PLAIN)
        and not str(name).startswith("fraction_")
    ]
    heads = {heading(name).label: heading(name).definition for name in shown}
    if any(str(name).startswith("fraction_") for name in conditions.columns):
        heads["Share of a type"] = (
            "Defects of that type divided by the typed defects, by number, with a 95 % interval."
        )
    return [(label, words) for label, words in heads.items() if words]


def readable_time(text: str) -> str:
    """ISO 8601 time to the minute, without the letter T; other text as it is."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = " UTC" if time.utcoffset() == timedelta(0) else ""
    return f"{time:%Y-%m-%d %H:%M}{zone}"


def history_rows(
    records: Sequence[StepRecord], versions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Steps of the history, ready to print; the same step on many files becomes one row.

    Parameters
    ----------
    records : sequence of StepRecord
        Oldest first.
    versions : mapping of str to str
        Versions that the report states; those of a step are shown where they differ.

    Returns
    -------
    list of dict
        ``step``, ``time``, ``times`` (how often), ``settings``, ``versions``, ``inputs``,
        ``outputs``.
    """
    rows = []
    for _, group in itertools.groupby(records, key=lambda r: (r.step, r.settings, r.versions)):
        same = list(group)
        first = same[0]
        rows.append(
            {
                "step": first.step,
                "time": readable_time(first.time),
                "times": len(same),
                "settings": _pairs(first.settings),
                "versions": "" if first.versions == versions else _pairs(first.versions),
                "inputs": _hashes(pair for record in same for pair in record.inputs.items()),
                "outputs": _hashes(pair for record in same for pair in record.outputs.items()),
            }
        )
    return rows


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_brief(value)}" for name, value in values.items())


def _brief(value: Any) -> str:
    """A setting in few words: of a record with a name, only the name."""
    if isinstance(value, Mapping):
        return str(value.get("name") or _pairs(value))
    return "not set" if value is None else str(value)


def _hashes(files: Iterable[tuple[str, str]]) -> dict[str, Any]:
    rows = [(name, digits, digits[:_HASH_DIGITS]) for name, digits in files]
    return {"first": rows[:_MAX_FILES], "others": rows[_MAX_FILES:]}


def card_scores(card: ModelCard | None) -> list[tuple[str, str]]:
    """Scores of a model card as name and value: nested ones flattened, long lists left out."""
    return [] if card is None else flattened(card.scores)


def flattened(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Entries of a card as name and value: nested ones joined, long lists left out."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        label = f"{before}{str(name).replace('_', ' ')}"
        if isinstance(value, Mapping) and set(value) == {"mean", "sd"}:
            found.append((label, f"{value['mean']:.3f} ± {value['sd']:.3f}"))
        elif isinstance(value, Mapping):
            found += flattened(value, f"{label}, ")
        elif isinstance(value, float):
            found.append((label, f"{value:.3g}"))
        elif len(str(value)) <= _LONGEST_SCORE:
            found.append((label, str(value)))
    return found
