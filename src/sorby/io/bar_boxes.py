"""Plain boxes that carry a scale bar, and the banner that microscopes write under an image."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sorby.io.bar_lines import Box

SAME_LEVEL = 0.05
"""Difference of gray values, in parts of the range, up to which a ground is uniform."""

LARGEST_PART = 0.35
"""A box larger than this part of the image is not a label but the image."""


def plain_box(gray: np.ndarray, overlay: Box, ground: float) -> Box | None:
    """Uniform rectangle around a bar and its text, where there is one.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        Gray values from 0 to 1.
    overlay : Box
        Bar and text.
    ground : float
        Gray value around the bar.

    Returns
    -------
    Box or None
        The rectangle; None where the overlay lies on the micrograph itself.
    """
    plain = np.abs(gray - ground) <= SAME_LEVEL
    if plain[overlay.grown(1, 1, gray.shape).slices].mean() < 0.3:
        return None
    labels, n = ndimage.label(plain)
    inside = labels[overlay.slices]
    counts = np.bincount(inside[inside > 0], minlength=n + 1)
    if not counts.any():
        return None
    number = int(counts.argmax())
    rows, columns = ndimage.find_objects(labels)[number - 1]
    box = Box(rows.start, columns.start, rows.stop, columns.stop)
    if box.height * box.width > LARGEST_PART * gray.size or not _contains(box, overlay):
        return None
    filled = ndimage.binary_fill_holes(labels[box.slices] == number)
    return box if filled.mean() >= 0.97 else None


def _contains(box: Box, other: Box) -> bool:
    return (
        box.top <= other.top + 1
        and box.left <= other.left + 1
        and box.bottom >= other.bottom - 1
        and box.right >= other.right - 1
    )


def banner(gray: np.ndarray) -> Box | None:
    """Full-width band of information at the bottom or the top.

    Uniform from side to side but for text, with a straight edge to the micrograph.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        Gray values from 0 to 1.

    Returns
    -------
    Box or None
        The band; None where there is none.
    """
    rows, columns = gray.shape
    height = _band_height(gray[::-1])
    if height:
        return Box(rows - height, 0, rows, columns)
    height = _band_height(gray)
    return Box(0, 0, height, columns) if height else None


def _band_height(gray: np.ndarray) -> int:
    """Rows of the band at the top of an array; 0 where there is none."""
    limit = gray.shape[0] // 4
    ground = float(np.median(gray[1:4]))
    plain = np.abs(gray[: limit + 3] - ground) <= SAME_LEVEL
    share = plain.mean(axis=1)
    empty_rows = np.flatnonzero(share[:limit] >= 0.97)
    if len(empty_rows) < 4 or empty_rows[0] > 3:
        return 0
    height = int(empty_rows[-1]) + 1
    is_band = height >= 10 and share[:height].min() >= 0.3 and share[height + 1] <= 0.8
    return height if is_band and _holds_text(gray[:height], ground) else 0


def _holds_text(band: np.ndarray, ground: float) -> bool:
    written = np.abs(band - ground) > 0.4
    strokes = (np.diff(written.astype(np.int8), axis=1) == 1).sum(axis=1)
    return 0.005 <= written.mean() <= 0.5 and int((strokes >= 6).sum()) >= 5
