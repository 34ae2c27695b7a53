"""Process maps: conditions on a grid of laser power and scan speed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from sorby.core.errors import SettingError
from sorby.quantify.conditions import describe_setting
from sorby.quantify.fields import PROCESS_COLUMNS

AXES = ("laser_power_w", "scan_speed_mm_s")


@dataclass(frozen=True, eq=False)
class MapSection:
    """The cells that share all settings other than power and speed.

    Attributes
    ----------
    settings : dict
        The other process settings, by column; NaN or None where unknown.
    caption : str
        The same in words: "hatch 100 µm, layer 40 µm".
    cells : DataFrame
        One row a cell, sorted by power, then speed: the columns of the condition table and
        ``area_fraction_percent`` with ``..._low``, ``..._high``. Untested cells have no row.
    """

    settings: dict[str, object]
    caption: str
    cells: pd.DataFrame


@dataclass(frozen=True, eq=False)
class ProcessMap:
    """A process map.

    Attributes
    ----------
    sections : tuple of MapSection
        One for each combination of the other settings.
    types : tuple of str
        Defect types whose fractions the cells hold, as ``fraction_<type>``.
    n_conditions_left_out, n_images_left_out : int
        Conditions without power or speed, and their images.
    """

    sections: tuple[MapSection, ...]
    types: tuple[str, ...]
    n_conditions_left_out: int
    n_images_left_out: int

    @property
    def table(self) -> pd.DataFrame:
        """Cells of all sections, one below the other, with their ``section`` (1, 2, ...)."""
        numbered = [s.cells.assign(section=i) for i, s in enumerate(self.sections, start=1)]
        if not numbered:
            return pd.DataFrame(columns=["section", *AXES])
        cells = pd.concat(numbered, ignore_index=True)
        return cells[["section", *cells.columns.drop("section")]]


def process_map(condition_table: pd.DataFrame) -> ProcessMap:
    """Arrange conditions by laser power and scan speed.

    Where hatch, layer, beam, preheat or alloy vary, there is one section for each combination.

    Parameters
    ----------
    condition_table : DataFrame
        From `summarise_conditions`.

    Returns
    -------
    ProcessMap
        Without sections if no condition has power and speed.

    Raises
    ------
    SettingError
        If two conditions have the same settings.

    Examples
    --------
    >>> conditions = pd.DataFrame({
    ...     "laser_power_w": [200.0, 300.0, None], "scan_speed_mm_s": [800.0, 800.0, 800.0],
    ...     "hatch_um": [100.0, 100.0, 100.0], "n_images": [4, 5, 1],
    ...     "area_fraction": [0.01, 0.02, 0.03], "area_fraction_low": [0.005, 0.01, None],
    ...     "area_fraction_high": [0.015, 0.03, None],
    ... })
    >>> map_ = process_map(conditions)
    >>> map_.sections[0].caption, map_.n_images_left_out
    ('hatch 100 µm', 1)
    >>> map_.sections[0].cells["area_fraction_percent"].to_list()
    [1.0, 2.0]
    """
    types = tuple(
        column.removeprefix("fraction_")
        for column in map(str, condition_table)
        if column.startswith("fraction_") and f"{column}_low" in condition_table
    )
    on_map = pd.Series(True, index=condition_table.index)
    for axis in AXES:
        on_map &= condition_table[axis].notna() if axis in condition_table else False
    left_out = condition_table[~on_map]
    return ProcessMap(
        sections=tuple(_sections(condition_table[on_map])),
        types=types,
        n_conditions_left_out=len(left_out),
        n_images_left_out=int(left_out["n_images"].sum()),
    )


def _sections(conditions: pd.DataFrame) -> Iterator[MapSection]:
    others = [c for c in PROCESS_COLUMNS if c in conditions and c not in AXES]
    known = [column for column in others if conditions[column].notna().any()]
    if conditions.empty:
        return
    groups = conditions.groupby(known, dropna=False, sort=True) if known else [((), conditions)]
    for _, cells in groups:
        settings = {column: cells[column].iloc[0] for column in others}
        caption = ", ".join(describe_setting(column, settings[column]) for column in known)
        yield MapSection(settings, caption, _cells(cells, caption))


def _cells(conditions: pd.DataFrame, caption: str) -> pd.DataFrame:
    twice = conditions.duplicated(list(AXES))
    if twice.any():
        power, speed = conditions.loc[twice, list(AXES)].iloc[0]
        raise SettingError(
            f"Two conditions have {power:g} W and {speed:g} mm/s ({caption or 'same settings'}). "
            "Summarise their fields together with sorby.quantify.summarise_conditions."
        )
    cells = conditions.sort_values(list(AXES), ignore_index=True)
    for end in ("", "_low", "_high"):
        cells[f"area_fraction_percent{end}"] = 100 * cells[f"area_fraction{end}"].astype(float)
    return cells
