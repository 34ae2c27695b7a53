import numpy as np
import pytest
from scipy import ndimage

from sorby.segment.objects import TiledObjects, measure_shapes

EIGHT = np.ones((3, 3), bool)


def put_together(objects):
    numbers = np.zeros(objects.shape, np.int64)
    for tile, part in objects:
        numbers[tile] = part
    return numbers


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
@pytest.mark.parametrize("tile_px", [1, 3, 16, 64])
def test_objects_are_those_of_the_whole_image(rng, share, tile_px):
    mask = rng.random((40, 53)) < share
    objects = TiledObjects(mask.shape, tile_px=tile_px, belongs=lambda tile: mask[tile])
    expected, n = ndimage.label(mask, EIGHT)
    numbers = put_together(objects)
    assert objects.n == n
    pairs = np.unique(np.stack([numbers.ravel(), expected.ravel()]), axis=1)
    assert len(pairs[0]) == len(set(pairs[0])) == len(set(pairs[1])) == n + (not mask.all())


@pytest.mark.parametrize("tile_px", [7, 64])
def test_areas_depths_and_border_contacts_agree_with_scipy(rng, tile_px):
    values = rng.random((40, 53)).astype(np.float32)
    mask = ndimage.gaussian_filter(rng.random(values.shape), 1) > 0.52
    objects = TiledObjects(mask.shape, tile_px=tile_px, belongs=lambda tile: mask[tile])
    shapes = measure_shapes(objects, values)
    numbers, each = put_together(objects), np.arange(1, objects.n + 1)
    border = np.ones(mask.shape)
    border[1:-1, 1:-1] = 0
    assert np.array_equal(shapes.area_px[1:], ndimage.sum(mask, numbers, each))
    assert np.array_equal(shapes.border_px[1:], ndimage.sum(border, numbers, each))
    assert np.array_equal(shapes.deepest[1:], ndimage.maximum(values, numbers, each))


@pytest.mark.parametrize("angle_deg", [0, 17, 45, 90])
def test_a_bar_has_its_own_length_and_width_at_any_angle(angle_deg):
    rows, columns = np.indices((200, 200)) - 100
    angle = np.deg2rad(angle_deg)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    bar = (np.abs(along) <= 60) & (np.abs(across) <= 5)
    objects = TiledObjects(bar.shape, tile_px=64, belongs=lambda tile: bar[tile])
    shapes = measure_shapes(objects, bar.astype(np.float32))
    assert shapes.length_px[1] == pytest.approx(121, rel=0.02)
    assert shapes.width_px[1] == pytest.approx(10.5, rel=0.06)
