"""Plain shapes with known geometry, for tests and examples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError


def ellipses(
    shape: tuple[int, int],
    centres: ArrayLike,
    semi_axes: ArrayLike,
    *,
    angles_deg: ArrayLike = 0.0,
) -> np.ndarray:
    """Pixels whose centre lies inside at least one ellipse.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the image, in px.
    centres : array_like of shape (k, 2)
        Row and column of each centre, in px; pixel (0, 0) has its centre at (0, 0).
    semi_axes : array_like of shape (k, 2)
        Semi-axis along ``angles_deg`` and across it, in px. Positive.
    angles_deg : array_like of shape (k,) or float
        Direction of the first axis, counter-clockwise from +x (image shown with row 0 on top).

    Returns
    -------
    ndarray of shape (M, N)
        bool.

    Raises
    ------
    SettingError
        If a semi-axis is not positive.

    Examples
    --------
    >>> ellipses((5, 5), [(2, 2)], [(2, 1)]).sum(axis=1)
    array([0, 1, 5, 1, 0])
    """
    inside = np.zeros(shape, dtype=bool)
    points = np.asarray(centres, dtype=float).reshape(-1, 2)
    axes = np.asarray(semi_axes, dtype=float).reshape(-1, 2)
    if not (axes > 0).all():
        raise SettingError(f"A semi-axis is {axes.min():g} px. Semi-axes must be positive.")
    angles = np.broadcast_to(np.radians(angles_deg), len(points))
    for (row, column), (along, across), angle in zip(points, axes, angles, strict=True):
        reach = max(along, across)
        rows = slice(max(0, int(row - reach)), max(0, int(row + reach) + 2))
        columns = slice(max(0, int(column - reach)), max(0, int(column + reach) + 2))
        window = inside[rows, columns]
        y = row - np.arange(rows.start, rows.start + window.shape[0])[:, None]
        x = np.arange(columns.start, columns.start + window.shape[1])[None, :] - column
        u = (x * np.cos(angle) + y * np.sin(angle)) / along
        v = (y * np.cos(angle) - x * np.sin(angle)) / across
        window |= u**2 + v**2 <= 1
    return inside


def discs(shape: tuple[int, int], centres: ArrayLike, radii_px: ArrayLike) -> np.ndarray:
    """Pixels whose centre lies inside at least one disc.

    Parameters
    ----------
    shape : tuple of int
        (M, N) of the image, in px.
    centres : array_like of shape (k, 2)
        Row and column of each centre, in px.
    radii_px : array_like of shape (k,) or float
        Radii, in px. Positive.

    Returns
    -------
    ndarray of shape (M, N)
        bool.

    Raises
    ------
    SettingError
        If a radius is not positive.

    Examples
    --------
    >>> int(discs((64, 64), [(32, 32)], 10).sum())
    317
    """
    points = np.asarray(centres, dtype=float).reshape(-1, 2)
    radii = np.broadcast_to(np.asarray(radii_px, dtype=float), len(points))
    return ellipses(shape, points, np.stack([radii, radii], axis=1))
