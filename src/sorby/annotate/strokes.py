"""Which pixels a stroke, a lasso and a cut cover.

Points are (row, column) in px; the centres of pixels are whole numbers. The page draws strokes by
the same rule while the pointer moves: both round to quarter pixels first and decide in whole
numbers of quarter pixels, so that they agree on every pixel.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sorby.annotate.boxes import Box, clipped, size

QUARTERS = 4
"""Points and radii are multiples of 1/4 px."""

_NEAR = 1e-6
"""Ends of a span so near a pixel's centre, in px, are judged in whole numbers."""

_AT_ONCE = 1 << 20


def stroke(points: np.ndarray, radius_px: float, shape: tuple[int, int]) -> tuple[Box, np.ndarray]:
    """Pixels whose centre is within a radius of a polyline.

    With a segment from a to b, d = b - a, and a pixel p, all in quarter pixels: the pixel is
    covered if (p - a)² <= r² or (p - b)² <= r², or if 0 <= (p - a)·d <= d² and
    ((p - a) x d)² <= r² d². Nothing is divided, so there is nothing to round.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Row and column of the pointer, in px; one point is a disc.
    radius_px : float
        Not negative.
    shape : tuple of int
        (M, N) of the image; the stroke is clipped to it.

    Returns
    -------
    box : tuple of int
        Where the stroke can have pixels; empty outside the image.
    covered : ndarray of shape of the box, bool

    Examples
    --------
    >>> stroke(np.array([[1, 1]]), 1, (5, 5))[1].astype(int)
    array([[0, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    corners = np.rint(np.asarray(points, np.float64).reshape(-1, 2) * QUARTERS)
    radius = float(np.rint(radius_px * QUARTERS))
    low = np.ceil((corners.min(axis=0) - radius) / QUARTERS).astype(int)
    high = np.floor((corners.max(axis=0) + radius) / QUARTERS).astype(int) + 1
    box = clipped((int(low[0]), int(low[1]), int(high[0]), int(high[1])), shape)
    n_rows, n_columns = size(box)
    turns = np.zeros((n_rows, n_columns + 1), np.int32)
    if n_rows and n_columns:
        step = max(1, int(_AT_ONCE / (2 * radius / QUARTERS + 2)))
        for first in range(0, len(corners), step):
            part = corners[first : first + step + 1]
            _add_discs(turns, box, part[:step], radius)
            _add_slabs(turns, box, part[:-1], np.diff(part, axis=0), radius)
    return box, np.cumsum(turns[:, :-1], axis=1) > 0


def _add_discs(turns: np.ndarray, box: Box, centres: np.ndarray, radius: float) -> None:
    """Add the disc around every corner. Roots of squares are exact, so nothing is rounded."""
    owner, row = _rows(centres[:, 0] - radius, centres[:, 0] + radius, box)
    centre = centres[owner]
    half = np.sqrt(np.maximum(radius**2 - (row * QUARTERS - centre[:, 0]) ** 2, 0))
    first = np.ceil((centre[:, 1] - half) / QUARTERS)
    last = np.floor((centre[:, 1] + half) / QUARTERS)
    _add_spans(turns, box, row, first, last)


def _add_slabs(
    turns: np.ndarray, box: Box, starts: np.ndarray, steps: np.ndarray, radius: float
) -> None:
    """Add the rectangle around every segment."""
    moves = np.flatnonzero(steps.any(axis=1))
    starts, steps = starts[moves], steps[moves]
    length = np.hypot(steps[:, 0], steps[:, 1])
    aside = radius * np.abs(steps[:, 1]) / np.maximum(length, 1)
    top = np.minimum(starts[:, 0], starts[:, 0] + steps[:, 0]) - aside
    bottom = np.maximum(starts[:, 0], starts[:, 0] + steps[:, 0]) + aside
    owner, row = _rows(top - _NEAR * QUARTERS, bottom + _NEAR * QUARTERS, box)
    a, d = starts[owner], steps[owner]
    low, high = _span_of_slab(row * QUARTERS - a[:, 0], d[:, 0], d[:, 1], length[owner], radius)
    place = np.stack([low, high]) / QUARTERS + a[:, 1] / QUARTERS
    first, last = np.ceil(place[0]), np.floor(place[1])
    near = np.flatnonzero((np.abs(place - np.rint(place)) < _NEAR).any(axis=0))
    if near.size:  # the end of a span may or may not be a pixel: judged in whole numbers

        def covers(column: np.ndarray) -> np.ndarray:
            y, x = row[near] * QUARTERS - a[near, 0], column * QUARTERS - a[near, 1]
            along, length2 = y * d[near, 0] + x * d[near, 1], (d[near] ** 2).sum(axis=1)
            cross2 = (y * d[near, 1] - x * d[near, 0]) ** 2
            return (along >= 0) & (along <= length2) & (cross2 <= radius**2 * length2)

        left, right = np.rint(place[0, near]), np.rint(place[1, near])
        first[near] = np.where(
            covers(left),
            np.minimum(left, first[near]),
            np.maximum(first[near], left + (np.abs(place[0, near] - left) < _NEAR)),
        )
        last[near] = np.where(
            covers(right),
            np.maximum(right, last[near]),
            np.minimum(last[near], right - (np.abs(place[1, near] - right) < _NEAR)),
        )
    _add_spans(turns, box, row, first, last)


def _rows(top: np.ndarray, bottom: np.ndarray, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Rows between two places each, inside a box: whose they are, and the rows."""
    first = np.ceil(top / QUARTERS).clip(box[0], box[2]).astype(np.intp)
    counts = ((np.floor(bottom / QUARTERS) + 1).clip(box[0], box[2]) - first).clip(0)
    counts = counts.astype(np.intp)
    owner = np.repeat(np.arange(len(counts)), counts)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - first, counts)
    return owner, row


def _span_of_slab(
    y: np.ndarray, dy: np.ndarray, dx: np.ndarray, length: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """First and last place of a row in a rectangle, from its start; -inf and inf where open."""
    low, high = np.full(len(y), -np.inf), np.full(len(y), np.inf)
    bounds = (  # of what is limited: its part from the row, its slope along the row
        (y * dy, dx, np.zeros(len(y)), length**2),
        (-dx * y, dy, -radius * length, radius * length),
    )
    for part, slope, least, most in bounds:
        flat = slope == 0
        safe = np.where(flat, 1, slope)
        ends = (least - part) / safe, (most - part) / safe
        misses = flat & ((part < least - _NEAR) | (part > most + _NEAR))
        left = np.where(flat, np.where(misses, np.inf, -np.inf), np.minimum(*ends))
        right = np.where(flat, np.where(misses, -np.inf, np.inf), np.maximum(*ends))
        low, high = np.maximum(low, left), np.minimum(high, right)
    empty = low > high + _NEAR
    return np.where(empty, 0.5, low), np.where(empty, -0.5, high)


def _add_spans(
    turns: np.ndarray, box: Box, row: np.ndarray, first: np.ndarray, last: np.ndarray
) -> None:
    """Mark where each span begins (+1) and has ended (-1)."""
    begin = first.clip(box[1], box[3]).astype(np.intp) - box[1]
    end = (last + 1).clip(box[1], box[3]).astype(np.intp) - box[1]
    real = np.flatnonzero(end > begin)
    line = row[real] - box[0]
    flat, start = turns.reshape(-1), line * turns.shape[1]  # numpy is many times quicker in 1-D
    np.add.at(flat, start + begin[real], 1)
    np.add.at(flat, start + end[real], -1)


def lasso(points: np.ndarray, shape: tuple[int, int]) -> tuple[Box, np.ndarray]:
    """Pixels whose centre is inside a closed polygon (even-odd) or on its outline.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Corners, row and column in px; at least three.
    shape : tuple of int
        (M, N) of the image; the polygon is clipped to it.

    Returns
    -------
    box : tuple of int
        Where the polygon can have pixels.
    covered : ndarray of shape of the box, bool

    Examples
    --------
    >>> lasso(np.array([[0, 0], [0, 3], [3, 0]]), (9, 9))[1].astype(int)
    array([[1, 1, 1, 1],
           [1, 1, 1, 0],
           [1, 1, 0, 0],
           [1, 0, 0, 0]])
    """
    corners = np.rint(np.asarray(points, np.float64).reshape(-1, 2) * QUARTERS) / QUARTERS
    low = np.ceil(corners.min(axis=0)).astype(int)
    high = np.floor(corners.max(axis=0)).astype(int) + 1
    box = clipped((int(low[0]), int(low[1]), int(high[0]), int(high[1])), shape)
    n_rows, n_columns = size(box)
    if not (n_rows and n_columns):
        return box, np.zeros((n_rows, n_columns), bool)
    row, column = _crossings(corners, box)
    column = np.where(np.abs(column - np.rint(column)) < _NEAR, np.rint(column), column)
    begins = np.ceil(column).clip(box[1], box[3]).astype(np.intp) - box[1]
    turns = np.zeros((n_rows, n_columns + 1), np.int32)
    np.add.at(turns, (row - box[0], begins), 1)
    covered = np.cumsum(turns[:, :-1], axis=1) % 2 == 1
    _add_outline(covered, corners, box, row, column)
    return box, covered


def _crossings(corners: np.ndarray, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Row and column at which each edge crosses each row; the lower end of an edge is left out."""
    ends = np.roll(corners, -1, axis=0)
    downward = corners[:, :1] <= ends[:, :1]
    upper, lower = np.where(downward, corners, ends), np.where(downward, ends, corners)
    top = np.ceil(upper[:, 0]).clip(box[0], box[2]).astype(np.intp)
    bottom = np.ceil(lower[:, 0]).clip(box[0], box[2]).astype(np.intp)
    counts = bottom - top
    edge = np.repeat(np.arange(len(counts)), counts)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + top[edge]
    height = (lower - upper)[edge, 0]
    share = (row - upper[edge, 0]) / height
    return row, upper[edge, 1] + share * (lower - upper)[edge, 1]


def _add_outline(
    covered: np.ndarray, corners: np.ndarray, box: Box, row: np.ndarray, column: np.ndarray
) -> None:
    """Add the pixels whose centre lies on an edge; even-odd alone misses some of them."""
    on = column == np.rint(column)
    spots = [np.stack([row[on], column[on]], axis=1)]
    spots.append(corners[(corners == np.rint(corners)).all(axis=1)])
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if a[0] == b[0] == np.rint(a[0]):
            left, right = np.ceil(min(a[1], b[1])), np.floor(max(a[1], b[1]))
            run = np.arange(max(left, box[1]), min(right, box[3] - 1) + 1)
            spots.append(np.stack([np.full(len(run), a[0]), run], axis=1))
    at = np.concatenate(spots).astype(np.intp) - box[:2]
    inside = ((at >= 0) & (at < covered.shape)).all(axis=1)
    covered[tuple(at[inside].T)] = True


def cut_line(points: np.ndarray) -> np.ndarray:
    """Pixels of a polyline in which each shares a side with the next: nothing slips through.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Row and column, in px.

    Returns
    -------
    ndarray of shape (k, 2), int
        Rows and columns; a pixel may come twice.

    Examples
    --------
    >>> cut_line(np.array([[0, 0], [1, 2]])).tolist()
    [[0, 0], [0, 1], [1, 1], [1, 2]]
    """
    whole = np.rint(np.asarray(points, np.float64).reshape(-1, 2)).astype(np.intp)
    found = [whole[:1]]
    for a, b in pairwise(whole):
        steps, way = np.abs(b - a), np.sign(b - a)
        n_down, n_across = int(steps[0]), int(steps[1])
        down = (np.arange(n_down) + 0.5) / max(n_down, 1)
        across = (np.arange(n_across) + 0.5) / max(n_across, 1)
        order = np.argsort(np.concatenate([down, across]), kind="stable")
        is_down = order < n_down
        moves = np.where(is_down[:, None], [way[0], 0], [0, way[1]])
        found.append(a + np.cumsum(moves, axis=0).reshape(-1, 2))
    return np.concatenate(found)
