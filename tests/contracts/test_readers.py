"""The exam that every registered reader passes."""

import inspect

import numpy as np
import pytest
import tifffile
from PIL import Image

from sorby.core.errors import ReadError, SettingError
from sorby.core.records import Micrograph
from sorby.io import READERS

NAMES = sorted(READERS)


@pytest.fixture
def example(tmp_path, rng):
    """A file of a format, and the gray values in it (None where the format loses some)."""

    def write(name):
        values = rng.integers(0, 256, (24, 32), dtype=np.uint8)
        path = tmp_path / f"field.{name}"
        if name == "tiff":
            tifffile.imwrite(path, values)
        else:
            Image.fromarray(values).save(path)
        return path, None if name == "jpeg" else values

    return write


@pytest.mark.parametrize("name", NAMES)
def test_gives_a_gray_micrograph_of_the_values_in_the_file(name, example):
    path, values = example(name)
    micrograph = READERS[name](path)
    assert isinstance(micrograph, Micrograph)
    assert micrograph.pixels.shape == (24, 32) and micrograph.name == path.name
    assert micrograph.pixels.dtype in (np.uint8, np.uint16, np.float32)
    if values is not None:
        np.testing.assert_array_equal(micrograph.pixels, values)


@pytest.mark.parametrize("name", NAMES)
def test_same_file_same_answer_and_file_untouched(name, example):
    path, _ = example(name)
    before = path.read_bytes()
    first, second = READERS[name](path), READERS[name](path)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_given_scale_is_kept_with_its_source(name, example):
    path, _ = example(name)
    size = READERS[name](path, um_per_px=0.25).pixel_size
    assert (size.um_per_px, size.source) == (0.25, "given")


@pytest.mark.parametrize("name", NAMES)
def test_damaged_file_is_a_read_error_and_missing_page_a_setting_error(name, example):
    path, _ = example(name)
    with pytest.raises(SettingError, match="page"):
        READERS[name](path, page=5)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(ReadError, match="field"):
        READERS[name](path)


@pytest.mark.parametrize("name", NAMES)
def test_is_documented_with_an_example(name):
    text = inspect.getdoc(READERS[name])
    for part in ("Parameters", "Returns", "Raises", "Examples"):
        assert part in text
    assert READERS.options(name) == {"page": 0, "um_per_px": None}
