"""PNG, JPEG and BMP of every mode, wrong suffixes, damaged files and bombs."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sorby.core.errors import ReadError, ScaleError, SettingError
from sorby.io import count_pages, micrograph_paths, read_micrograph


@pytest.fixture
def gray(rng):
    return rng.integers(0, 256, (31, 47), dtype=np.uint8)


def save(path, image, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_gray_8_bit_is_kept(tmp_path, gray, suffix):
    path = save(tmp_path / f"a.{suffix}", Image.fromarray(gray))
    read = read_micrograph(path)
    np.testing.assert_array_equal(read.pixels, gray)
    assert read.pixels.dtype == np.uint8 and read.um_per_px is None
    assert count_pages(path) == 1


def test_gray_16_bit_png_is_kept(tmp_path, rng):
    data = rng.integers(0, 65536, (9, 11), dtype=np.uint16)
    read = read_micrograph(save(tmp_path / "a.png", Image.fromarray(data))).pixels
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, data)


def test_jpeg_is_near(tmp_path):
    ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    read = read_micrograph(save(tmp_path / "a.jpg", Image.fromarray(ramp), quality=95)).pixels
    assert np.abs(read.astype(int) - ramp).max() <= 3


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1"])
def test_modes_become_gray_and_alpha_is_dropped(tmp_path, mode):
    image = Image.new("RGB", (4, 2), (255, 255, 255))
    image.paste((0, 0, 0), (2, 0, 4, 2))
    path = save(tmp_path / "a.png", image.convert(mode))
    assert read_micrograph(path).pixels.tolist() == [[255, 255, 0, 0]] * 2


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_colour_is_bt601_luminance(tmp_path, suffix):
    path = save(tmp_path / f"a.{suffix}", Image.new("RGB", (3, 3), (200, 100, 50)))
    assert read_micrograph(path).pixels[0, 0] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_print_resolution_is_not_a_scale(tmp_path, gray):
    for suffix in ("png", "bmp", "jpg"):
        path = save(tmp_path / f"a.{suffix}", Image.fromarray(gray), dpi=(5080, 5080))
        assert read_micrograph(path).pixel_size is None


def test_given_scale_wins_and_says_so(tmp_path, gray):
    size = read_micrograph(save(tmp_path / "a.png", Image.fromarray(gray)), um_per_px=0.65)
    assert (size.um_per_px, size.pixel_size.source) == (0.65, "given")


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e9, 1e-9])
def test_impossible_given_scale_is_refused(tmp_path, gray, value):
    path = save(tmp_path / "a.png", Image.fromarray(gray))
    with pytest.raises(ScaleError, match=r"a\.png"):
        read_micrograph(path, um_per_px=value)


def test_content_decides_not_the_suffix(tmp_path, gray):
    path = save(tmp_path / "a.tif", Image.fromarray(gray), format="PNG")
    np.testing.assert_array_equal(read_micrograph(path).pixels, gray)


def test_second_page_of_a_png_is_refused(tmp_path, gray):
    with pytest.raises(SettingError, match="one page"):
        read_micrograph(save(tmp_path / "a.png", Image.fromarray(gray)), page=1)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_files_cut_at_any_byte_are_whole_or_refused(tmp_path, gray, suffix):
    whole = save(tmp_path / f"whole.{suffix}", Image.fromarray(gray)).read_bytes()
    expected = read_micrograph(tmp_path / f"whole.{suffix}").pixels
    path = tmp_path / f"cut.{suffix}"
    refused = 0
    for cut in {*range(0, len(whole), 7), len(whole) - 1, 1, 2}:
        path.write_bytes(whole[:cut])
        try:
            read = read_micrograph(path).pixels
        except ReadError as error:
            refused += 1
            assert str(path) in str(error)
        else:
            np.testing.assert_array_equal(read, expected)
    assert refused > 0.9 * len(whole) / 7


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_damaged_bytes_never_raise_anything_else(tmp_path, rng, gray, suffix):
    whole = save(tmp_path / f"whole.{suffix}", Image.fromarray(gray)).read_bytes()
    path = tmp_path / f"damaged.{suffix}"
    for _ in range(200):
        damaged = bytearray(whole)
        for position in rng.integers(0, len(whole), 4):
            damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            read_micrograph(path)
        except ReadError as error:
            assert "damaged." in str(error)


def png_claiming(width, height):
    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 1000), (30_000, 20_000)])
def test_png_bomb_is_refused_by_its_header(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(*size))
    with pytest.raises(ReadError, match="At most 500 Mpx"):
        read_micrograph(path)


def test_header_of_20000_by_20000_is_within_the_limit(tmp_path):
    path = tmp_path / "mosaic.png"
    path.write_bytes(png_claiming(20_000, 20_000))
    with pytest.raises(ReadError, match="truncated"):
        read_micrograph(path)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("empty.png", b"", "empty"),
        ("note.png", b"this is not an image at all", "not an image .*: it holds text"),
        ("page.tif", b"<html>", "not an image"),
        ("x.gif", b"GIF89a" + b"\0" * 60, "it is a GIF picture"),
        ("one.tif", b"I", "not an image"),
    ],
)
def test_files_that_are_no_image_say_what_was_found(tmp_path, name, content, found):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReadError, match=found) as caught:
        read_micrograph(path)
    assert name in str(caught.value)


def test_missing_folder_and_impossible_names_are_refused(tmp_path):
    for path in (tmp_path / "no.png", tmp_path, "a\0b.png", "x" * 5000):
        for read in (read_micrograph, count_pages):
            with pytest.raises(ReadError):
                read(path)


def test_folders_expand_to_their_sorted_images(tmp_path, gray):
    for name in ("b.png", "a.TIF", "c.jpg", ".hidden.png", "notes.txt", "fields.csv"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "sub.png").mkdir()
    extra = tmp_path / "notes.txt"
    names = [p.name for p in micrograph_paths([tmp_path, extra, tmp_path / "a.TIF"])]
    assert names == ["a.TIF", "b.png", "c.jpg", "notes.txt"]


def test_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ReadError, match="holds no image"):
        micrograph_paths([tmp_path])
