"""The common axis of the area bars of a process map: linear, or logarithmic where they span."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

LARGEST_LINEAR_SPAN = 20.0
"""Above this ratio of largest to smallest area fraction the axis is logarithmic."""


@dataclass(frozen=True)
class AreaAxis:
    """Where an area fraction lies along a bar.

    Attributes
    ----------
    low, high : float
        Area fractions at the left and the right end of the bar.
    is_log : bool
        Whether the axis is logarithmic.

    Examples
    --------
    >>> AreaAxis(0.0, 0.02, is_log=False).position(0.01)
    0.5
    >>> AreaAxis(0.0001, 0.01, is_log=True).position(0.001)
    0.5
    """

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, table: pd.DataFrame) -> AreaAxis:
        """Axis that holds all conditions of a section; their intervals may run out of it."""
        values = table["area_fraction"].astype(float)
        positive = values[values > 0]
        if positive.empty:
            return cls(0.0, 1.0, is_log=False)
        smallest, largest = float(positive.min()), float(positive.max())
        if largest / smallest > LARGEST_LINEAR_SPAN:
            return cls(smallest / 3, largest * 1.3, is_log=True)
        return cls(0.0, largest * 1.1, is_log=False)

    def position(self, value: float) -> float:
        """Distance from the left end as a share of the bar, cut to 0..1."""
        if not self.is_log:
            share = (value - self.low) / (self.high - self.low)
        elif value <= self.low:
            share = 0.0
        else:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        return min(1.0, max(0.0, share))

    def decades(self) -> list[float]:
        """Powers of ten inside a logarithmic axis; none on a linear one."""
        if not self.is_log:
            return []
        first = math.ceil(math.log10(self.low))
        last = math.floor(math.log10(self.high))
        return [10.0**exponent for exponent in range(first, last + 1)]

    def words(self) -> str:
        """What the two ends of the bar stand for, in percent."""
        space = "\N{NO-BREAK SPACE}"
        if not self.is_log:
            return f"full width {100 * self.high:.2g}{space}%"
        ticks = ", ".join(f"{100 * value:g}" for value in self.decades())
        return (
            f"logarithmic from {100 * self.low:.2g} to {100 * self.high:.2g}{space}%, "
            f"white lines at {ticks}{space}%"
        )
