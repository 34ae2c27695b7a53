"""Shapes drawn exactly: a pixel belongs to a shape if its centre lies in it."""

from collections.abc import Callable

import numpy as np
import pytest

Drawing = Callable[..., np.ndarray]


def _coordinates(size: int, centre: tuple[float, float], angle_deg: float) -> tuple:
    """Coordinates along and across an axis at an angle counter-clockwise from +x."""
    rows, columns = np.mgrid[:size, :size]
    x, y = columns - centre[1], centre[0] - rows
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return x * c + y * s, y * c - x * s


@pytest.fixture(scope="session")
def ellipse() -> Drawing:
    def draw(major, minor, *, centre, angle_deg=0.0, size=None):
        size = size or int(centre[0] * 2 + 2)
        u, v = _coordinates(size, centre, angle_deg)
        return ((2 * u / major) ** 2 + (2 * v / minor) ** 2 <= 1).astype(np.int32)

    return draw


@pytest.fixture(scope="session")
def rectangle() -> Drawing:
    def draw(length, width, *, centre, angle_deg=0.0, size=None):
        size = size or int(centre[0] * 2 + 2)
        u, v = _coordinates(size, centre, angle_deg)
        return ((np.abs(u) <= length / 2) & (np.abs(v) <= width / 2)).astype(np.int32)

    return draw


@pytest.fixture
def discs(ellipse, rng) -> Drawing:
    """Discs of one diameter at random sub-pixel positions."""

    def draw(diameter, n):
        middle = diameter / 2 + 3
        for _ in range(n):
            centre = middle + rng.uniform(-0.5, 0.5, 2)
            yield ellipse(diameter, diameter, centre=centre, size=int(2 * middle + 2))

    return draw
