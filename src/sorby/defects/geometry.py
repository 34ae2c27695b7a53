"""Geometry of every defect of a field, found once in its own bounding box."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.measure import perimeter_crofton

from sorby.core.errors import SettingError


class Outline(NamedTuple):
    """Geometry of one defect, in pixels; the outline is that of the defect with holes filled.

    Attributes
    ----------
    row, column : float
        Centroid of the defect's pixels.
    area_px2, filled_area_px2 : int
        Pixels without and with those of holes.
    perimeter_px : float
        Crofton estimate in four directions.
    outline_area_px2, hull_area_px2 : float
        Areas inside the sub-pixel outline (the contour at 0.5) and inside its convex hull.
    feret_max_px, feret_min_px : float
        Largest and smallest distance of two parallels that hold the outline between them.
    axis_deg : float
        Direction of the long axis by second moments, counter-clockwise from +x, in [0, 180).
    """

    row: float
    column: float
    area_px2: int
    filled_area_px2: int
    perimeter_px: float
    outline_area_px2: float
    hull_area_px2: float
    feret_max_px: float
    feret_min_px: float
    axis_deg: float


@dataclass(frozen=True, eq=False)
class Field:
    """One field of view: the defects in it and what their measures need to know.

    Attributes
    ----------
    instances : ndarray of shape (M, N)
        Defect numbers 1..n, 0 background.
    build_direction_deg : float or None
        Direction in which layers were added, counter-clockwise from +x; 90 is up.
    """

    instances: np.ndarray
    build_direction_deg: float | None = None

    @cached_property
    def boxes(self) -> list[tuple[slice, slice]]:
        """Rows and columns of each defect's bounding box.

        Raises
        ------
        SettingError
            If a number between 1 and the largest has no pixels.
        """
        boxes = ndimage.find_objects(self.instances)
        if None in boxes:
            raise SettingError(
                f"Defect {boxes.index(None) + 1} of 1..{len(boxes)} has no pixels. Instances are "
                "numbered without gaps: make them with sorby.defects.label_instances."
            )
        return boxes

    @cached_property
    def outlines(self) -> dict[str, np.ndarray]:
        """Values of `Outline`, an array of shape (n_defects,) for each of its names."""
        rows = [
            outline_of(self.instances[box] == number, box)
            for number, box in enumerate(self.boxes, start=1)
        ]
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(Outline._fields))
        return dict(zip(Outline._fields, values.T, strict=True))


def outline_of(pixels: np.ndarray, box: tuple[slice, slice]) -> Outline:
    """Geometry of one defect.

    Parameters
    ----------
    pixels : ndarray of shape (m, n)
        True where the defect is, inside its bounding box.
    box : tuple of slice
        Where the bounding box lies in the image.

    Returns
    -------
    Outline
        In pixels of the image.
    """
    filled = ndimage.binary_fill_holes(pixels)
    rows, columns = np.nonzero(pixels)
    hull = ConvexHull(_extreme_points(filled))
    vertices = hull.points[hull.vertices]
    feret_max, feret_min = _feret(vertices)
    return Outline(
        row=float(rows.mean()) + box[0].start,
        column=float(columns.mean()) + box[1].start,
        area_px2=rows.size,
        filled_area_px2=int(np.count_nonzero(filled)),
        perimeter_px=float(perimeter_crofton(filled, directions=4)),
        outline_area_px2=_outline_area(filled),
        hull_area_px2=float(hull.volume),  # of two dimensions
        feret_max_px=feret_max,
        feret_min_px=feret_min,
        axis_deg=_long_axis_deg(filled),
    )


def _extreme_points(pixels: np.ndarray) -> np.ndarray:
    """Points of the 0.5 contour that span its hull: half a pixel around each row's ends."""
    rows = np.flatnonzero(pixels.any(axis=1))
    first = pixels[rows].argmax(axis=1)
    last = pixels.shape[1] - 1 - pixels[rows, ::-1].argmax(axis=1)
    return np.concatenate(
        [
            np.column_stack([rows + up, ends + right])
            for ends in (first, last)
            for up, right in ((-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5))
        ]
    )


def _feret(vertices: np.ndarray) -> tuple[float, float]:
    """Widest and narrowest calipers on a convex polygon, its vertices in order."""
    edges = np.roll(vertices, -1, axis=0) - vertices
    normals = np.column_stack([-edges[:, 1], edges[:, 0]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    widths = np.ptp(normals @ vertices.T, axis=1)
    distances = vertices[:, None, :] - vertices[None, :, :]
    return math.sqrt((distances**2).sum(axis=2).max()), float(widths.min())


def _outline_area(pixels: np.ndarray) -> float:
    """Area inside the 0.5 contour, summed over squares of four neighbouring pixel centres."""
    padded = np.pad(pixels, 1)
    corners = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    filled = sum(corner.astype(np.uint8) for corner in corners)
    across = (filled == 2) & (corners[0] == corners[3])  # two that touch at their corner
    counts = np.bincount(np.ravel(filled), minlength=5)
    return float(counts @ [0, 1 / 8, 1 / 2, 7 / 8, 1]) + np.count_nonzero(across) / 4


def _long_axis_deg(pixels: np.ndarray) -> float:
    rows, columns = np.nonzero(pixels)
    x, y = columns - columns.mean(), rows.mean() - rows
    angle = 0.5 * math.atan2(2 * float(np.mean(x * y)), float(np.mean(x * x) - np.mean(y * y)))
    return math.degrees(angle) % 180
