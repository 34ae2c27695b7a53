"""Straight horizontal lines that could be the line of a scale bar.

All functions see the overlay as dark on brighter ground, gray values from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

THRESHOLDS = (0.06, 0.15, 0.3, 0.5)
"""Gray levels at which lines are sought: black ones, then those blurred or coloured."""

LEAST_CONTRAST = 0.2
"""Least difference between a line and its ground, in parts of the image's range."""

BLACK = 0.12
"""Gray value up to which a line is black; brighter ones may have been drawn in colour."""

UNIFORM, UNIFORM_IN_COLOUR = 0.04, 0.012
"""Largest standard deviation along a black line and along another, in parts of its contrast."""

CONSTANT = 0.02
"""Largest range along a line of ink as it was burned in, before any blur or compression."""

PLAIN = 0.06
"""Range of gray values up to which a compressed plate, or the line below it, is of one value."""

HALF, INK = 0.5, 0.06
"""Parts of a line's contrast up to which pixels are its own: any line's, and constant ink's."""

STRAIGHT = 0.6
"""Least part of a row along a line's edge that is alike; the rest is caps, ticks and pores."""

MAX_RUNS = 50_000
"""Long runs of pixels above which a threshold is left out: it lies within the ground."""


@dataclass(frozen=True)
class Box:
    """Half-open box of pixels.

    Attributes
    ----------
    top, left, bottom, right : int
        First row and column in it, first row and column after it.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows in the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns in the box."""
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of its pixels."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, rows: int, columns: int, shape: tuple[int, ...]) -> Box:
        """Box with a margin on all sides, cut at the image's edges."""
        return Box(
            max(0, self.top - rows),
            max(0, self.left - columns),
            min(shape[0], self.bottom + rows),
            min(shape[1], self.right + columns),
        )

    def union(self, other: Box) -> Box:
        """Smallest box around both."""
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


@dataclass(frozen=True)
class BarLine:
    """One candidate.

    Attributes
    ----------
    line : Box
        The straight line, without caps or ticks.
    box : Box
        The line with its caps and ticks.
    level, ground : float
        Gray values of the line and of what it lies on.
    length_px : float
        From end to end; between the middles of the caps where there are caps.
    is_constant : bool
        Whether it is ink as it was burned in, which tells it from the pores that touch it.
    """

    line: Box
    box: Box
    level: float
    ground: float
    length_px: float
    is_constant: bool


def bar_lines(gray: np.ndarray) -> Iterator[BarLine]:
    """Candidates in an image, each once.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        Gray values from 0 to 1.

    Yields
    ------
    BarLine
        Darkest first.
    """
    seen: list[Box] = []
    for threshold in THRESHOLDS:
        for line in _stacks(gray <= threshold):
            if any(_same(line, other) for other in seen):
                continue
            candidate = _candidate(gray, line)
            if candidate is not None:
                seen.append(line)
                yield candidate


def _same(line: Box, other: Box) -> bool:
    near_rows = line.top < other.bottom + 2 and other.top < line.bottom + 2
    shared = min(line.right, other.right) - max(line.left, other.left)
    return near_rows and shared > 0.8 * max(line.width, other.width)


def _stacks(dark: np.ndarray) -> list[Box]:
    """Runs of dark pixels that begin and end at the same columns row after row."""
    width = dark.shape[1]
    rows, starts, stops = _long_runs(dark, max(10, int(0.015 * width)), int(0.7 * width))
    if len(rows) > MAX_RUNS:
        return []
    done: list[Box] = []
    growing: list[Box] = []
    for row, start, stop in zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True):
        done += [box for box in growing if box.bottom < row]
        growing = [box for box in growing if box.bottom >= row]
        slack = max(1, round(0.01 * (stop - start)))
        for n, box in enumerate(growing):
            ends_agree = abs(box.left - start) <= slack and abs(box.right - stop) <= slack
            if box.bottom == row and ends_agree:
                growing[n] = Box(box.top, box.left, row + 1, box.right)
                break
        else:
            growing.append(Box(row, start, row + 1, stop))
    return [box for box in done + growing if 2.5 * box.height <= box.width]


def _long_runs(
    dark: np.ndarray, shortest: int, longest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps = np.diff(np.pad(dark, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    stops = np.nonzero(steps == -1)[1]
    lengths = stops - starts
    keep = (lengths >= shortest) & (lengths <= longest)
    return rows[keep], starts[keep], stops[keep]


def _candidate(gray: np.ndarray, line: Box) -> BarLine | None:
    """The line measured against its ground, or None where it is not straight and uniform."""
    core = gray[line.top : line.bottom, line.left + 1 : line.right - 1]
    gap = max(2, line.height // 2)
    ring = np.sort(np.concatenate(_sides(gray, line.grown(gap + 1, gap + 1, gray.shape))))
    level, ground = float(core.mean()), float(ring[int(0.6 * len(ring))])
    contrast = ground - level
    uniform = UNIFORM if level <= BLACK else UNIFORM_IN_COLOUR
    if contrast < LEAST_CONTRAST or core.mean(axis=0).std() > uniform * contrast:
        return None
    has_plate = level <= BLACK and _underlines_plate(gray, line)
    is_constant = has_plate or (level <= BLACK and _is_burned_in(gray, line, level, contrast))
    for part in (INK, HALF) if is_constant else (HALF,):
        middle = level + part * contrast
        dark = gray < middle
        whole = _at_half_height(dark, line)
        is_line = 2.5 * whole.height <= whole.width and _stands_free(dark, whole)
        if is_line and _has_straight_edges(gray, whole, contrast):
            box = _with_caps(dark, whole)
            length = _length(gray, dark, whole, box, middle)
            outer = whole if has_plate else box  # caps that frame a plate stand beside the text
            return BarLine(whole, outer, level, ground, length, is_constant)
    return None


def _is_burned_in(gray: np.ndarray, line: Box, level: float, contrast: float) -> bool:
    """Whether a line is constant and its long edges are sharp, as nothing on a micrograph is."""
    if np.ptp(gray[line.top : line.bottom, line.left + 1 : line.right - 1]) > CONSTANT:
        return False
    ink, half = (_at_half_height(gray < level + part * contrast, line) for part in (INK, HALF))
    return (ink.top, ink.bottom) == (half.top, half.bottom)


def _underlines_plate(gray: np.ndarray, line: Box) -> bool:
    """Whether a line of one value is the lower edge of a blank plate, which holds the text.

    Below such a line lies metal, which may be darker than half-way to the plate.
    """
    tall = 3 * line.height
    core = gray[line.top : line.bottom, line.left + 2 : line.right - 2]
    if line.top < tall or np.ptp(core) > PLAIN:
        return False
    plate = gray[line.top - tall : line.top, line.left + 2 : line.right - 2]
    edges = np.concatenate((plate[-1], plate[:, 0], plate[:, -1]))
    return bool(edges.min() >= 1 - PLAIN and (plate >= 1 - PLAIN).mean() > 0.5)


def _has_straight_edges(gray: np.ndarray, line: Box, contrast: float) -> bool:
    """Whether each row of the line and the one beyond it is uniform, caps and ticks aside."""
    for row in range(max(0, line.top - 1), min(len(gray), line.bottom + 1)):
        profile = gray[row, line.left + 1 : line.right - 1]
        middle = np.sort(profile)[len(profile) // 2]
        if (np.abs(profile - middle) <= 0.2 * contrast).mean() < STRAIGHT:
            return False
    return True


def _sides(gray: np.ndarray, ring: Box) -> list[np.ndarray]:
    window = gray[ring.slices]
    return [window[0], window[-1], window[:, 0], window[:, -1]]


def _at_half_height(dark: np.ndarray, line: Box) -> Box:
    """The line where its edges fall to half, at most two rows and columns further out."""
    top, bottom, left, right = line.top, line.bottom, line.left, line.right
    span = slice(left, right)
    for _ in range(2):
        if top > 0 and dark[top - 1, span].mean() > 0.9:
            top -= 1
        if bottom < dark.shape[0] and dark[bottom, span].mean() > 0.9:
            bottom += 1
        if left > 0 and dark[top:bottom, left - 1].all():
            left -= 1
        if right < dark.shape[1] and dark[top:bottom, right].all():
            right += 1
    return Box(top, left, bottom, right)


def _stands_free(dark: np.ndarray, line: Box) -> bool:
    """Whether ground lies above, below, left and right, caps and ticks aside."""
    rows, columns = slice(line.top, line.bottom), slice(line.left, line.right)
    above = dark[max(0, line.top - 2) : max(0, line.top - 1) or 1, columns]
    below = dark[line.bottom + 1 : line.bottom + 2, columns]
    left, right = (
        dark[rows, line.left - 2 : line.left - 1],
        dark[rows, line.right + 1 : line.right + 2],
    )
    crowded = [part.mean() for part in (above, below) if part.size]
    ends = [part.mean() for part in (left, right) if part.size]
    return max(crowded, default=0.0) <= 0.5 and max(ends, default=0.0) <= 0.34


def _with_caps(dark: np.ndarray, line: Box) -> Box:
    """The line with the caps and ticks that hang on it."""
    reach = max(4, line.width // 3)
    window = line.grown(reach, 2, dark.shape)
    labels, _ = ndimage.label(dark[window.slices], structure=np.ones((3, 3)))
    row, column = line.top - window.top, line.left - window.left + line.width // 2
    hanging = labels == labels[row, column]
    rows = np.flatnonzero(hanging.any(axis=1))
    top, bottom = window.top + int(rows[0]), window.top + int(rows[-1]) + 1
    return Box(top, line.left, bottom, line.right)


def _length(gray: np.ndarray, dark: np.ndarray, line: Box, box: Box, middle: float) -> float:
    profile = np.median(gray[line.top : line.bottom], axis=0)
    outer = _crossing(profile, line.right - 1, 1, middle) - _crossing(
        profile, line.left, -1, middle
    )
    caps = [
        _cap_width(dark[row, line.left : line.right])
        for row in (line.top - 2, line.bottom + 1)
        if box.top <= row < box.bottom
    ]
    return float(outer - max(caps, default=0))


def _crossing(profile: np.ndarray, inside: int, step: int, middle: float) -> float:
    """Position of the edge between the last dark pixel and the first bright one."""
    outside = inside + step
    if not 0 <= outside < len(profile) or profile[outside] <= profile[inside]:
        return inside + 0.5 * step
    part = (middle - profile[inside]) / (profile[outside] - profile[inside])
    return inside + step * float(np.clip(part, 0, 1))


def _cap_width(row: np.ndarray) -> int:
    """Mean width of the runs at both ends of a row; 0 where one end is free."""
    if not (row[0] and row[-1]) or row.all():
        return 0
    return round((int(np.argmin(row)) + int(np.argmin(row[::-1]))) / 2)
