"""Masks: what is written is read; foreign ones are understood, guessed aloud, or asked about."""

import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image

from sorby.core.errors import ProjectError, ReadError, SettingError
from sorby.core.records import Micrograph
from sorby.io import MaskValuesWarning, check_mask_fits, read_mask, write_mask
from sorby.io.mask_palette import COLOURS


def saved(path, values, **options):
    Image.fromarray(np.asarray(values)).save(path, **options)
    return path


def test_every_label_comes_back_without_a_warning(tmp_path, rng):
    mask = rng.permutation(np.arange(256, dtype=np.uint8)).reshape(16, 16)
    write_mask(tmp_path / "m.png", mask)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in (None, "binary", "labels"):
            np.testing.assert_array_equal(read_mask(tmp_path / "m.png", values=values), mask)


def test_all_background_of_our_own_is_no_guess(tmp_path):
    write_mask(tmp_path / "m.png", np.zeros((3, 4), np.uint8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not read_mask(tmp_path / "m.png").any()


def test_file_is_a_palette_png_in_distinct_colours(tmp_path):
    write_mask(tmp_path / "m.png", np.array([[0, 1, 2, 255]], np.uint8))
    with Image.open(tmp_path / "m.png") as image:
        assert image.mode == "P" and image.info["Sorby"].startswith("label image")
        seen = np.asarray(image.convert("RGB"))[0].tolist()
    assert seen == [[0, 0, 0], list(COLOURS[0]), list(COLOURS[1]), [128, 128, 128]]


def test_same_mask_same_bytes(tmp_path, rng):
    mask = rng.integers(0, 3, (20, 20)).astype(np.uint8)
    write_mask(tmp_path / "a.png", mask)
    write_mask(tmp_path / "b.png", mask)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    old = np.ones((4, 4), np.uint8)
    write_mask(tmp_path / "m.png", old)

    def full_disk(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(ProjectError, match="No space left"):
        write_mask(tmp_path / "m.png", old * 0)
    monkeypatch.undo()
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), old)
    assert [p.name for p in tmp_path.iterdir()] == ["m.png"]


@pytest.mark.parametrize(
    "mask", [np.zeros((2, 2), np.int32), np.zeros((2, 2, 3), np.uint8), np.zeros((0, 3), np.uint8)]
)
def test_what_is_no_mask_is_not_written(tmp_path, mask):
    with pytest.raises(SettingError, match="uint8"):
        write_mask(tmp_path / "m.png", mask)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pair", [(0, 255), (0, 1), (1, 2), (10, 200)])
def test_foreign_two_values_are_binary_and_said_so(tmp_path, pair):
    values = np.array([[pair[0], pair[1], pair[0]]], np.uint8)
    with pytest.warns(MaskValuesWarning, match=f"{pair[1]} is taken as defect"):
        assert read_mask(saved(tmp_path / "m.png", values)).tolist() == [[0, 1, 0]]


def test_foreign_zeros_are_background_and_said_so(tmp_path):
    with pytest.warns(MaskValuesWarning, match="all background"):
        assert not read_mask(saved(tmp_path / "m.png", np.zeros((3, 3), np.uint8))).any()


@pytest.mark.parametrize("values", [[[0, 1, 2]], [[255, 255, 255]], [[3, 3, 3]]])
def test_foreign_anything_else_asks(tmp_path, values):
    path = saved(tmp_path / "m.png", np.array(values, np.uint8))
    with pytest.raises(SettingError, match=r"'binary'.*'labels'"):
        read_mask(path)


def test_the_flag_decides(tmp_path):
    two = saved(tmp_path / "2.png", np.array([[0, 255]], np.uint8))
    three = saved(tmp_path / "3.png", np.array([[0, 2, 255]], np.uint8))
    full = saved(tmp_path / "1.png", np.array([[255, 255]], np.uint8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_mask(two, values="binary").tolist() == [[0, 1]]
        assert read_mask(two, values="labels").tolist() == [[0, 255]]
        assert read_mask(three, values="labels").tolist() == [[0, 2, 255]]
        assert read_mask(full, values="binary").tolist() == [[1, 1]]
        with pytest.raises(SettingError, match="3 values"):
            read_mask(three, values="binary")
    with pytest.raises(SettingError, match="Choose from"):
        read_mask(two, values="colours")


def test_other_file_kinds_and_equal_channels_are_accepted(tmp_path, rng):
    values = (rng.random((20, 30)) < 0.3).astype(np.uint8)
    tifffile.imwrite(tmp_path / "m.tif", values * np.uint16(255), compression="lzw")
    tifffile.imwrite(tmp_path / "f.tif", values.astype(np.float32))
    tifffile.imwrite(tmp_path / "b.tif", values.astype(bool))
    saved(tmp_path / "m.bmp", values * 255)
    saved(tmp_path / "rgb.png", np.dstack([values * 255] * 3))
    saved(tmp_path / "rgba.png", np.dstack([values * 255] * 3 + [values * 0 + 99]))
    saved(tmp_path / "one.png", values.astype(bool))
    for path in sorted(tmp_path.iterdir()):
        np.testing.assert_array_equal(read_mask(path, values="binary"), values, path.name)


def test_palette_indices_are_the_labels(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    image.save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png", values="labels").tolist() == [[0, 1, 2]]


def test_coloured_or_numbered_or_fractional_masks_are_refused(tmp_path):
    colours = np.zeros((2, 2, 3), np.uint8)
    colours[0, 0] = (255, 0, 0)
    with pytest.raises(ReadError, match="coloured"):
        read_mask(saved(tmp_path / "c.png", colours))
    tifffile.imwrite(tmp_path / "n.tif", np.arange(600, dtype=np.uint16).reshape(20, 30))
    with pytest.raises(ReadError, match="label 599"):
        read_mask(tmp_path / "n.tif", values="labels")
    for bad in (0.5, -1.0, np.nan):
        tifffile.imwrite(tmp_path / "f.tif", np.array([[0, bad, 1]], np.float32))
        with pytest.raises(ReadError, match="whole numbers"):
            read_mask(tmp_path / "f.tif", values="labels")


def test_truncated_mask_is_a_read_error(tmp_path):
    write_mask(tmp_path / "m.png", np.eye(50, dtype=np.uint8))
    whole = (tmp_path / "m.png").read_bytes()
    for cut in range(0, len(whole) - 20, 11):
        (tmp_path / "m.png").write_bytes(whole[:cut])
        with pytest.raises(ReadError):
            read_mask(tmp_path / "m.png")


def test_mask_of_another_size_does_not_fit():
    image = Micrograph(np.zeros((3, 4), np.uint8), name="field_1.png")
    check_mask_fits(np.zeros((3, 4), np.uint8), image)
    with pytest.raises(ReadError, match=r"field_1\.png is 3 x 4 px and the image 4 x 3 px"):
        check_mask_fits(np.zeros((4, 3), np.uint8), image)
