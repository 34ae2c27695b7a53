"""What a cell of each column of a table may hold, in words a metallurgist can act on."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

Cell = str | float | None


@dataclass(frozen=True)
class Column:
    """One column of a table: how a cell becomes a value.

    Attributes
    ----------
    name : str
        Header of the column.
    unit : str
        Unit of its numbers; empty for text.
    read : callable
        From the text of a cell to its value; raises ValueError with the reason.
    needed : bool
        Whether the column must be there and no cell of it empty.
    is_number : bool
        Whether its values are floats.
    """

    name: str
    unit: str
    read: Callable[[str], Cell]
    needed: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class Range:
    """Limits of a number, and which other unit a value beyond them looks like.

    Attributes
    ----------
    low, high : float
        Smallest and largest value that is believed.
    below, above : str
        What a smaller or larger value looks like ("m/s"); empty where nothing comes to mind.
    is_open : bool
        Whether the limits themselves are left out.
    """

    low: float
    high: float
    below: str = ""
    above: str = ""
    is_open: bool = False


def number(unit: str, limits: Range) -> Callable[[str], float]:
    """Reader of cells that hold a number in a unit, within limits.

    Parameters
    ----------
    unit : str
        Unit, for messages; may be empty.
    limits : Range
        What is believed.

    Returns
    -------
    callable
        From text to float; raises ValueError with the reason.

    Examples
    --------
    >>> number("mm/s", Range(5, 20_000, below="m/s"))("1.2")
    Traceback (most recent call last):
    ...
    ValueError: is 1.2, which looks like m/s; give it in mm/s (5 to 20000)
    """

    def read(text: str) -> float:
        value = parsed_number(text)
        if not math.isfinite(value):
            raise ValueError(f"is {text}; give a finite number, or leave the cell empty if unknown")
        needs = f"give it{f' in {unit}' if unit else ''} ({_between(limits)})"
        if limits.low >= 0 and (value < 0 or (value == 0 and (limits.low > 0 or limits.is_open))):
            raise ValueError(f"is {text} and must be {_sign(limits)}; {needs}")
        too_low = value <= limits.low if limits.is_open else value < limits.low
        too_high = value >= limits.high if limits.is_open else value > limits.high
        if too_low or too_high:
            guess = limits.below if too_low else limits.above
            looks = f", which looks like {guess}" if guess else ", which is out of range"
            raise ValueError(f"is {text}{looks}; {needs}")
        return value

    return read


def _between(limits: Range) -> str:
    if limits.high == math.inf:
        return f"{limits.low:g} or more"
    joined = f"{limits.low:g} to {limits.high:g}"
    return f"between {limits.low:g} and {limits.high:g}" if limits.is_open else joined


def _sign(limits: Range) -> str:
    return "positive" if limits.low > 0 or limits.is_open else "0 or more"


def parsed_number(text: str) -> float:
    """Number written with a decimal point or a decimal comma.

    Parameters
    ----------
    text : str
        A trimmed, non-empty cell.

    Returns
    -------
    float
        May be NaN or infinite.

    Raises
    ------
    ValueError
        If it is no number, or separates thousands.

    Examples
    --------
    >>> parsed_number("0,65"), parsed_number("1.2e3")
    (0.65, 1200.0)
    """
    plain = text.replace("\u2212", "-")
    if re.fullmatch(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?", plain):
        return float(plain.replace(",", "."))
    if re.fullmatch(r"[+-]?(nan|inf|infinity)", plain, flags=re.IGNORECASE):
        return float(plain)
    if re.fullmatch(r"[+-]?\d{1,3}([., ']\d{3})*([.,]\d+)?", plain):
        raise ValueError(f"is {text!r}; write numbers without separators of thousands")
    raise ValueError(f"is {text!r} and must be a number; leave the cell empty if unknown")


def text(value: str) -> str:
    """Text of a cell as it is.

    Parameters
    ----------
    value : str
        A trimmed, non-empty cell.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        If it holds a character that cannot be printed.
    """
    if not value.isprintable():
        raise ValueError(f"is {value!r}; remove the characters that cannot be printed")
    return value


def one_of(*names: str) -> Callable[[str], str]:
    """Reader of cells that hold one of a few words, in any case.

    Parameters
    ----------
    *names : str
        The words, in lower case.

    Returns
    -------
    callable
        From text to the word; raises ValueError with the choice.

    Examples
    --------
    >>> one_of("pool", "test")("Test")
    'test'
    """

    def read(value: str) -> str:
        if value.lower() not in names:
            raise ValueError(f"is {value!r}; choose from: {', '.join(names)}")
        return value.lower()

    return read


def quantity(name: str, unit: str, limits: Range, *, needed: bool = False) -> Column:
    """Column of numbers in a unit.

    Parameters
    ----------
    name, unit : str
        Header and unit.
    limits : Range
        What is believed.
    needed : bool
        Whether no cell may be empty.

    Returns
    -------
    Column
        With a reader that checks the limits.
    """
    return Column(name, unit, number(unit, limits), needed, is_number=True)


FIELDS = (
    Column("image", "", text, needed=True),
    Column("etched", "", text),
    Column("mask", "", text),
    Column("specimen", "", text),
    Column("split", "", one_of("pool", "test")),
    quantity("um_per_px", "µm", Range(1e-4, 500, below="mm or m", above="nm")),
    quantity("laser_power_w", "W", Range(5, 20_000, below="kW", above="mW")),
    quantity("scan_speed_mm_s", "mm/s", Range(5, 20_000, below="m/s", above="µm/s")),
    quantity("hatch_um", "µm", Range(2, 2000, below="mm", above="nm")),
    quantity("layer_um", "µm", Range(2, 1000, below="mm", above="nm")),
    quantity("beam_um", "µm", Range(2, 2000, below="mm", above="nm")),
    quantity("preheat_c", "°C", Range(-50, 1500)),
    Column("alloy", "", text),
    Column("section_plane", "", text),
    quantity("build_direction_deg", "degrees", Range(-360, 360)),
    quantity("objective_na", "", Range(0, 1.7, above="a magnification", is_open=True)),
)
"""Columns of the fields table, in their order."""

LABELS = (
    Column("image", "", text, needed=True),
    quantity("x", "px", Range(0, 1e6), needed=True),
    quantity("y", "px", Range(0, 1e6), needed=True),
    Column("label", "", text, needed=True),
)
"""Columns of a table of defect types given by a person."""

PATCHES = (
    Column("file", "", text, needed=True),
    Column("label", "", text, needed=True),
    Column("group", "", text),
)
"""Columns of the table beside a bare folder of patches."""
