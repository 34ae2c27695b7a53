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
from sorby.report.numbers import MISSING, fixed, rounded, with_interval

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
    carries. Columns without any value are left out.

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
    return [
        _shown(table, name)
        for name in names
        if name in table and name not in ends and (table[name].notna().any() or not len(table))
    ]


def _shown(table: pd.DataFrame, name: str) -> ShownColumn:
    head, series = heading(name), table[name]
    is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    if not is_number:
        return ShownColumn(head, tuple((_words(value), "") for value in series), is_number=False)
    if {f"{name}_low", f"{name}_high"} <= set(table.columns):
        ends = (series, table[f"{name}_low"], table[f"{name}_high"])
        numbers = np.column_stack([head.factor * end.to_numpy(float) for end in ends])
        cells = tuple(with_interval(*row) for row in numbers.tolist())
    else:
        cells = tuple((_number(head, value), "") for value in series.to_numpy(float).tolist())
    return ShownColumn(head, cells, is_number=True)


def _number(head: Heading, value: float) -> str:
    value *= head.factor
    if head.digits:
        return rounded(value, digits=head.digits)
    return fixed(value, 0) if value == round(value, 0) else f"{value:g}".replace("nan", MISSING)


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
        writer = csv.writer(out, lineterminator="\n")
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
