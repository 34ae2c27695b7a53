"""Which k points of a cloud obey a rule and lie at least so far apart: a search over bits.

A set of points is a whole number with one bit a point, so that "who is still possible after
this one" is a single AND.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sorby.select.cloud import Cloud

PROVED_K = 6
"""Up to this number of points the search gets the time to prove its answer."""

# Looks at a group of points that one question may take.
_LOOKS = {True: 10_000_000, False: 100_000}


class _TiredError(Exception):
    """The question took too long."""


class Search:
    """Choices of k points under one rule.

    Parameters
    ----------
    cloud : Cloud
        The points.
    rule : str
        "strict", "bins" or "points", see `Cloud.allowed`.
    k : int
        How many points a choice has. Positive.

    Attributes
    ----------
    is_proved : bool
        False once a question was given up: the answer then counted as no.
    """

    def __init__(self, cloud: Cloud, rule: str, k: int) -> None:
        self.is_proved = True
        self._cloud, self._k, self._rule = cloud, k, rule
        self._allowed = cloud.allowed(rule)
        self._groups = _groups(cloud.bins, rule, k)
        self._looks_left = 0

    def best(self) -> list[int]:
        """Choice with the largest smallest distance; empty if no choice obeys the rule."""
        choice = self._first(-np.inf)
        if not choice:
            return []
        pairs = self._cloud.distance[self._allowed]
        levels = np.unique(np.concatenate([pairs, self._cloud.to_anchor]))
        low = int(np.searchsorted(levels, self._cloud.smallest(choice)))
        high = len(levels)
        while high - low > 1:
            middle = (low + high) // 2
            found = self._first(levels[middle])
            if found:
                choice = found
                low = int(np.searchsorted(levels, self._cloud.smallest(found)))
            else:
                high = middle
        return choice

    def all_from(self, distance: float) -> Iterator[list[int]]:
        """Every choice whose smallest distance is at least this one, each rising."""
        self._looks_left = _LOOKS[self._k <= PROVED_K]
        rows = self._neighbours(distance)
        free = _bits(self._cloud.to_anchor >= distance)
        walk = self._walk_lhs if self._rule == "strict" else self._walk
        try:
            yield from walk(free, rows, [])
        except _TiredError:
            self.is_proved = False

    def _first(self, distance: float) -> list[int]:
        return next(self.all_from(distance), [])

    def _neighbours(self, distance: float) -> list[int]:
        return [_bits(row) for row in self._allowed & (self._cloud.distance >= distance)]

    def _look(self, number: int) -> None:
        self._looks_left -= number
        if self._looks_left < 0:
            raise _TiredError

    def _walk_lhs(self, free: int, rows: list[int], chosen: list[int]) -> Iterator[list[int]]:
        """One point in every grid row and column: fill the one with fewest points next."""
        if len(chosen) == self._k:
            yield sorted(chosen)
            return
        taken = {line for point in chosen for line in self._lines(point)}
        open_lines = [n for n in range(len(self._groups)) if n not in taken]
        self._look(len(open_lines))
        tightest = min((self._groups[n] & free for n in open_lines), key=int.bit_count)
        while tightest:
            point = (tightest & -tightest).bit_length() - 1
            tightest &= tightest - 1
            yield from self._walk_lhs(free & rows[point], rows, [*chosen, point])

    def _lines(self, point: int) -> tuple[int, int]:
        row, column = self._cloud.bins[point]
        return int(row), self._k + int(column)

    def _walk(self, free: int, rows: list[int], chosen: list[int]) -> Iterator[list[int]]:
        """Points that may all stand together, in rising order."""
        missing = self._k - len(chosen)
        if not missing:
            yield chosen
            return
        while self._holds(free, missing):
            point = (free & -free).bit_length() - 1
            free &= free - 1
            yield from self._walk(free & rows[point], rows, [*chosen, point])

    def _holds(self, free: int, missing: int) -> bool:
        """Whether enough points (in enough bins) are left."""
        self._look(1 + len(self._groups))
        if free.bit_count() < missing:
            return False
        return not self._groups or sum(1 for g in self._groups if g & free) >= missing


def _groups(bins: np.ndarray, rule: str, k: int) -> list[int]:
    """Points of each grid row and column ("strict") or of each bin ("bins")."""
    if rule == "strict":
        return [_bits(bins[:, axis] == n) for axis in (0, 1) for n in range(k)]
    if rule == "bins":
        number = bins[:, 0] * k + bins[:, 1]
        return [_bits(number == n) for n in np.unique(number)]
    return []


def _bits(members: np.ndarray) -> int:
    return int.from_bytes(np.packbits(members, bitorder="little").tobytes(), "little")
