"""The line of text that belongs to a scale bar: where it is, not what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from sorby.io.bar_lines import INK, BarLine, Box

LEAST_GLYPH_PX = 5
"""Smaller signs cannot be told from pores."""

LEAST_GAP_PX = 2
"""Columns between a bar and the text beside it; a crack goes on without a gap."""

STROKES_A_ROW = 3
"""Least number of strokes that a row through a text crosses; a pore gives one."""


INK_DEPTHS = (0.35, 0.75)
"""Parts of the bar's contrast that make ink: small blurred text, and text that crosses pores.

Where the bar is constant ink its text is sought at that level too, without the pores it touches.
"""


@dataclass(frozen=True)
class _Glyph:
    box: Box
    area: int


def text_beside(gray: np.ndarray, bar: BarLine) -> tuple[float, Box] | None:
    """Box of the text above, below, left or right of a line.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        Gray values from 0 to 1; the overlay is dark.
    bar : BarLine
        A candidate.

    Returns
    -------
    tuple of (float, Box) or None
        How badly the best line of text fits (0 is perfect), and its box; None where none fits.
    """
    tallest = int(0.8 * bar.box.width) + 4
    window = bar.box.grown(
        min(3 * tallest, gray.shape[0] // 5), 2 * bar.box.width + 4 * tallest, gray.shape
    )
    found: list[tuple[float, Box]] = []
    for depth in (*INK_DEPTHS, 1 - INK) if bar.is_constant else INK_DEPTHS:
        ink = _ink(gray, bar, window, depth)
        glyphs = [g for g in _glyphs(ink, window) if LEAST_GLYPH_PX <= g.box.height <= tallest]
        for line in _lines(glyphs):
            text = _around(line)
            if _belongs(text, bar.box):
                misfit = _misfit(line, ink, window, gray, bar)
                if misfit < np.inf:
                    found.append((misfit, _with_small_signs(text, ink, window)))
    return min(found, key=lambda pair: pair[0], default=None)


def _ink(gray: np.ndarray, bar: BarLine, window: Box, depth: float) -> np.ndarray:
    """Pixels of the window that are dark enough to be text; the bar left out."""
    ink = gray[window.slices] < bar.ground - depth * (bar.ground - bar.level)
    rows, columns = bar.box.grown(1, 1, gray.shape).slices
    ink[
        rows.start - window.top : rows.stop - window.top,
        columns.start - window.left : columns.stop - window.left,
    ] = False
    return ink


def _glyphs(dark: np.ndarray, window: Box) -> list[_Glyph]:
    labels, n = ndimage.label(dark, structure=np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=n + 1)
    return [
        _Glyph(
            Box(
                window.top + place[0].start,
                window.left + place[1].start,
                window.top + place[0].stop,
                window.left + place[1].stop,
            ),
            int(areas[number]),
        )
        for number, place in enumerate(ndimage.find_objects(labels), start=1)
        if place is not None
    ]


def _lines(glyphs: list[_Glyph]) -> list[list[_Glyph]]:
    """Glyphs of like height side by side, one list for each that could be the tallest."""
    lines: dict[tuple[Box, ...], list[_Glyph]] = {}
    for seed in glyphs:
        height = seed.box.height
        row = sorted(
            (g for g in glyphs if _in_row(g.box, seed.box)), key=lambda glyph: glyph.box.left
        )
        line, reached = [], [row.index(seed)] * 2
        for direction, end in ((-1, 0), (1, 1)):
            n = reached[end]
            while 0 <= n + direction < len(row):
                gap = _gap(row[n].box, row[n + direction].box)
                if gap > 1.1 * height:
                    break
                n += direction
            reached[end] = n
        line = row[reached[0] : reached[1] + 1]
        lines[tuple(g.box for g in line)] = line
    return list(lines.values())


def _in_row(box: Box, seed: Box) -> bool:
    """Whether a sign stands on the baseline of another, no taller, descenders allowed."""
    slack = max(1.0, 0.12 * seed.height)
    return (
        -slack <= box.bottom - seed.bottom <= max(slack, 0.35 * seed.height)
        and box.top >= seed.top - slack
        and box.height >= 0.45 * seed.height
    )


def _gap(a: Box, b: Box) -> int:
    return max(b.left - a.right, a.left - b.right)


def _around(line: list[_Glyph]) -> Box:
    box = line[0].box
    for glyph in line[1:]:
        box = box.union(glyph.box)
    return box


def _belongs(text: Box, bar: Box) -> bool:
    """Whether a text stands where that of a bar stands, and the bar is no stroke of it."""
    if bar.width < 1.5 * text.height:
        return False
    shared_columns = min(text.right, bar.right) - max(text.left, bar.left)
    shared_rows = min(text.bottom, bar.bottom) - max(text.top, bar.top)
    if shared_columns >= 0.6 * min(text.width, bar.width):
        return -1.5 * text.height <= shared_rows <= 0
    return shared_rows > 0 and LEAST_GAP_PX <= -shared_columns <= 2.5 * text.height


def _distance(text: Box, bar: Box) -> int:
    rows = max(text.top - bar.bottom, bar.top - text.bottom, 0)
    return rows + max(text.left - bar.right, bar.left - text.right, 0)


def _misfit(
    line: list[_Glyph], ink: np.ndarray, window: Box, gray: np.ndarray, bar: BarLine
) -> float:
    """How badly a line of glyphs fits a bar; infinite where it is no text of that bar."""
    text = _around(line)
    if not 1.2 * text.height <= text.width <= 16 * text.height:
        return np.inf
    rows, columns = text.slices
    inked = ink[
        rows.start - window.top : rows.stop - window.top,
        columns.start - window.left : columns.stop - window.left,
    ]
    strokes = (np.diff(np.pad(inked, ((0, 0), (1, 0))).astype(np.int8), axis=1) == 1).sum(axis=1)
    looks_written = np.median(strokes) >= STROKES_A_ROW and 0.12 <= inked.mean() <= 0.75
    if not (looks_written and _share_a_baseline(line, text)):
        return np.inf
    contrast = bar.ground - bar.level
    deepest = (np.percentile(gray[text.slices][inked], 10) - bar.level) / contrast
    ground = (np.percentile(gray[text.slices][~inked], 70) - bar.ground) / contrast
    if not -0.08 <= deepest <= 0.2 or abs(ground) > 0.3:
        return np.inf
    return _distance(text, bar.box) / text.height + 5 * abs(deepest)


def _share_a_baseline(line: list[_Glyph], box: Box) -> bool:
    slack = max(1.0, 0.1 * box.height)
    bottoms = np.array([g.box.bottom for g in line])
    tops = np.array([g.box.top for g in line])
    on_baseline = (np.abs(bottoms - np.median(bottoms)) <= slack).mean()
    as_tall = (np.abs(tops - tops.min()) <= slack).mean()
    return bool(on_baseline >= 0.6 and as_tall >= 0.3)


def _with_small_signs(text: Box, dark: np.ndarray, window: Box) -> Box:
    """The text with dots, minus signs and descenders that touch its box or nearly do."""
    near = text.grown(max(1, text.height // 4), max(1, text.height // 2), (10**9, 10**9))
    grown = text
    for glyph in _glyphs(dark, window):
        box = glyph.box
        is_inside = (
            near.top <= box.top
            and box.bottom <= near.bottom
            and near.left <= box.left
            and box.right <= near.right
        )
        if is_inside and box.height <= text.height:
            grown = grown.union(box)
    return grown
