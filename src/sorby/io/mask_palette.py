"""How a mask says in its PNG what it is, and in which colours it shows its classes."""

from __future__ import annotations

from sorby.core.records import IGNORE

TAG, TAG_TEXT = "Sorby", "label image: 0 background, 1.. classes, 255 ignore"

COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Classes 1 to 7, then again from the first: safe for the colour-blind (Okabe and Ito)."""

IGNORE_COLOUR = (128, 128, 128)


def palette() -> list[int]:
    """Red, green and blue of each of the 256 values, one after another."""
    colours = [COLOURS[(label - 1) % len(COLOURS)] for label in range(256)]
    colours[0], colours[IGNORE] = (0, 0, 0), IGNORE_COLOUR
    return [channel for colour in colours for channel in colour]
