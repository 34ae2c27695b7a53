"""Tables for people (HTML) and for programs (CSV)."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sorby.core.errors import SettingError
from sorby.core.files import atomic_path, inside
from sorby.report.headings import Heading, heading
from sorby.report.numbers import MISSING, column_decimals, fixed, rounded, with_interval
from sorby.report.style import type_label

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class ShownColumn:
    """One column of a printed table: its heading and its cells as text.

    Attributes
    ----------
    head : Heading
        Label, unit and definition.
    cells : tuple of tuple of str
        Value and interval of each row; the interval is empty where there is none.
    is_number : bool
        Whether the column is set flush right.
    """

    head: Heading
    cells: tuple[tuple[str, str], ...]
    is_number: bool


def shown_columns(table: pd.DataFrame, columns: Sequence[str] | None = None) -> list[ShownColumn]:
    """Columns of a table as a reader should see them.

    A value and its ``_low`` and ``_high`` become one column, rounded to what the interval
    carries; a name that has only these ends becomes a column of intervals. Columns without any
    value are left out.

    Parameters
    ----------
    table : DataFrame
        Any of Sorby's tables.
    columns : sequence of str, optional
        Which, in which order; names that the table lacks are passed over. All by default.

    Returns
    -------
    list of ShownColumn
        Text only; nothing is escaped here.
    """
    names = [str(name) for name in (table.columns if columns is None else columns)]
    ends = {f"{name}{end}" for name in names for end in ("_low", "_high")}
    return [_shown(table, name) for name in names if name not in ends and _has_values(table, name)]


def _has_values(table: pd.DataFrame, name: str) -> bool:
    if name in table:
        return not len(table) or bool(table[name].notna().any())
    return f"{name}_low" in table and bool(table[f"{name}_low"].notna().any())


def _shown(table: pd.DataFrame, name: str) -> ShownColumn:
    head = heading(name)
    if name not in table:
        _, interval = _intervals(table, name, head)
        return ShownColumn(head, tuple((words or MISSING, "") for words in interval), True)
    series = table[name]
    is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    if not is_number:
        words = [_words(value) for value in series]
        if name == "defect_type":
            words = [type_label(word) for word in words]
        return ShownColumn(head, tuple((word, "") for word in words), is_number=False)
    if {f"{name}_low", f"{name}_high"} <= set(table.columns):
        cells = tuple(zip(*_intervals(table, name, head), strict=True))
    else:
        cells = tuple((words, "") for words in _numbers(head, series))
    return ShownColumn(head, cells, is_number=True)


def _intervals(table: pd.DataFrame, name: str, head: Heading) -> tuple[list[str], list[str]]:
    """Values and intervals of a measure, as text."""
    low, high = (table[f"{name}{end}"].astype(float) for end in ("_low", "_high"))
    value = table[name].astype(float) if name in table else (low + high) / 2
    numbers = head.factor * np.column_stack([value, low, high])
    pairs = [with_interval(*row, decimals=head.decimals) for row in numbers.tolist()]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _numbers(head: Heading, series: pd.Series) -> list[str]:
    values = (head.factor * series.to_numpy(dtype=float, na_value=np.nan)).tolist()
    if not head.digits:
        return [f"{value:.10g}" if value % 1 > 0 else fixed(value, 0) for value in values]
    decimals = column_decimals(values, head.digits)
    if decimals is None:
        return [rounded(value, digits=head.digits) for value in values]
    return [fixed(value, decimals) for value in values]


def _words(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return MISSING if value is None or value is pd.NA or value != value else str(value)


def write_csv(tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    """Write tables as CSV: UTF-8, decimal point, every digit of every number.

    Text that a spreadsheet would run as a formula (it begins with ``=``, ``+``, ``-``, ``@``,
    a tab or a carriage return) gets an apostrophe in front. Missing values are empty.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by name. The index is not written.
    path : Path
        A file ending in ``.csv`` for one table; otherwise a folder, which gets one
        ``<name>.csv`` for each table.

    Returns
    -------
    Path
        The path given.

    Raises
    ------
    SettingError
        If several tables are to go into one file.
    ProjectError
        If the disk refuses, or a table's name leads out of the folder.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "fields.csv"
    >>> table = pd.DataFrame({"image": ["=a.png"], "area_fraction": [0.1 + 0.2]})
    >>> write_csv({"fields": table}, target).read_text().splitlines()
    ['image,area_fraction', "'=a.png,0.30000000000000004"]
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        for name, table in tables.items():
            _write_one(table, inside(path, f"{name}.csv"))
        return path
    if len(tables) != 1:
        raise SettingError(
            f"{len(tables)} tables ({', '.join(tables)}) for one file {path.name}. A CSV file "
            "holds one table: give a folder instead."
        )
    _write_one(next(iter(tables.values())), path)
    return path


def _write_one(table: pd.DataFrame, path: Path) -> None:
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([_csv_cell(str(name)) for name in table.columns])
        writer.writerows(_csv_rows(table))


def _csv_rows(table: pd.DataFrame) -> Iterator[list[str]]:
    columns = [table[name].astype(object).tolist() for name in table.columns]
    for values in zip(*columns, strict=True):
        yield [_csv_cell(value) for value in values]


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, np.integer | int):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return repr(number) if math.isfinite(number) else str(number)
    return _csv_cell(str(value))


def write_html(tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    """Write tables as one self-contained HTML page.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by name.
    path : Path
        The HTML file.

    Returns
    -------
    Path
        The path given.

    Raises
    ------
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "tables.html"
    >>> "&lt;b&gt;" in write_html({"a": pd.DataFrame({"image": ["<b>"]})}, target).read_text()
    True
    """
    from sorby.report.page import write_page

    shown = [(name.replace("_", " ").capitalize(), shown_columns(t)) for name, t in tables.items()]
    return write_page("tables.html.j2", path, title="Tables", tables=shown)
