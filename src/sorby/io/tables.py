"""Tables that people write: read whole, or refused with every problem and its line.

The index of a table that was read is the line number of each row in its file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from sorby.core.errors import ReadError, SettingError
from sorby.io.columns import FIELDS, LABELS, PATCHES, Cell, Column
from sorby.io.limits import checked_file

MAX_TABLE_BYTES = 64 * 1024**2
"""Largest table file: a million rows."""

_LISTED = 40
_Row = tuple[int, list[str]]


def read_fields_table(path: Path | str) -> pd.DataFrame:
    """Read the table of all that is known of each field.

    Separated by comma, semicolon or tab; with a decimal point, or (not with commas between the
    columns) a decimal comma; UTF-8, UTF-16 or Latin-1. An empty cell is unknown.

    Parameters
    ----------
    path : Path or str
        CSV file with a header; every column but ``image`` may be left out.

    Returns
    -------
    DataFrame
        One row a field, in the order of the file, with all of `sorby.io.columns.FIELDS` as
        columns; NaN (numbers) or None (text) where unknown.

    Raises
    ------
    ReadError
        If the file is missing, empty or not text.
    SettingError
        If anything in it is wrong: all problems in one message, each with its line.

    Examples
    --------
    >>> read_fields_table("fields.csv")["laser_power_w"].max()  # doctest: +SKIP
    np.float64(285.0)
    """
    return _read(Path(path), FIELDS, unique=("image",))


def read_labels_table(path: Path | str) -> pd.DataFrame:
    """Read defect types that a person gave, each at a point inside a defect.

    Parameters
    ----------
    path : Path or str
        CSV file with the columns ``image``, ``x``, ``y`` (column and row of the point, in px from
        the top left corner) and ``label``.

    Returns
    -------
    DataFrame
        One row a label, with these columns.

    Raises
    ------
    ReadError
        If the file is missing, empty or not text.
    SettingError
        If anything in it is wrong, a point given twice included: all problems in one message.

    Examples
    --------
    >>> read_labels_table("types.csv").columns.tolist()  # doctest: +SKIP
    ['image', 'x', 'y', 'label']
    """
    return _read(Path(path), LABELS, unique=("image", "x", "y"))


def read_patch_table(path: Path | str) -> pd.DataFrame:
    """Read the labels of a bare folder of patches.

    Parameters
    ----------
    path : Path or str
        CSV file with the columns ``file``, ``label`` and, optional, ``group`` (patches that show
        the same spot or field).

    Returns
    -------
    DataFrame
        One row a patch, with these columns; group None where it is not given.

    Raises
    ------
    ReadError
        If the file is missing, empty or not text.
    SettingError
        If anything in it is wrong, a file given twice included: all problems in one message.

    Examples
    --------
    >>> read_patch_table("labels.csv")["label"].value_counts()  # doctest: +SKIP
    """
    return _read(Path(path), PATCHES, unique=("file",))


def _read(path: Path, columns: Sequence[Column], *, unique: tuple[str, ...]) -> pd.DataFrame:
    header, rows = _split(path, {column.name for column in columns})
    known = {column.name: column for column in columns}
    problems = _header_problems(header, known)
    if not problems and not rows:
        problems = ["line 1: there is a header but no row under it"]
    values: dict[str, list[Cell]] = {name: [] for name in known}
    if not problems:
        for line, cells in rows:
            problems += _add_row(line, header, cells, known, values)
        problems += _duplicates([line for line, _ in rows], values, unique)
    if problems:
        raise SettingError(_report(path, problems))
    return pd.DataFrame(
        {
            name: pd.Series(values[name], dtype=float if column.is_number else object)
            for name, column in known.items()
        }
    ).set_axis([line for line, _ in rows])


def _split(path: Path, known: set[str]) -> tuple[list[str], list[_Row]]:
    content = _decoded(path)
    first = next((line for line in content.splitlines() if line.strip()), "")

    def n_known(delimiter: str) -> int:
        return len(known & {name.strip(' "').lower() for name in first.split(delimiter)})

    reader = csv.reader(io.StringIO(content, newline=""), delimiter=max(",;\t", key=n_known))
    lines: list[_Row] = []
    try:
        start = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((start, [cell.strip() for cell in cells]))
            start = reader.line_num + 1
    except csv.Error as error:
        raise ReadError(
            f"{path} is not a table: {error} in line {reader.line_num}. Export it as CSV."
        ) from error
    if not lines:
        raise ReadError(f"{path} holds no text. A header and rows are needed: export it again.")
    return [name.lower() for name in lines[0][1]], lines[1:]


def _decoded(path: Path) -> str:
    path = checked_file(path)
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise ReadError(f"{path} is larger than {MAX_TABLE_BYTES // 1024**2} MiB: not a table.")
        content = path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path} cannot be opened: {error.strerror or error}.") from error
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "latin-1"):
        try:
            decoded = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in decoded:
            return decoded
    raise ReadError(f"{path} is not a text file. A CSV table is needed: export it as CSV.")


def _header_problems(header: list[str], known: dict[str, Column]) -> list[str]:
    problems = []
    for name in dict.fromkeys(header):
        if name and name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.5)
            problems.append(f"line 1: column {name!r} is unknown{_meant(close, known)}")
        if name and header.count(name) > 1:
            problems.append(f"line 1: column {name!r} is there {header.count(name)} times")
    problems += [
        f"line 1: column {column.name!r} is missing"
        for column in known.values()
        if column.needed and column.name not in header
    ]
    return problems


def _meant(close: list[str], known: dict[str, Column]) -> str:
    if not close:
        return f"; known are: {', '.join(known)}"
    unit = known[close[0]].unit
    return f"; did you mean {close[0]!r}{f' in {unit}' if unit else ''}?"


def _add_row(
    line: int,
    header: list[str],
    cells: list[str],
    known: dict[str, Column],
    values: dict[str, list[Cell]],
) -> list[str]:
    problems = []
    if any(cells[len(header) :]):
        problems.append(
            f"line {line}: {len(cells)} cells under {len(header)} columns; with decimal commas, "
            "separate the columns by semicolons"
        )
    given = dict(zip(header, cells, strict=False))
    if given.get(""):
        problems.append(f"line {line}: {given['']!r} stands under a column without a name")
    for name, column in known.items():
        cell, value = given.get(name, ""), None
        if cell:
            try:
                value = column.read(cell)
            except ValueError as reason:
                problems.append(f"line {line}: {name} {reason}")
        elif column.needed:
            problems.append(f"line {line}: {name} is empty")
        values[name].append(value)
    return problems


def _duplicates(
    lines: list[int], values: dict[str, list[Cell]], unique: tuple[str, ...]
) -> list[str]:
    problems: list[str] = []
    seen: dict[tuple[Cell, ...], int] = {}
    for line, *key in zip(lines, *(values[name] for name in unique), strict=True):
        if None in key:
            continue
        key[0] = Path(str(key[0])).as_posix()
        first = seen.setdefault(tuple(key), line)
        if first != line:
            what = ", ".join(f"{name} {part}" for name, part in zip(unique, key, strict=True))
            problems.append(f"line {line}: {what} is already in line {first}")
    return problems


def _report(path: Path, problems: list[str]) -> str:
    listed = "".join(f"\n  {problem}" for problem in problems[:_LISTED])
    more = f"\n  ... and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
    n = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return f"{path} has {n}; nothing was taken from it. Correct the table:{listed}{more}"
