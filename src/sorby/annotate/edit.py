"""Operations on a mask: each looks at a box and returns the pixels that it would change.

No function touches the mask that it is given. What is ignored (255) stays, unless the operation
says otherwise. An operation that changes nothing returns None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from sorby.annotate.boxes import Box, grown, size, slices, united
from sorby.annotate.objects import Piece, cropped, label_block
from sorby.annotate.strokes import cut_line, lasso, stroke
from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

BRIDGE_RADIUS_PX = 1.0


class Patch(NamedTuple):
    """New values of the pixels in a box.

    Attributes
    ----------
    box : tuple of int
        Half-open.
    values : ndarray of shape of the box, uint8
        All of the box, the unchanged pixels as well.
    """

    box: Box
    values: np.ndarray


def paint(
    mask: np.ndarray, points: np.ndarray, radius_px: float, value: int, *, unignore: bool = False
) -> Patch | None:
    """Give the pixels of a stroke a value.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    points : ndarray of shape (n, 2)
        Row and column of the pointer, in px.
    radius_px : float
        See `sorby.annotate.strokes.stroke`.
    value : int
        0 erases, 1.. a class, 255 ignore.
    unignore : bool
        Ignored pixels, and no others, become ``value``.

    Returns
    -------
    Patch or None

    Examples
    --------
    >>> paint(np.zeros((4, 4), np.uint8), np.array([[1, 1]]), 1, 2).values
    array([[0, 2, 0],
           [2, 2, 2],
           [0, 2, 0]], dtype=uint8)
    """
    box, covered = stroke(points, radius_px, mask.shape)
    return put(mask, box, covered, value, unignore=unignore)


def lasso_fill(
    mask: np.ndarray, points: np.ndarray, value: int, *, unignore: bool = False
) -> Patch | None:
    """Give the pixels inside a closed polygon a value; parameters as of `paint`."""
    box, covered = lasso(points, mask.shape)
    return put(mask, box, covered, value, unignore=unignore)


def put(
    mask: np.ndarray, box: Box, covered: np.ndarray, value: int, *, unignore: bool = False
) -> Patch | None:
    """Give chosen pixels of a box a value.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    box : tuple of int
        Where.
    covered : ndarray of shape of the box, bool
        Which pixels.
    value : int
        Their new value.
    unignore : bool
        Only those that are ignored now; otherwise only those that are not.

    Returns
    -------
    Patch or None
        Its box holds the pixels that change, and no more.
    """
    block = mask[slices(box)]
    allowed = block == IGNORE if unignore else (block != IGNORE) | (value == IGNORE)
    changes = covered & allowed & (block != value)
    if not changes.any():
        return None
    piece = cropped(changes, box, value)
    values = mask[slices(piece.box)].copy()
    values[piece.inside] = value
    return Patch(piece.box, values)


def set_piece(mask: np.ndarray, piece: Piece, value: int) -> Patch | None:
    """Give all pixels of a defect a value: 0 deletes it, 255 ignores it, 1.. is its class."""
    return put(mask, piece.box, piece.inside, value)


def fill_holes(mask: np.ndarray, piece: Piece) -> Patch | None:
    """Fill the background that a defect surrounds; other defects and ignored pixels stay.

    Examples
    --------
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)
    >>> fill_holes(ring, Piece((0, 0, 3, 3), ring > 0, 1)).box
    (1, 1, 2, 2)
    """
    block = mask[slices(piece.box)]
    holes = ndimage.binary_fill_holes(piece.inside) & (block == 0)
    return put(mask, piece.box, holes, piece.value)


def split(mask: np.ndarray, piece: Piece, line: np.ndarray) -> Patch:
    """Cut a defect in two along a line that is one pixel wide.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    piece : Piece
        The defect.
    line : ndarray of shape (n, 2)
        Row and column, in px; it must cross the defect from side to side.

    Returns
    -------
    Patch
        No pixel on one side touches one on the other, not even at a corner.

    Raises
    ------
    SettingError
        If the defect is in one piece afterwards.
    """
    at = cut_line(line) - piece.box[:2]
    at = at[((at >= 0) & (at < piece.inside.shape)).all(axis=1)]
    cut = np.zeros_like(piece.inside)
    cut[tuple(at.T)] = True
    rest = piece.inside & ~cut
    _, n_parts = ndimage.label(rest, np.ones((3, 3), bool))
    patch = put(mask, piece.box, cut & piece.inside, 0)
    if patch is None or n_parts < 2:
        raise SettingError(
            "The line does not cut the defect: it is still in one piece. Draw the line from "
            "outside, across the defect, to the outside."
        )
    return patch


def merge(mask: np.ndarray, pieces: Sequence[Piece]) -> Patch:
    """Join two defects by their shortest connection, 3 px wide; both get the first one's class.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    pieces : sequence of Piece
        Two defects.

    Returns
    -------
    Patch

    Raises
    ------
    SettingError
        If ignored pixels lie between them.
    """
    first, second = pieces
    ends = _nearest(first, second)
    box = grown(united([first.box, second.box]), 2, mask.shape)
    values = mask[slices(box)].copy()
    inner = slices(_within(second.box, box))
    values[inner][second.inside] = first.value
    bridge, covered = stroke(np.array(ends), BRIDGE_RADIUS_PX, mask.shape)
    part = values[slices(_within(bridge, box))]
    part[covered & (part != IGNORE)] = first.value
    labels, _ = label_block(values)
    if len({int(labels[row - box[0], column - box[1]]) for row, column in ends}) > 1:
        raise SettingError(
            "The two defects cannot be joined: ignored pixels lie between them. Erase the ignored "
            "region there first."
        )
    changes = values != mask[slices(box)]
    tight = cropped(changes, box, first.value).box
    return Patch(tight, values[slices(_within(tight, box))])


def _within(box: Box, outer: Box) -> Box:
    row, column = outer[:2]
    return box[0] - row, box[1] - column, box[2] - row, box[3] - column


def _nearest(first: Piece, second: Piece) -> tuple[tuple[int, int], tuple[int, int]]:
    """Pixels of two pieces that are nearest to one another."""
    one, other = (np.argwhere(piece.inside) + piece.box[:2] for piece in (first, second))
    away, index = cKDTree(one).query(other)
    nearest = int(away.argmin())
    a, b = one[int(index[nearest])], other[nearest]
    return (int(a[0]), int(a[1])), (int(b[0]), int(b[1]))


def apply_patch(mask: np.ndarray, patch: Patch) -> None:
    """Put a patch into a mask, in place."""
    if size(patch.box) != patch.values.shape:
        raise SettingError(
            f"A patch of shape {patch.values.shape} does not fit its box {patch.box}."
        )
    mask[slices(patch.box)] = patch.values
