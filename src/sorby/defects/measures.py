"""What is measured on a defect; each function carries its unit and its definition.

Sizes are those of the defect's pixels (holes, such as bright powder inside a pore, left out);
shapes are those of its outline (holes filled). Shapes are empty (NaN) for defects of less than
10 px equivalent diameter, where the grid decides the value.

Every measure is ``f(instances, field) -> ndarray of shape (n_defects,)`` with ``f.unit`` one of
"px", "px2", "deg" and "1", and ``f.definition``. The geometry comes from ``field.outlines``, which
is worked out once for all measures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import numpy as np

from sorby.defects.geometry import Field

Unit = Literal["px", "px2", "deg", "1"]
Function = TypeVar("Function", bound=Callable[[np.ndarray, Field], np.ndarray])

SMALLEST_SHAPE_DIAMETER_PX = 10.0
"""Equivalent diameter from which shapes are given."""

SMALLEST_ORIENTED_ASPECT_RATIO = 1.2
"""Aspect ratio above which a defect has a direction."""


def measure(*, unit: Unit, definition: str) -> Callable[[Function], Function]:
    """Mark a function as a measure.

    Parameters
    ----------
    unit : {"px", "px2", "deg", "1"}
        Unit of the values; lengths and areas get a column in µm as well.
    definition : str
        One line for reports.

    Returns
    -------
    callable
        Decorator that sets ``unit`` and ``definition`` on the function.
    """

    def marked(function: Function) -> Function:
        vars(function).update(unit=unit, definition=definition)
        return function

    return marked


@measure(unit="px2", definition="pixels of the defect, holes left out")
def area(instances: np.ndarray, field: Field) -> np.ndarray:
    """Area: number of pixels, those of holes left out.

    Examples
    --------
    >>> ring = np.ones((20, 20), np.int32)
    >>> ring[5:9, 5:9] = 0
    >>> area(ring, Field(ring))
    array([384.])
    """
    return field.outlines["area_px2"]


@measure(unit="px2", definition="pixels of the defect and of its holes")
def filled_area(instances: np.ndarray, field: Field) -> np.ndarray:
    """Filled area: number of pixels inside the outline.

    Examples
    --------
    >>> ring = np.ones((20, 20), np.int32)
    >>> ring[5:9, 5:9] = 0
    >>> filled_area(ring, Field(ring))
    array([400.])
    """
    return field.outlines["filled_area_px2"]


@measure(unit="px", definition="diameter of the disc of the same area, √(4A/π)")
def equivalent_diameter(instances: np.ndarray, field: Field) -> np.ndarray:
    """Equivalent circle diameter, √(4A/π).

    Examples
    --------
    >>> square = np.ones((20, 20), np.int32)
    >>> equivalent_diameter(square, Field(square)).round(2)
    array([22.57])
    """
    return np.sqrt(4 / np.pi * area(instances, field))


@measure(unit="px", definition="length of the outline, Crofton's formula in four directions")
def perimeter(instances: np.ndarray, field: Field) -> np.ndarray:
    """Perimeter P of the outline by Crofton's formula in four directions [1]_.

    Counting pixel edges overestimates a length; counting crossings with lines does not. Sharp
    corners are seen as if rounded off by the grid.

    References
    ----------
    .. [1] Lehmann & Legland, Insight Journal (2012), "Efficient N-dimensional surface estimation
       using Crofton formula and run-length encoding".

    Examples
    --------
    >>> square = np.ones((20, 20), np.int32)
    >>> perimeter(square, Field(square)).round(1)
    array([74.7])
    """
    return field.outlines["perimeter_px"]


@measure(unit="px", definition="largest caliper width of the outline at half a pixel")
def feret_max(instances: np.ndarray, field: Field) -> np.ndarray:
    """Maximum Feret diameter: widest calipers on the sub-pixel outline.

    Examples
    --------
    >>> bar = np.ones((30, 40), np.int32)
    >>> feret_max(bar, Field(bar)).round(1)  # 50 px with sharp corners
    array([49.4])
    """
    return field.outlines["feret_max_px"]


@measure(unit="px", definition="smallest caliper width of the outline at half a pixel")
def feret_min(instances: np.ndarray, field: Field) -> np.ndarray:
    """Minimum Feret diameter: narrowest calipers on the sub-pixel outline.

    Examples
    --------
    >>> bar = np.ones((30, 40), np.int32)
    >>> feret_min(bar, Field(bar))
    array([30.])
    """
    return field.outlines["feret_min_px"]


@measure(unit="1", definition="maximum over minimum Feret diameter")
def aspect_ratio(instances: np.ndarray, field: Field) -> np.ndarray:
    """Aspect ratio of the Feret diameters, at least 1.

    Examples
    --------
    >>> bar = np.ones((10, 100), np.int32)
    >>> aspect_ratio(bar, Field(bar)).round(1)
    array([10.])
    """
    return _where_resolved(feret_max(instances, field) / feret_min(instances, field), field)


@measure(unit="1", definition="form factor 4πA/P² of the outline, Crofton perimeter, not clipped")
def circularity(instances: np.ndarray, field: Field) -> np.ndarray:
    """Circularity (form factor) 4πA/P² of the filled defect; a disc has 1 on average.

    Small discs scatter around 1; values above 1 are kept.

    Examples
    --------
    >>> bar = np.ones((10, 100), np.int32)
    >>> circularity(bar, Field(bar)).round(2)  # 0.26 with sharp corners
    array([0.29])
    """
    values = 4 * np.pi * filled_area(instances, field) / perimeter(instances, field) ** 2
    return _where_resolved(values, field)


@measure(unit="1", definition="4A/(π Fmax²) of the outline")
def roundness(instances: np.ndarray, field: Field) -> np.ndarray:
    """Roundness 4A/(π Fmax²) of the filled defect; independent of the perimeter.

    Examples
    --------
    >>> bar = np.ones((10, 100), np.int32)
    >>> roundness(bar, Field(bar)).round(2)
    array([0.13])
    """
    values = 4 / np.pi * filled_area(instances, field) / feret_max(instances, field) ** 2
    return _where_resolved(values, field)


@measure(unit="1", definition="area inside the outline over that inside its convex hull")
def solidity(instances: np.ndarray, field: Field) -> np.ndarray:
    """Solidity A/A_hull, both areas inside the sub-pixel outline; convex shapes have 1.

    Examples
    --------
    >>> square = np.ones((20, 20), np.int32)
    >>> solidity(square, Field(square))
    array([1.])
    """
    return _where_resolved(
        field.outlines["outline_area_px2"] / field.outlines["hull_area_px2"], field
    )


@measure(unit="deg", definition="angle of the long axis to the build direction, 0 to 90")
def orientation(instances: np.ndarray, field: Field) -> np.ndarray:
    """Angle between the long axis (second moments) and the build direction, folded to 0..90.

    Empty for aspect ratios up to 1.2, under 10 px, and where the build direction is unknown.

    Examples
    --------
    >>> bar = np.ones((10, 100), np.int32)
    >>> orientation(bar, Field(bar, build_direction_deg=90)).round()
    array([90.])
    >>> orientation(bar, Field(bar))
    array([nan])
    """
    axis = field.outlines["axis_deg"]
    build = np.nan if field.build_direction_deg is None else field.build_direction_deg
    apart = np.abs(axis - build) % 180
    has_direction = aspect_ratio(instances, field) > SMALLEST_ORIENTED_ASPECT_RATIO
    return np.where(has_direction, np.minimum(apart, 180 - apart), np.nan)


def _where_resolved(values: np.ndarray, field: Field) -> np.ndarray:
    diameter = equivalent_diameter(field.instances, field)
    return np.where(diameter >= SMALLEST_SHAPE_DIAMETER_PX, values, np.nan)
