"""Defects as objects: found in boxes, never by a look at the whole image."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import perimeter_crofton

from sorby.annotate.boxes import Box, clipped, grown, size, slices
from sorby.core.records import IGNORE

LEAST_AREA_PX = 4
"""Fewer pixels are no defect, as in `sorby.defects.label_instances`."""

VERIFIED = frozenset({"accepted", "edited", "added"})
GONE = frozenset({"rejected", "ignored"})
STATES = ("predicted", *sorted(VERIFIED), *sorted(GONE))

CONFIDENCE_STEPS = 254

_TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Stamp:
    """Who makes a gesture, and when (UTC)."""

    author: str
    time: str


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect of a mask under review, or the ghost of one that was taken away.

    Attributes
    ----------
    id : int
        Positive, never used again in its field.
    box : tuple of int
        Half-open bounding box.
    point : tuple of int
        Row and column of a pixel inside.
    area_px : int
        Pixels.
    value : int
        Class, 1...
    circularity : float
        4πA/P² with holes filled, as in the defect table.
    confidence : int or None
        Mean probability in steps of 1/254: whole numbers add up without rounding.
    state : str
        One of `STATES`.
    author, time, model : str
        Who decided last and when (UTC), and what predicted it; empty where nobody did.
    pixels : bytes or None
        Of a ghost only: its pixels in its box (`packed`).
    """

    id: int
    box: Box
    point: tuple[int, int]
    area_px: int
    value: int
    circularity: float
    confidence: int | None
    state: str
    author: str = ""
    time: str = ""
    model: str = ""
    pixels: bytes | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it is a ghost: no longer in the mask, kept so that nobody asks again."""
        return self.state in GONE

    @property
    def gain(self) -> float:
        """Expected gain of looking at it: the pixels that are wrong if it is; 0 once verified."""
        return self.doubt * self.area_px if self.state == "predicted" else 0.0

    @property
    def doubt(self) -> float:
        """1 - confidence; 1/2 where there is none."""
        return 0.5 if self.confidence is None else 1 - self.confidence / CONFIDENCE_STEPS

    def as_row(self) -> list[Any]:
        """Plain values, for JSON."""
        ghost = None if self.pixels is None else base64.b64encode(self.pixels).decode()
        about = [self.state, self.author, self.time, self.model, ghost]
        return [self.id, *self.box, *self.point, self.area_px, self.value, self.circularity,
                self.confidence, *about]  # fmt: skip

    @classmethod
    def from_row(cls, row: list[Any]) -> Defect:
        """What `as_row` gave."""
        pixels = None if row[15] is None else base64.b64decode(row[15])
        values = [row[0], tuple(row[1:5]), tuple(row[5:7]), *row[7:15], pixels]
        return cls(**dict(zip(cls.__dataclass_fields__, values, strict=True)))

    def ghost(self, inside: np.ndarray, state: str, author: str, time: str) -> Defect:
        """Itself taken away; ``inside`` holds its pixels in its box."""
        return replace(self, state=state, author=author, time=time, pixels=packed(inside))

    def inside(self) -> np.ndarray:
        """Pixels of a ghost in its box, bool."""
        return unpacked(self.pixels or b"", size(self.box))


def packed(inside: np.ndarray) -> bytes:
    """Boolean pixels as compressed bits."""
    return zlib.compress(np.packbits(inside).tobytes(), 6)


def unpacked(content: bytes, shape: tuple[int, int]) -> np.ndarray:
    """What `packed` gave."""
    bits = np.unpackbits(np.frombuffer(zlib.decompress(content), np.uint8))
    return bits[: shape[0] * shape[1]].reshape(shape).astype(bool)


class Piece(NamedTuple):
    """Pixels that belong together: their box, where they are in it, and their class."""

    box: Box
    inside: np.ndarray
    value: int


def counted(block: np.ndarray) -> np.ndarray:
    """How often each value of a block occurs: ten times quicker than bincount for a few values.

    Examples
    --------
    >>> np.flatnonzero(counted(np.array([[0, 2], [255, 2]], np.uint8))).tolist()
    [0, 2, 255]
    """
    counts, left = np.zeros(256, np.int64), block.size
    for value in (0, 1, IGNORE, *range(2, IGNORE)):
        if left == 0:
            break
        counts[value] = np.count_nonzero(block == value)
        left -= int(counts[value])
    return counts


def label_block(block: np.ndarray) -> tuple[np.ndarray, int]:
    """Numbers of the pieces of a block: same class, touching at a side or a corner.

    Parameters
    ----------
    block : ndarray of shape (m, n), uint8
        Part of a mask.

    Returns
    -------
    labels : ndarray of shape (m, n), int32
        0 where there is no defect.
    n : int
        The largest number.
    """
    values = [int(v) for v in np.flatnonzero(counted(block)) if v not in (0, IGNORE)]
    labels, n = np.zeros(block.shape, np.int32), 0
    for value in values:
        found, more = ndimage.label(block == value, _TOUCHING, output=np.int32)
        labels = found if n == 0 else np.where(found > 0, found + n, labels)
        n += more
    return labels, n


def piece_at(mask: np.ndarray, point: tuple[int, int], *, margin: int = 24) -> Piece | None:
    """The defect at a pixel, found in a window that grows until it holds it.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    point : tuple of int
        Row and column, inside the image.
    margin : int
        First reach of the window, in px.

    Returns
    -------
    Piece or None
        None where the pixel is background or ignored.

    Examples
    --------
    >>> mask = np.zeros((9, 9), np.uint8)
    >>> mask[2:4, 3:8] = 1
    >>> piece_at(mask, (2, 5), margin=1).box
    (2, 3, 4, 8)
    """
    row, column = point
    value = int(mask[row, column])
    if value in (0, IGNORE):
        return None
    while True:
        window = grown((row, column, row + 1, column + 1), margin, mask.shape)
        labels, _ = ndimage.label(mask[slices(window)] == value, _TOUCHING)
        own = labels == labels[row - window[0], column - window[1]]
        if is_closed(own, window, mask.shape):
            return cropped(own, window, value)
        margin *= 3


def is_closed(inside: np.ndarray, window: Box, shape: tuple[int, ...]) -> bool:
    """Whether pixels of a window reach none of its sides, those of the image apart."""
    return not (
        (window[0] > 0 and inside[0].any())
        or (window[2] < shape[0] and inside[-1].any())
        or (window[1] > 0 and inside[:, 0].any())
        or (window[3] < shape[1] and inside[:, -1].any())
    )


def cropped(inside: np.ndarray, window: Box, value: int) -> Piece:
    """Pixels of a window in their own bounding box; at least one pixel."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    top, bottom, left, right = (int(v) for v in (rows[0], rows[-1], columns[0], columns[-1]))
    box = (window[0] + top, window[1] + left, window[0] + bottom + 1, window[1] + right + 1)
    return Piece(box, inside[top : bottom + 1, left : right + 1], value)


def pieces_in(block: np.ndarray, origin: tuple[int, int] = (0, 0)) -> list[Piece]:
    """Every piece of a block.

    Parameters
    ----------
    block : ndarray of shape (m, n), uint8
        Part of a mask.
    origin : tuple of int
        Row and column of the block's first pixel in the image.

    Returns
    -------
    list of Piece
        Boxes in the image.
    """
    labels, _ = label_block(block)
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        rows, columns = place
        inside = labels[place] == number
        at = np.unravel_index(int(inside.argmax()), inside.shape)
        box = (rows.start, columns.start, rows.stop, columns.stop)
        found.append(Piece(_moved(box, origin), inside, int(block[place][at])))
    return found


def scan(mask: np.ndarray, *, tile_px: int = 2048) -> Iterator[Piece]:
    """Every piece of a whole mask, found tile by tile: no label image of the field is made.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Label image.
    tile_px : int
        Edge of a tile; it changes the order of the pieces, and nothing else.

    Yields
    ------
    Piece
        Each once, also those that lie in several tiles.
    """
    across: list[Piece] = []
    for top in range(0, mask.shape[0], tile_px):
        for left in range(0, mask.shape[1], tile_px):
            tile = clipped((top, left, top + tile_px, left + tile_px), mask.shape)
            for piece in pieces_in(mask[slices(tile)], tile[:2]):
                if _reaches_out(piece.box, tile, mask.shape):
                    point = point_inside(piece)
                    if not any(_has(whole, point) for whole in across):
                        found = piece_at(mask, point, margin=tile_px // 4)
                        assert found is not None  # its pixel is a defect's
                        across.append(found)
                        yield found
                else:
                    yield piece


def _reaches_out(box: Box, tile: Box, shape: tuple[int, ...]) -> bool:
    return (
        (box[0] == tile[0] > 0)
        or (box[1] == tile[1] > 0)
        or (box[2] == tile[2] < shape[0])
        or (box[3] == tile[3] < shape[1])
    )


def _has(piece: Piece, point: tuple[int, int]) -> bool:
    row, column = point[0] - piece.box[0], point[1] - piece.box[1]
    n_rows, n_columns = piece.inside.shape
    return 0 <= row < n_rows and 0 <= column < n_columns and bool(piece.inside[row, column])


def _moved(box: Box, origin: tuple[int, int]) -> Box:
    row, column = origin
    return box[0] + row, box[1] + column, box[2] + row, box[3] + column


def point_inside(piece: Piece) -> tuple[int, int]:
    """Pixel of a piece that is nearest to its centre."""
    row, column = (_mean_place(np.count_nonzero(piece.inside, axis=axis)) for axis in (1, 0))
    reach = 8
    while True:  # from the centre outwards: most pieces have a pixel there
        top, left = max(0, math.ceil(row - reach)), max(0, math.ceil(column - reach))
        part = piece.inside[
            top : math.floor(row + reach) + 1, left : math.floor(column + reach) + 1
        ]
        rows, columns = np.nonzero(part)
        away = (rows + top - row) ** 2 + (columns + left - column) ** 2
        if away.size and away.min() <= reach**2:
            nearest = int(away.argmin())
            return piece.box[0] + top + int(rows[nearest]), piece.box[1] + left + int(
                columns[nearest]
            )
        reach *= 4


def _mean_place(counts: np.ndarray) -> float:
    return float(np.arange(len(counts)) @ counts) / int(counts.sum())


def circularity(inside: np.ndarray) -> float:
    """Circularity 4πA/P² of a piece with its holes filled, rounded to 0.001; P as in the table.

    Examples
    --------
    >>> circularity(np.ones((10, 100), bool))
    0.292
    """
    outside, _ = ndimage.label(np.pad(~inside, 1, constant_values=True))
    filled = outside[1:-1, 1:-1] != outside[0, 0]  # as binary_fill_holes, in one pass
    perimeter = float(perimeter_crofton(filled, directions=4))
    return round(4 * math.pi * int(np.count_nonzero(filled)) / perimeter**2, 3)
