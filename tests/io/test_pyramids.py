"""Levels are means of the image; what is built in bands equals what is built at once."""

import json

import numpy as np
import pytest
import tifffile

from sorby.core.errors import ReadError, UnknownFieldError
from sorby.io import write_micrograph
from sorby.io.pyramids import TILE, build_pyramid, halved, n_levels, open_pyramid, shown
from sorby.io.tiff import read_tiff, tiff_bands


def built(tmp_path, pixels, **options):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, **options)
    build_pyramid(path, tmp_path / "pyramid", sha256="0" * 64)
    return open_pyramid(tmp_path / "pyramid")


def test_levels_are_means_of_blocks(tmp_path, rng):
    pixels = rng.integers(0, 256, (1100, 1536), dtype=np.uint8)
    found = built(tmp_path, pixels, tile=(128, 128))
    assert [level.shape for level in found.levels] == [(1100, 1536), (550, 768), (275, 384)]
    assert np.array_equal(found.levels[0], pixels)
    blocks = pixels.reshape(550, 2, 768, 2).mean(axis=(1, 3))
    assert np.abs(found.levels[1] - blocks).max() <= 0.5


def test_odd_edges_count_twice():
    assert halved(np.array([[1], [3], [8]], np.uint16)).tolist() == [[2], [8]]
    assert halved(np.full((1, 1), 0.25, np.float32)).tolist() == [[0.25]]


def test_means_do_not_overflow():
    assert (halved(np.full((4, 4), 65535, np.uint16)) == 65535).all()
    assert (halved(np.full((4, 4), 255, np.uint8)) == 255).all()


def test_tiles_are_clipped_and_others_refused(tmp_path, rng):
    found = built(tmp_path, rng.integers(0, 9, (600, 700), dtype=np.uint16))
    assert found.tile(0, 1, 1).shape == (600 - TILE, 700 - TILE)
    assert found.tile(1, 0, 0).shape == (300, 350)
    for wrong in ((0, 2, 0), (0, 0, 2), (2, 0, 0), (-1, 0, 0), (0, -1, 0)):
        with pytest.raises(UnknownFieldError, match="asked for"):
            found.tile(*wrong)


def test_16_bit_is_shown_in_a_window_of_percentiles_and_8_bit_as_it_is(tmp_path, rng):
    deep = built(tmp_path, rng.integers(1000, 3000, (300, 300)).astype(np.uint16))
    assert 1000 <= deep.window[0] < 1030 and 2970 < deep.window[1] < 3000
    flat = built(tmp_path, np.full((300, 300), 7, np.uint8))
    assert flat.window == (0, 255)
    assert (shown(flat.tile(0, 0, 0), flat.window) == 7).all()
    constant = built(tmp_path, np.full((300, 300), 7, np.uint16))
    assert constant.window[1] > constant.window[0]


def test_pages_are_told(tmp_path, rng):
    stack = rng.integers(0, 9, (3, 40, 50), dtype=np.uint8)
    assert built(tmp_path, stack, photometric="minisblack").pages == 3


@pytest.mark.parametrize("damage", ["about", "short", "dtype"])
def test_a_damaged_cache_is_not_opened(tmp_path, rng, damage):
    built(tmp_path, rng.integers(0, 9, (600, 700), dtype=np.uint8))
    place = tmp_path / "pyramid"
    about = json.loads((place / "about.json").read_text())
    if damage == "short":
        (place / "1.raw").write_bytes(b"short")
    else:
        broken = "{" if damage == "about" else json.dumps({**about, "dtype": "object"})
        (place / "about.json").write_text(broken)
    assert open_pyramid(place) is None


def test_a_damaged_image_leaves_nothing(tmp_path):
    path = tmp_path / "image.png"
    write_micrograph(path, np.zeros((50, 50), np.uint8))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ReadError):
        build_pyramid(path, tmp_path / "cache" / "pyramid", sha256="0" * 64)
    assert list((tmp_path / "cache").iterdir()) == []


def test_levels_of_a_tile_row_and_a_mosaic():
    assert [n_levels(s) for s in ((1, 512), (513, 1), (4096, 4096))] == [1, 2, 4]


PARTS = [
    {"tile": (64, 64)},
    {"rowsperstrip": 7, "compression": "lzw"},
    {"tile": (64, 64), "compression": "zlib", "predictor": True},
    {},
]


@pytest.mark.parametrize("options", PARTS, ids=str)
@pytest.mark.parametrize("kind", ["uint8", "uint16", "white is zero", "rgb", "float32"])
def test_bands_together_are_the_image(tmp_path, rng, options, kind):
    pixels = (rng.random((333, 417, 3) if kind == "rgb" else (333, 417)) * 255).astype(
        kind if kind in ("uint16", "float32") else "uint8"
    )
    if kind == "float32":
        options = {name: value for name, value in options.items() if name != "predictor"}
    photometric = {"rgb": "rgb", "white is zero": "miniswhite"}.get(kind, "minisblack")
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, photometric=photometric, **options)
    bands = list(tiff_bands(path, height=50))
    assert {len(band) for band in bands[:-1]} == {50}
    assert np.array_equal(np.concatenate(bands), read_tiff(path).pixels)


def test_progress_is_told_in_rows_up_to_all_there_are(tmp_path):
    write_micrograph(tmp_path / "tall.png", np.zeros((2100, 40), np.uint8))
    told = []
    build_pyramid(
        tmp_path / "tall.png",
        tmp_path / "pyramid",
        sha256="0" * 64,
        n_rows=2100,
        on_step=lambda done, total: told.append((done, total)),
    )
    done = [rows for rows, _ in told]
    assert {total for _, total in told} == {2800}
    assert done == sorted(done) and done[:5] == [512, 1024, 1536, 2048, 2100]
    assert 2750 < done[-1] <= 2800
