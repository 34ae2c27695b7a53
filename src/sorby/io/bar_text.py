"""The line of text that belongs to a scale bar: where it is, not what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from sorby.io.bar_lines import BarLine, Box

LEAST_GLYPH_PX = 5
"""Smaller signs cannot be told from pores."""

STROKES_A_ROW = 3
"""Least number of strokes that a row through a text crosses; a pore gives one."""


@dataclass(frozen=True)
class _Glyph:
    box: Box
    area: int


def text_beside(gray: np.ndarray, bar: BarLine) -> Box | None:
    """Box of the text above, below, left or right of a line.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        Gray values from 0 to 1; the overlay is dark.
    bar : BarLine
        A candidate.

    Returns
    -------
    Box or None
        The nearest line of text; None where there is none.
    """
    tallest = int(0.8 * bar.box.width) + 4
    window = bar.box.grown(
        min(3 * tallest, gray.shape[0] // 5), 2 * bar.box.width + 4 * tallest, gray.shape
    )
    dark = gray[window.slices] < bar.ground - 0.35 * (bar.ground - bar.level)
    rows, columns = bar.box.grown(1, 1, gray.shape).slices
    dark[
        rows.start - window.top : rows.stop - window.top,
        columns.start - window.left : columns.stop - window.left,
    ] = False
    glyphs = [g for g in _glyphs(dark, window) if LEAST_GLYPH_PX <= g.box.height <= tallest]
    lines = _lines(glyphs)
    texts = [
        line
        for line in lines
        if _belongs(_around(line), bar.box) and _is_text(line, dark, window, gray, bar)
    ]
    if not texts:
        return None
    best = min(texts, key=lambda line: _distance(_around(line), bar.box))
    return _with_small_signs(_around(best), dark, window)


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
    shared = min(box.bottom, seed.bottom) - max(box.top, seed.top)
    return (
        shared >= 0.6 * min(box.height, seed.height)
        and 0.45 * seed.height <= box.height <= 1.5 * seed.height
    )


def _gap(a: Box, b: Box) -> int:
    return max(b.left - a.right, a.left - b.right)


def _around(line: list[_Glyph]) -> Box:
    box = line[0].box
    for glyph in line[1:]:
        box = box.union(glyph.box)
    return box


def _belongs(text: Box, bar: Box) -> bool:
    """Whether a text stands where the text of a scale bar stands."""
    shared_columns = min(text.right, bar.right) - max(text.left, bar.left)
    shared_rows = min(text.bottom, bar.bottom) - max(text.top, bar.top)
    if shared_columns >= 0.6 * min(text.width, bar.width):
        return -1.5 * text.height <= shared_rows <= 0
    return shared_rows > 0 and -shared_columns <= 2.5 * text.height


def _distance(text: Box, bar: Box) -> int:
    rows = max(text.top - bar.bottom, bar.top - text.bottom, 0)
    return rows + max(text.left - bar.right, bar.left - text.right, 0)


def _is_text(
    line: list[_Glyph], dark: np.ndarray, window: Box, gray: np.ndarray, bar: BarLine
) -> bool:
    box = _around(line)
    if not 1.2 * box.height <= box.width <= 16 * box.height:
        return False
    rows, columns = box.slices
    inked = dark[
        rows.start - window.top : rows.stop - window.top,
        columns.start - window.left : columns.stop - window.left,
    ]
    strokes = (np.diff(np.pad(inked, ((0, 0), (1, 0))).astype(np.int8), axis=1) == 1).sum(axis=1)
    deepest = np.percentile(gray[box.slices][inked], 20)
    as_dark_as_bar = deepest <= bar.level + 0.4 * (bar.ground - bar.level)
    return bool(
        np.median(strokes) >= STROKES_A_ROW
        and as_dark_as_bar
        and 0.12 <= inked.mean() <= 0.75
        and _share_a_baseline(line, box)
    )


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
