"""Burned-in scale bars: found, so that their pixels never count as sample or defect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sorby.io.bar_boxes import banner, plain_box
from sorby.io.bar_lines import BarLine, Box, bar_lines
from sorby.io.bar_text import text_beside

BORDER_PART = 0.25
"""Bars are sought in the upper and the lower quarter of an image."""

LEVEL_WEIGHT = 10.0
"""How much a bar that is not black (or white) counts against it, beside text that fits badly."""

WORKING_EDGE_PX = 4096
"""Larger images are searched at a whole fraction of their size."""


@dataclass(frozen=True)
class ScaleBar:
    """What was burned into a micrograph.

    Attributes
    ----------
    boxes : tuple of (row_min, column_min, row_max, column_max)
        Half-open boxes of bar, text, plain ground and banner, margin included.
    length_px : float or None
        Length of the bar, between the middles of its end caps where it has them; None where only
        a banner without a readable bar was found.
    """

    boxes: tuple[tuple[int, int, int, int], ...]
    length_px: float | None = None


def find_scale_bar(pixels: np.ndarray) -> ScaleBar | None:
    """Find a burned-in scale bar, its text and an information banner.

    A bar is a straight, uniform, horizontal line (with or without end caps and ticks) in the
    upper or lower quarter, darker or brighter than its ground, with a line of text beside it.
    Bars without text, vertical or hollow ones are not found. Pores that touch a bar are told from
    it where it is constant ink with sharp edges; in a blurred or compressed image, and where a
    pore is as black as the ink, the bar may be missed, its text cut or the pore enclosed: look at
    what was found.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        Gray values of any number type.

    Returns
    -------
    ScaleBar or None
        None where nothing is burned in.

    Examples
    --------
    >>> find_scale_bar(np.zeros((200, 300), np.uint8)) is None
    True
    """
    factor = max(1, math.ceil(max(pixels.shape) / WORKING_EDGE_PX))
    gray = _normalised(pixels[::factor, ::factor])
    if gray is None:
        return None
    band = banner(gray)
    length, overlay = _bar(gray)
    boxes = [box for box in (overlay, band) if box is not None]
    if not boxes:
        return None
    rows, columns = pixels.shape
    scaled = tuple(
        (
            factor * box.top,
            factor * box.left,
            min(rows, factor * box.bottom),
            min(columns, factor * box.right),
        )
        for box in boxes
    )
    return ScaleBar(scaled, None if length is None else length * factor)


def exclude(shape: tuple[int, int], bar: ScaleBar | None) -> np.ndarray:
    """Pixels that are sample, not scale bar.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the micrograph.
    bar : ScaleBar or None
        What was found in it.

    Returns
    -------
    ndarray of shape (M, N)
        bool: False inside the boxes.

    Examples
    --------
    >>> exclude((2, 3), ScaleBar(((1, 0, 2, 2),))).tolist()
    [[True, True, True], [False, False, True]]
    """
    valid = np.ones(shape, bool)
    for row_min, column_min, row_max, column_max in bar.boxes if bar else ():
        valid[row_min:row_max, column_min:column_max] = False
    return valid


def _normalised(pixels: np.ndarray) -> np.ndarray | None:
    """Gray values from 0 to 1, a few outlying pixels aside; None where all are equal."""
    if min(pixels.shape) < 32:
        return None
    few = max(10, int(1e-5 * pixels.size))
    ordered = np.partition(pixels, (few, pixels.size - 1 - few), axis=None)
    low, high = float(ordered[few]), float(ordered[-1 - few])
    if not high > low:
        return None
    return np.clip((pixels.astype(np.float32) - low) / (high - low), 0, 1)


def _bar(gray: np.ndarray) -> tuple[float | None, Box | None]:
    """Length and box of the bar whose text fits best, in either polarity, at either edge."""
    best, length, overlay = math.inf, None, None
    for dark in (gray, 1 - gray):
        for zone_top, zone in _zones(dark):
            for line in bar_lines(zone):
                misfit, text = text_beside(zone, line) or (math.inf, None)
                misfit += LEVEL_WEIGHT * line.level
                if text is not None and misfit < best:
                    box = _overlay(zone, line, text)
                    overlay = Box(box.top + zone_top, box.left, box.bottom + zone_top, box.right)
                    best, length = misfit, line.length_px
    return length, overlay


def _zones(gray: np.ndarray) -> list[tuple[int, np.ndarray]]:
    rows = gray.shape[0]
    depth = max(32, math.ceil(BORDER_PART * rows))
    return [(rows - depth, gray[rows - depth :]), (0, gray[:depth])]


def _overlay(zone: np.ndarray, line: BarLine, text: Box) -> Box:
    overlay = line.box.union(text)
    ground = plain_box(zone, overlay, line.ground)
    plate = None if ground else plain_box(zone, text, line.ground)  # that the line underlines
    if plate is not None:
        overlay = overlay.union(plate)
    margin = max(2, round(0.15 * text.height))
    return (ground or overlay).grown(margin, margin, zone.shape)
