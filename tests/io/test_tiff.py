"""TIFF dialects written with tifffile and read back: values and scales known beforehand."""

import numpy as np
import pytest
import tifffile

from sorby.core.errors import ReadError, ScaleError, SettingError
from sorby.io import count_pages, read_micrograph
from sorby.io import tiff as tiff_module


@pytest.fixture
def gray(rng):
    return rng.integers(0, 256, (37, 53), dtype=np.uint8)


def write(path, data, **options):
    tifffile.imwrite(path, data, **options)
    return path


@pytest.mark.parametrize(
    "compression", [None, "lzw", "deflate", "packbits", "zstd", "lzma", "png", "jpegxl"]
)
@pytest.mark.parametrize("bits", [8, 16])
def test_lossless_compressions_keep_every_gray_value(tmp_path, rng, compression, bits):
    data = rng.integers(0, 2**bits, (37, 53)).astype(f"u{bits // 8}")
    predictor = compression in ("lzw", "deflate", "zstd") or None
    path = write(tmp_path / "a.tif", data, compression=compression, predictor=predictor)
    read = read_micrograph(path)
    assert read.pixels.dtype == data.dtype
    np.testing.assert_array_equal(read.pixels, data)
    assert read.pixel_size is None and read.name == "a.tif"


def test_jpeg_in_tiff_is_near_and_colour_comes_as_luminance(tmp_path):
    rows = np.linspace(0, 255, 64).astype(np.uint8)
    ramp = np.repeat(rows[:, None], 64, axis=1)
    gray = read_micrograph(write(tmp_path / "g.tif", ramp, compression="jpeg"))
    assert np.abs(gray.pixels.astype(int) - ramp).max() <= 6
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    path = write(tmp_path / "c.tif", red, compression="jpeg", photometric="rgb")
    assert abs(int(np.median(read_micrograph(path).pixels)) - 60) <= 2


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
def test_rgb_and_planar_become_luminance_and_alpha_is_dropped(tmp_path, planar, dtype, alpha):
    top = np.iinfo(dtype).max
    colours = np.array([[top, 0, 0], [0, top, 0], [0, 0, top], [top, top, top]], dtype)
    data = np.tile(colours[:, None], (1, 9, 1))
    if alpha:
        data = np.concatenate([data, np.full((4, 9, 1), 17, dtype)], axis=2)
    stored = np.moveaxis(data, -1, 0) if planar == "separate" else data
    extra = {"extrasamples": ["unassalpha"]} if alpha else {}
    path = write(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, **extra)
    pixels = read_micrograph(path).pixels
    expected = np.rint(np.array([0.299, 0.587, 0.114, 1.0]) * top)
    assert pixels.shape == (4, 9) and pixels.dtype == dtype
    np.testing.assert_allclose(pixels[:, 0].astype(float), expected, atol=1)


def test_gray_with_alpha_drops_alpha(tmp_path, gray):
    data = np.stack([gray, np.full_like(gray, 3)], axis=-1)
    path = write(
        tmp_path / "a.tif",
        data,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    np.testing.assert_array_equal(read_micrograph(path).pixels, gray)


def test_palette_gives_the_luminance_of_its_colours(tmp_path):
    colormap = np.zeros((3, 256), np.uint16)
    colormap[:, 1] = 65535
    colormap[0, 2] = 65535
    data = np.array([[0, 1, 2]], np.uint8)
    path = write(tmp_path / "a.tif", data, photometric="palette", colormap=colormap)
    assert read_micrograph(path).pixels.tolist() == [[0, 255, 76]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero_is_inverted(tmp_path, dtype):
    data = np.array([[0, 1, 200]], dtype)
    path = write(tmp_path / "a.tif", data, photometric="miniswhite")
    top = np.iinfo(dtype).max
    assert read_micrograph(path).pixels.tolist() == [[top, top - 1, top - 200]]


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_one_bit_images_are_black_and_white(tmp_path, photometric):
    data = np.zeros((5, 16), bool)
    data[2] = True
    path = write(tmp_path / "a.tif", data, photometric=photometric)
    pixels = read_micrograph(path).pixels
    assert pixels.dtype == np.uint8 and set(np.unique(pixels)) == {0, 255}
    assert pixels[2, 0] == (255 if photometric == "minisblack" else 0)


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i2", "i4", "u4", ">f4", ">u2"])
def test_other_number_types_keep_their_values(tmp_path, dtype):
    data = np.array([[0, 1, 100], [7, 8, 9]], dtype=dtype)
    byteorder = ">" if dtype[0] == ">" else "<"
    pixels = read_micrograph(write(tmp_path / "a.tif", data, byteorder=byteorder)).pixels
    assert pixels.dtype in (np.float32, np.uint16) and pixels.dtype.isnative
    np.testing.assert_array_equal(pixels, data.astype("f8"))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_floats_that_are_not_finite_are_refused_and_counted(tmp_path, bad):
    data = np.ones((8, 8), np.float32)
    data[3, 4] = bad
    with pytest.raises(ReadError, match="1 of 64 pixels"):
        read_micrograph(write(tmp_path / "a.tif", data))


def test_tiled_and_bigtiff_and_stripped_agree(tmp_path, rng):
    data = rng.integers(0, 65536, (100, 130), dtype=np.uint16)
    for n, options in enumerate(
        [{"tile": (32, 48)}, {"bigtiff": True}, {"rowsperstrip": 7}, {"byteorder": ">"}]
    ):
        pixels = read_micrograph(write(tmp_path / f"{n}.tif", data, **options)).pixels
        np.testing.assert_array_equal(pixels, data)


def test_pages_are_chosen_and_counted(tmp_path, rng):
    stack = rng.integers(0, 256, (4, 20, 30), dtype=np.uint8)
    path = write(tmp_path / "s.tif", stack, photometric="minisblack")
    assert count_pages(path) == 4
    third = read_micrograph(path, page=2)
    np.testing.assert_array_equal(third.pixels, stack[2])
    assert third.name == "s.tif[2]"
    for page in (4, -1):
        with pytest.raises(SettingError, match=r"4 page\(s\)"):
            read_micrograph(path, page=page)


def test_thumbnails_are_not_pages(tmp_path, gray):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(gray[:9, :9], subfiletype=1)
        tif.write(gray)
    assert count_pages(path) == 1
    np.testing.assert_array_equal(read_micrograph(path).pixels, gray)


def test_imagej_stack_with_one_page_has_all_its_planes(tmp_path, rng):
    stack = rng.integers(0, 65536, (3, 20, 30), dtype=np.uint16)
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, stack, imagej=True, truncate=True)
    assert count_pages(path) == 3
    np.testing.assert_array_equal(read_micrograph(path, page=2).pixels, stack[2])


def test_large_uncompressed_image_stays_on_disk(tmp_path, rng, monkeypatch):
    data = rng.integers(0, 65536, (64, 64), dtype=np.uint16)
    monkeypatch.setattr(tiff_module, "MEMORY_MAP_BYTES", 1000)
    for pages in (data, np.stack([data, data + 1])):
        path = write(tmp_path / "a.tif", pages, photometric="minisblack")
        last = read_micrograph(path, page=pages.ndim - 2)
        assert isinstance(last.pixels, np.memmap) and not last.pixels.flags.writeable
        np.testing.assert_array_equal(last.pixels, pages.reshape(-1, 64, 64)[-1])


def test_ome_scale_in_any_unit(tmp_path, gray):
    for unit, value in (("µm", 0.5), ("nm", 500.0), ("mm", 0.0005), (None, 0.5)):
        metadata = {"axes": "YX", "PhysicalSizeX": value, "PhysicalSizeY": value}
        if unit:
            metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
        path = write(tmp_path / "a.ome.tif", gray, ome=True, metadata=metadata)
        scale = read_micrograph(path).pixel_size
        assert scale.um_per_px == pytest.approx(0.5) and scale.source == "OME"


@pytest.mark.parametrize(
    "unit", [b"um", b"micron", b"microns", b"\\u00B5m", "µm".encode(), "µm".encode("latin-1")]
)
def test_imagej_scale_in_the_spellings_of_micrometre(tmp_path, gray, unit):
    text = b"ImageJ=1.54f\nunit=" + unit + b"\n"
    options = {"description": text, "metadata": None, "resolution": (2.0, 2.0)}
    scale = read_micrograph(write(tmp_path / "a.tif", gray, **options)).pixel_size
    assert scale.um_per_px == pytest.approx(0.5) and scale.source == "ImageJ"


def test_imagej_pixels_and_inches_are_no_scale(tmp_path, gray):
    for unit, resolution in (("pixel", 1), ("inch", 72), ("", 2), ("parsec", 2)):
        options = {"imagej": True, "resolution": (resolution,) * 2, "metadata": {"unit": unit}}
        assert read_micrograph(write(tmp_path / "a.tif", gray, **options)).pixel_size is None


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        (20000.0, "CENTIMETER", 0.5),
        (50800.0, "INCH", 0.5),
        (72.0, "INCH", None),
        (96.0, "INCH", None),
        (300.0, "INCH", None),
        (28.346, "CENTIMETER", None),
        (4800.0, "INCH", None),
        (1.0, "NONE", None),
        (1000.0, "NONE", None),
        (100.0, "CENTIMETER", None),
        (1e7, "CENTIMETER", None),
    ],
)
def test_resolution_tags_count_only_where_they_can_be_a_scale(
    tmp_path, gray, resolution, unit, expected
):
    options = {"resolution": (resolution, resolution), "resolutionunit": unit}
    scale = read_micrograph(write(tmp_path / "a.tif", gray, **options)).pixel_size
    if expected is None:
        assert scale is None
    else:
        assert scale.um_per_px == pytest.approx(expected)
        assert scale.source == "TIFF resolution"


def fei(x, y):
    text = f"[User]\r\nUser=x\r\n[Scan]\r\nPixelWidth={x}\r\nPixelHeight={y}\r\n"
    return [(34682, "s", 0, text, True)]


def test_fei_scale_in_metres(tmp_path, gray):
    path = write(tmp_path / "a.tif", gray, extratags=fei("2.5e-08", "2.5e-08"))
    scale = read_micrograph(path).pixel_size
    assert scale.um_per_px == pytest.approx(0.025) and scale.source == "FEI"


def test_zeiss_scale_is_for_1024_px_across(tmp_path, rng):
    data = rng.integers(0, 256, (20, 2048), dtype=np.uint8)
    lines = ["0", "0", "0", "1e-07", *["0"] * 30]
    text = "\r\n".join([*lines, "AP_IMAGE_PIXEL_SIZE", "Image Pixel Size = 50.0 nm"]) + "\r\n"
    path = write(tmp_path / "a.tif", data, extratags=[(34118, "s", 0, text, True)])
    scale = read_micrograph(path).pixel_size
    assert scale.um_per_px == pytest.approx(0.05) and scale.source == "Zeiss SEM"


def test_pixels_that_are_not_square_ask_for_advice_unless_the_scale_is_given(tmp_path, gray):
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.51}
    path = write(tmp_path / "a.ome.tif", gray, ome=True, metadata=metadata)
    with pytest.raises(ScaleError, match=r"0\.5 x 0\.51 µm .*resample"):
        read_micrograph(path)
    assert read_micrograph(path, um_per_px=0.5).pixel_size.source == "given"


def test_pixels_square_within_half_a_percent_pass(tmp_path, gray):
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.501}
    path = write(tmp_path / "a.ome.tif", gray, ome=True, metadata=metadata)
    assert read_micrograph(path).um_per_px == 0.5


@pytest.mark.parametrize("value", ["NaN", "-0.5", "0", "1e30", "INF", "half", ""])
def test_senseless_ome_sizes_are_unknown(tmp_path, gray, value):
    good = tmp_path / "good.ome.tif"
    metadata = {"axes": "YX", "PhysicalSizeX": 0.123456, "PhysicalSizeY": 0.123456}
    write(good, gray, ome=True, metadata=metadata)
    path = tmp_path / "a.ome.tif"
    padded = value.encode().ljust(8)
    path.write_bytes(good.read_bytes().replace(b"0.123456", padded))
    assert read_micrograph(path).pixel_size is None


@pytest.mark.parametrize("value", ["nan", "-1e-8", "0", "x", "1e9"])
def test_senseless_fei_sizes_are_unknown(tmp_path, gray, value):
    assert (
        read_micrograph(write(tmp_path / "a.tif", gray, extratags=fei(value, value))).um_per_px
        is None
    )


def test_files_cut_at_any_byte_are_read_or_refused(tmp_path, rng):
    data = rng.integers(0, 256, (40, 40), dtype=np.uint8)
    colour = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    variants = [
        (data, {}),
        (data, {"compression": "lzw", "predictor": True}),
        (data, {"compression": "jpeg"}),
        (data, {"compression": "deflate", "tile": (16, 16)}),
        (data, {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 1.0}}),
        (data, {"imagej": True, "resolution": (2, 2), "metadata": {"unit": "um"}}),
        (np.stack([data] * 3), {"photometric": "minisblack"}),
        (colour, {"photometric": "rgb"}),
        (data, {"extratags": fei("1e-8", "1e-8")}),
    ]
    for options in variants:
        whole = write(tmp_path / "whole.tif", options[0], **options[1]).read_bytes()
        expected = read_micrograph(tmp_path / "whole.tif").pixels
        for cut in sorted({*range(0, 520, 9), *rng.integers(0, len(whole), 60).tolist()}):
            path = tmp_path / "cut.tif"
            path.write_bytes(whole[:cut])
            try:
                np.testing.assert_array_equal(read_micrograph(path).pixels, expected)
            except ReadError as error:
                assert "cut.tif" in str(error)


def test_damaged_bytes_never_raise_anything_else(tmp_path, rng, gray):
    variants = [{}, {"compression": "deflate"}, {"imagej": True}, {"ome": True}]
    for options in variants:
        whole = bytearray(write(tmp_path / "whole.tif", gray, **options).read_bytes())
        for _ in range(150):
            damaged = bytearray(whole)
            for position in rng.integers(0, min(len(whole), 700), 3):
                damaged[position] = rng.integers(0, 256)
            path = tmp_path / "damaged.tif"
            path.write_bytes(damaged)
            try:
                read_micrograph(path)
                count_pages(path)
            except (ReadError, ScaleError, SettingError):
                pass


def test_chain_of_pages_without_end_is_refused(tmp_path, gray):
    path = write(tmp_path / "a.tif", np.stack([gray, gray]), photometric="minisblack")
    with tifffile.TiffFile(path) as tif:
        first, second = tif.pages[0], tif.pages[1]
        n_tags = len(second.tags)
        link = second.offset + 2 + 12 * n_tags
        target = first.offset
    data = bytearray(path.read_bytes())
    data[link : link + 4] = target.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ReadError, match="back to an earlier"):
        count_pages(path)


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (1, 2**32 - 1)])
def test_header_that_claims_too_much_is_refused_before_decoding(tmp_path, size):
    path = write(tmp_path / "a.tif", np.zeros((3, 5), np.uint8))
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages[0].tags["ImageLength"].overwrite(size[0], dtype="I")
        tif.pages[0].tags["ImageWidth"].overwrite(size[1], dtype="I")
    with pytest.raises(ReadError, match=r"At most 500 Mpx"):
        read_micrograph(path)


def test_photometrics_that_are_not_gray_or_rgb_say_so(tmp_path, rng):
    data = rng.integers(0, 256, (9, 9, 4), dtype=np.uint8)
    path = write(tmp_path / "a.tif", data, photometric="separated")
    with pytest.raises(ReadError, match="SEPARATED"):
        read_micrograph(path)
