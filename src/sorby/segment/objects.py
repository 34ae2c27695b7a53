"""Connected objects of an image that is seen tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from sorby.core.planes import Plane
from sorby.core.tiling import windows

_EIGHT = np.ones((3, 3), bool)
Tile = tuple[slice, slice]


class TiledObjects:
    """Eight-connected objects, joined across tiles by union-find.

    Only one tile is held at a time; what is kept for the whole image is one number for each
    part of an object that a tile sees. The objects do not depend on the tile size, only
    their numbers do.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the image.
    tile_px : int
        Edge of a tile.
    belongs : callable
        From the slices of a tile to a bool array: which pixels are object. It must give the
        same answer each time, until the tile has been passed in an iteration.

    Attributes
    ----------
    n : int
        Number of objects.
    """

    def __init__(
        self, shape: tuple[int, ...], *, tile_px: int, belongs: Callable[[Tile], np.ndarray]
    ) -> None:
        self.shape = shape
        self._tiles = [window.core for window in windows(shape, size=tile_px)]
        self._belongs = belongs
        self._first_parts: list[int] = []
        self._only_labels: np.ndarray | None = None
        pairs, n_parts = self._parts_and_contacts()
        self.n, self._object_of = _joined(pairs, n_parts)

    def __iter__(self) -> Iterator[tuple[Tile, np.ndarray]]:
        """Slices of each tile with its objects: int32, 0 where there is none, else 1..n."""
        for tile, first in zip(self._tiles, self._first_parts, strict=True):
            labels, n = self._label(tile)
            numbers = np.concatenate([[0], self._object_of[first : first + n]]).astype(np.int32)
            yield tile, numbers[labels]

    def _label(self, tile: Tile) -> tuple[np.ndarray, int]:
        if self._only_labels is not None:
            return self._only_labels, len(self._object_of)
        labels, n = ndimage.label(self._belongs(tile), _EIGHT)
        if len(self._tiles) == 1:
            self._only_labels = labels
        return labels, n

    def _parts_and_contacts(self) -> tuple[list[np.ndarray], int]:
        """Pairs of parts that touch across the seams, and the number of parts."""
        pairs: list[np.ndarray] = []
        n_parts, width = 0, self.shape[1]
        above, top, bottom = (np.zeros(width, np.int64) for _ in range(3))
        left = np.zeros(0, np.int64)
        for rows, columns in self._tiles:
            labels, n = self._label((rows, columns))
            edges = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
            top_edge, bottom_edge, left_edge, right_edge = (_numbered(e, n_parts) for e in edges)
            self._first_parts.append(n_parts)
            n_parts += n
            if columns.start > 0:
                pairs.append(_contacts(left, left_edge))
            left = right_edge
            top[columns], bottom[columns] = top_edge, bottom_edge
            if columns.stop == width:
                pairs.append(_contacts(above, top))
                above = bottom.copy()
        return pairs, n_parts


@dataclass(frozen=True)
class ObjectShapes:
    """Size, depth and place of objects; index 0 stands for what is no object.

    Attributes
    ----------
    area_px, border_px : ndarray of shape (n + 1,)
        Pixels of each object, and those of them on the edge of the image.
    deepest : ndarray of shape (n + 1,)
        Largest value in each object.
    length_px, width_px : ndarray of shape (n + 1,)
        Sides of the rectangle with the same second moments.
    """

    area_px: np.ndarray
    border_px: np.ndarray
    deepest: np.ndarray
    length_px: np.ndarray
    width_px: np.ndarray


def measure_shapes(objects: TiledObjects, values: Plane) -> ObjectShapes:
    """Measure objects tile by tile.

    The sums are of whole numbers below 2^53, so they are exact and do not depend on the tiles.

    Parameters
    ----------
    objects : TiledObjects
        The objects.
    values : ndarray of shape (M, N)
        What `ObjectShapes.deepest` is the maximum of.

    Returns
    -------
    ObjectShapes
    """
    deepest = np.zeros(objects.n + 1, values.dtype)
    sums = np.zeros((7, objects.n + 1))
    for tile, numbers in objects:
        rows, columns = np.nonzero(numbers)
        found = numbers[rows, columns]
        order = np.argsort(found, kind="stable")
        found = found[order]
        starts = np.flatnonzero(np.diff(found, prepend=0))
        if not starts.size:
            continue
        present, inside = found[starts], values[tile][rows, columns][order]
        deepest[present] = np.maximum(deepest[present], np.maximum.reduceat(inside, starts))
        row = (rows[order] + tile[0].start).astype(float)
        column = (columns[order] + tile[1].start).astype(float)
        for total, term in zip(sums, _moments(row, column, objects.shape), strict=True):
            total[present] += np.add.reduceat(term, starts)
    return ObjectShapes(sums[0], sums[1], deepest, *_rectangles(sums[0], *sums[2:]))


def _moments(row: np.ndarray, column: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
    at_edge = (row == 0) | (column == 0) | (row == shape[0] - 1) | (column == shape[1] - 1)
    first = [np.ones_like(row), at_edge.astype(float), row, column]
    return [*first, row * row, column * column, row * column]


def _rectangles(
    area: np.ndarray, r: np.ndarray, c: np.ndarray, rr: np.ndarray, cc: np.ndarray, rc: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Length and width of the rectangles with the given sums of moments."""
    n = np.maximum(area, 1)
    pixel = 1 / 12
    row_row = rr / n - (r / n) ** 2 + pixel
    column_column = cc / n - (c / n) ** 2 + pixel
    row_column = rc / n - r * c / n**2
    mean = (row_row + column_column) / 2
    half = np.hypot((row_row - column_column) / 2, row_column)
    return np.sqrt(12 * (mean + half)), np.sqrt(12 * np.maximum(mean - half, pixel))


def _numbered(labels: np.ndarray, first: int) -> np.ndarray:
    return np.where(labels > 0, labels.astype(np.int64) + first, 0)


def _contacts(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pairs of parts that touch across a seam, straight or diagonally."""
    touching = []
    for a, b in ((one, other), (one[1:], other[:-1]), (one[:-1], other[1:])):
        both = (a > 0) & (b > 0)
        touching.append(np.stack([a[both], b[both]], axis=1))
    return np.unique(np.concatenate(touching), axis=0)


def _joined(pairs: list[np.ndarray], n_parts: int) -> tuple[int, np.ndarray]:
    """Number of objects, and the object (1..n) of each part."""
    links = np.concatenate([np.zeros((0, 2), np.int64), *pairs]) - 1
    ones = np.ones(len(links), bool)
    graph = sparse.coo_matrix((ones, (links[:, 0], links[:, 1])), shape=(n_parts, n_parts))
    n, component = sparse.csgraph.connected_components(graph, directed=False)
    return n, component + 1
