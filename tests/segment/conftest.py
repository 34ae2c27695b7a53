"""Gray fields with known truth: pores blurred by the lens, uneven light, noise."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage


@pytest.fixture
def draw_field(rng) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Function that draws a field of discs; returns gray values (float) and the truth."""

    def draw(shape, discs, *, metal=190.0, depth=0.7, blur=0.8, noise=2.0, light=0.0):
        rows, columns = np.indices(shape)
        truth = np.zeros(shape, bool)
        for row, column, radius in discs:
            truth |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        falloff = ((rows / shape[0] - 0.5) ** 2 + (columns / shape[1] - 0.5) ** 2) * 2
        sharp = metal * (1 - light * falloff) * (1 - depth * truth)
        gray = ndimage.gaussian_filter(sharp, blur) + rng.normal(0, noise, shape)
        return gray.clip(0, 255), truth

    return draw


@pytest.fixture
def many_discs(rng) -> list[tuple[int, int, int]]:
    """Discs of 2 to 12 px radius on a grid of 40 px, for a field of 240 x 320 px."""
    return [
        (20 + 40 * i, 20 + 40 * j, int(rng.integers(2, 13))) for i in range(6) for j in range(8)
    ]
