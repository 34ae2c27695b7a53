"""Large fields are worked on in bands: the same mask and probability, to the last bit."""

import numpy as np
import pytest
import tifffile

from sorby.core import planes
from sorby.io import masks as io_masks
from sorby.io import probability as io_probability
from sorby.io import read_mask, read_probability_steps
from sorby.io.mask_bands import unfiltered_mask, write_mask_bands
from sorby.project import Field
from sorby.project import masks as project_masks
from sorby.workflow import new_project, predict, predicting

MODULES = (predicting, io_masks, io_probability, project_masks)


@pytest.fixture
def image(rng, tmp_path):
    """Tiled TIFF: uneven light, pores across the seams, a bar of the scale, resin at a side."""
    rows, columns = np.indices((1400, 1300))
    gray = 190 - 30 * (columns / 1300) ** 2 + rng.normal(0, 4, rows.shape)
    for row in range(40, 1400, 120):
        for column in range(40, 1000, 97):
            radius = 4 + (row * 7 + column) % 19
            gray[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = 50
    gray[:, 1200:] = 15
    gray[1340:1346, 60:260] = 255
    path = tmp_path / "field.tif"
    pixels = gray.clip(0, 255).astype(np.uint8)
    tifffile.imwrite(path, pixels, tile=(256, 256), compression="deflate")
    return path


@pytest.mark.parametrize("method", ["flatfield_otsu", "otsu"])
def test_in_bands_is_as_a_whole_to_the_last_bit(image, tmp_path, monkeypatch, method):
    found = {}
    for name in ("whole", "bands"):
        folder = tmp_path / name
        new_project(folder, [image])
        if name == "bands":
            for module in MODULES:
                monkeypatch.setattr(module, "WHOLE_PX", 1000)
            monkeypatch.setattr(planes, "BAND_PX", 1300 * 100)
            monkeypatch.setattr(predicting, "_TILE_PX", 300)
            monkeypatch.setattr(predicting, "segment_micrograph", None)
        predict(folder, method=method)
        (mask,) = folder.glob("**/*.png")
        (probability,) = folder.glob("masks/**/*.tif*")
        found[name] = read_mask(mask), read_probability_steps(probability)
    assert (found["whole"][0] == 1).sum() > 10_000
    for whole, bands in zip(found["whole"], found["bands"], strict=True):
        assert np.array_equal(whole, bands)


def test_a_mask_written_in_bands_is_read_by_pillow_and_at_once(rng, tmp_path):
    mask = rng.integers(0, 4, (70, 33)).astype(np.uint8)
    mask[3] = 255
    path = tmp_path / "mask.png"
    write_mask_bands(path, mask.shape, (mask[top : top + 9] for top in range(0, 70, 9)))
    assert np.array_equal(read_mask(path), mask)
    assert np.array_equal(unfiltered_mask(path), mask)
    io_masks.write_mask(path, mask)
    assert np.array_equal(unfiltered_mask(path), mask)


def test_a_damaged_mask_is_left_to_pillow(rng, tmp_path):
    path = tmp_path / "mask.png"
    write_mask_bands(path, (70, 33), [rng.integers(0, 4, (70, 33)).astype(np.uint8)])
    content = path.read_bytes()
    for size in (0, 20, 40, len(content) // 2, len(content) - 14):
        path.write_bytes(content[:size])
        assert unfiltered_mask(path) is None
    path.write_bytes(content.replace(content[-40:-30], bytes(10)))
    assert unfiltered_mask(path) is None


def test_valid_pixels_of_any_box_are_those_of_the_whole(rng):
    field = Field("f", (50, 40), ignore_boxes=((0, 0, 5, 9), (20, 10, 30, 40), (45, 30, 50, 35)))
    whole, plane = field.valid(), field.valid_plane()
    for top, bottom, left, right in rng.integers(0, 51, (200, 4)):
        assert np.array_equal(plane[top:bottom, left:right], whole[top:bottom, left:right])
    assert Field("f", (50, 40)).valid_plane() is None
