"""Probabilities on disk: what comes back is what went in, to half a step."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sorby.core.errors import ProjectError, ReadError, SettingError
from sorby.io import read_probability, write_probability


def drawn(shape, seed=0, missing=0.0):
    rng = np.random.default_rng(seed)
    values = rng.random(shape, dtype=np.float32)
    values[rng.random(shape[:2]) < missing] = np.nan
    return values


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 20), st.integers(1, 20), st.integers(1, 5), st.floats(0, 1), st.integers(0, 99)
)
def test_any_probability_comes_back_within_half_a_step(
    tmp_path_factory, n_rows, n_columns, n_classes, missing, seed
):
    path = tmp_path_factory.mktemp("p") / "p.tif"
    probability = drawn((n_rows, n_columns, n_classes), seed, missing)
    write_probability(path, probability)
    found = read_probability(path)
    assert found.dtype == np.float32
    assert found.shape == probability.shape
    assert np.array_equal(np.isnan(found), np.isnan(probability))
    np.testing.assert_allclose(found, probability, atol=1 / 508 + 1e-6)


def test_the_thresholds_0_half_and_1_are_kept_exactly(tmp_path):
    values = np.array([[[0.0], [0.5], [1.0]]])
    write_probability(tmp_path / "p.tif", values)
    assert np.array_equal(read_probability(tmp_path / "p.tif"), values.astype(np.float32))


def test_a_second_round_trip_changes_nothing(tmp_path):
    first, second = tmp_path / "1.tif", tmp_path / "2.tif"
    write_probability(first, drawn((30, 40, 2), missing=0.1))
    write_probability(second, read_probability(first))
    assert np.array_equal(read_probability(first), read_probability(second), equal_nan=True)


def test_values_beyond_0_and_1_are_held_there_and_never_taken_for_no_sample(tmp_path):
    write_probability(tmp_path / "p.tif", np.array([[[-0.1], [1.003], [2.0], [np.inf]]]))
    assert read_probability(tmp_path / "p.tif").ravel().tolist() == [0, 1, 1, 1]


def test_every_class_is_one_gray_page_that_any_viewer_opens(tmp_path):
    probability = drawn((12, 9, 3), missing=0.2)
    write_probability(tmp_path / "p.tif", probability)
    with Image.open(tmp_path / "p.tif") as image:
        assert (image.mode, image.n_frames, image.size) == ("L", 3, (9, 12))
        for number in range(3):
            image.seek(number)
            steps = np.asarray(image)
            missing = np.isnan(probability[..., number])
            assert np.array_equal(steps == 255, missing)
            expected = np.rint(254 * probability[..., number][~missing])
            assert np.array_equal(steps[~missing], expected)


def test_the_same_probability_gives_the_same_bytes_and_stays_as_it_was(tmp_path):
    probability = drawn((20, 30, 2), missing=0.1)
    before = probability.copy()
    for name in ("1.tif", "2.tif"):
        write_probability(tmp_path / name, probability)
    assert (tmp_path / "1.tif").read_bytes() == (tmp_path / "2.tif").read_bytes()
    assert np.array_equal(probability, before, equal_nan=True)


def test_a_probability_without_class_axis_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"\(4, 5\)"):
        write_probability(tmp_path / "p.tif", np.zeros((4, 5)))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path):
    path = tmp_path / "p.tif"
    write_probability(path, drawn((4, 5, 1)))
    before = path.read_bytes()
    with pytest.raises(ProjectError):
        write_probability(path / "below a file" / "p.tif", drawn((4, 5, 1)))
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"text", b"II*\0", b"\x80\x04N."])
def test_what_is_no_tiff_is_refused_by_name(tmp_path, content):
    path = tmp_path / "p.tif"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"p\.tif"):
        read_probability(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ReadError, match=r"none\.tif"):
        read_probability(tmp_path / "none.tif")


def test_another_image_is_refused_with_what_it_holds(tmp_path):
    for name, pixels in {
        "deep.tif": np.zeros((4, 5), np.uint16),
        "colour.tif": np.zeros((4, 5, 3), np.uint8),
        "float.tif": np.zeros((4, 5), np.float32),
    }.items():
        tifffile.imwrite(tmp_path / name, pixels)
        with pytest.raises(ReadError, match=f"{name} holds {pixels.dtype}"):
            read_probability(tmp_path / name)
    with tifffile.TiffWriter(tmp_path / "sizes.tif") as stream:
        stream.write(np.zeros((4, 5), np.uint8))
        stream.write(np.zeros((4, 6), np.uint8))
    with pytest.raises(ReadError, match=r"sizes\.tif"):
        read_probability(tmp_path / "sizes.tif")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "p.tif"
    write_probability(path, drawn((40, 50, 2), missing=0.1))
    return path.read_bytes()


def test_a_file_cut_short_anywhere_is_refused(tmp_path, whole):
    path = tmp_path / "p.tif"
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        with pytest.raises(ReadError):
            read_probability(path)


def test_a_damaged_file_is_refused_or_read_and_never_anything_else(tmp_path, whole):
    path, rng = tmp_path / "p.tif", np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(bytes(damaged))
        try:
            found = read_probability(path)
        except ReadError:
            refused += 1
        else:
            assert found.dtype == np.float32
            assert found.ndim == 3
    assert refused > 10


def test_a_header_that_claims_more_than_is_read_is_refused_before_it_is_decoded(tmp_path, whole):
    path = tmp_path / "p.tif"
    path.write_bytes(whole)
    with tifffile.TiffFile(path, mode="r+b") as stream:
        for name in ("ImageWidth", "ImageLength"):
            stream.pages[1].tags[name].overwrite(60_000)
    with pytest.raises(ReadError, match="60000 x 60000 px"):
        read_probability(path)
