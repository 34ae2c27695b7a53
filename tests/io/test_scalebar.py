"""Scale bars drawn on synthetic micrographs: found, enclosed tightly, and never imagined."""

import csv
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from sorby.io import exclude, find_scale_bar, read_mask, read_micrograph

TEXTS = ("100 µm", "50 µm", "1 mm", "500µm", "10 um", "200 nm", "20 µm", "2 mm")
SIZES = ((262, 351), (480, 640), (768, 1024), (1200, 1600))


def micrograph(rng, shape):
    """Metal with uneven light, round and flat pores, cracks, scratches, at times resin."""
    rows, columns = shape
    y, x = np.mgrid[:rows, :columns]
    matrix = rng.uniform(110, 215)
    tilt = rng.uniform(-40, 40, 2)
    image = matrix + tilt[0] * (y / rows - 0.5) + tilt[1] * (x / columns - 0.5)
    drawing = Image.fromarray(image.astype(np.float32))
    pen = ImageDraw.Draw(drawing)
    scale = rows / 262
    for _ in range(rng.integers(5, 80)):
        draw_pore(rng, pen, shape, scale)
    for _ in range(rng.integers(0, 5)):
        draw_scratch(rng, pen, shape, matrix)
    for _ in range(rng.integers(0, 4)):
        draw_crack(rng, pen, shape, scale)
    image = np.asarray(drawing).copy()
    if rng.random() < 0.25:
        edge = 0.15 * rows + 4 * scale * ndimage.gaussian_filter1d(rng.normal(0, 9, columns), 9)
        image[(rows - y if rng.random() < 0.5 else y) < edge] = rng.uniform(0, 60)
    if rng.random() < 0.2:
        image += 120 * np.exp(-((y - rows / 2) ** 2 + (x - columns / 3) ** 2) / (0.2 * rows) ** 2)
    image = ndimage.gaussian_filter(image, rng.uniform(0.4, 1.2))
    image += ndimage.gaussian_filter(rng.normal(0, 1, shape), 0.7) * rng.uniform(1, 10)
    return np.clip(image, 0, 255)


def draw_pore(rng, pen, shape, scale):
    row, column = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
    radius = scale * rng.lognormal(0.7, 0.6)
    aspect = rng.choice([1.0, 1.0, 1.5, 3.0, 8.0])
    box = (column - radius * aspect, row - radius, column + radius * aspect, row + radius)
    pen.ellipse(box, fill=float(rng.uniform(5, 80)))


def draw_scratch(rng, pen, shape, matrix):
    row = rng.uniform(0, shape[0])
    drop = rng.choice([0, 0, 1, 30])
    ends = sorted(rng.uniform(0, shape[1], 2))
    level = float(matrix + rng.choice([-60, -30, 30]))
    pen.line((ends[0], row, ends[1], row + drop), fill=level, width=int(rng.integers(1, 3)))


def draw_crack(rng, pen, shape, scale):
    points = np.cumsum(rng.normal([4, 0], [2, 2], (25, 2)) * scale, axis=0)
    points += rng.uniform(0, 1, 2) * [shape[1], shape[0]]
    pen.line([tuple(p) for p in points], fill=float(rng.uniform(20, 70)), width=int(1 + scale))


def add_bar(rng, image, *, corner=None, style=None, side=None, ground=None):
    """Burn a bar in; gives the image and the ink (bool): bar and text, without the ground."""
    rows, columns = image.shape
    corner = corner or rng.choice(["bl", "br", "tl", "tr", "bc"])
    style = style or rng.choice(["plain", "caps", "ticks"])
    side = side or rng.choice(["above", "below", "left", "right"])
    ground = ground or rng.choice(["none", "none", "white box", "black box"])
    text = str(rng.choice(TEXTS))
    size = int(max(9, rng.uniform(0.025, 0.06) * rows))
    length = int(max(rng.uniform(0.06, 0.3) * columns, 1.5 * size))
    ink = overlay(length, style, side, text, size, rng)
    height, width = ink.shape
    margin = int(rng.uniform(0.012, 0.03) * columns) + 3
    top = margin if corner[0] == "t" else rows - height - margin
    left = {"l": margin, "r": columns - width - margin, "c": (columns - width) // 2}[corner[1]]
    place = slice(top, top + height), slice(left, left + width)
    image = image.copy()
    local = np.median(image[place])
    dark = ground == "white box" or (ground == "none" and local > 100 + rng.uniform(-20, 60))
    if ground != "none":
        pad = margin // 2 + 1
        image[top - pad : top + height + pad, left - pad : left + width + pad] = 255 * dark
    image[place] += ink * ((0 if dark else 255) - image[place])
    burned = np.zeros(image.shape, bool)
    burned[place] = ink > 0.5
    return image, burned


def overlay(length, style, side, text, size, rng):
    """Ink (0 to 1) of bar and text in the smallest box around them."""
    font = ImageFont.load_default(size)
    thick = int(max(2, rng.uniform(0.08, 0.35) * size))
    cap = thick if style == "plain" else int(max(thick + 4, 0.6 * size))
    box = font.getbbox(text)
    width, height = box[2] - box[0], box[3] - box[1]
    gap = int(max(3, 0.35 * size))
    canvas = Image.new("L", (2 * width + length + 4 * gap, 2 * (height + cap + 2 * gap)))
    pen = ImageDraw.Draw(canvas)
    left, top = width + 2 * gap, height + 2 * gap
    middle = top + cap // 2
    pen.rectangle(
        (left, middle - thick // 2, left + length - 1, middle - thick // 2 + thick - 1), fill=255
    )
    n_marks = {"plain": 0, "caps": 2, "ticks": 6}[style]
    wide = max(1, thick // 2)
    for position in np.linspace(0, length - wide, n_marks).astype(int) if n_marks else ():
        pen.rectangle((left + position, top, left + position + wide - 1, top + cap - 1), fill=255)
    x, y = {
        "above": (left + (length - width) / 2, top - gap - height),
        "below": (left + (length - width) / 2, top + cap + gap),
        "left": (left - gap - width, middle - height / 2),
        "right": (left + length + gap, middle - height / 2),
    }[side]
    pen.text((x - box[0], y - box[1]), text, fill=255, font=font)
    ink = np.asarray(canvas, np.float32) / 255
    used_rows, used_columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    cut = ink[used_rows[0] : used_rows[-1] + 1, used_columns[0] : used_columns[-1] + 1]
    return cut


def stored(rng, image):
    """As a microscope's program stores it: 8 or 16 bits, at times through JPEG."""
    kind = rng.choice(["8", "16", "jpeg"])
    if kind == "16":
        return (image * 200 + 900).astype(np.uint16)
    pixels = np.rint(image).astype(np.uint8)
    if kind == "8":
        return pixels
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=int(rng.integers(60, 95)))
    return np.asarray(Image.open(stream))


def judged(burned, pixels):
    """Part of the ink that is excluded, and excluded area over the ink's grown box."""
    valid = exclude(pixels.shape, find_scale_bar(pixels))
    rows, columns = np.flatnonzero(burned.any(1)), np.flatnonzero(burned.any(0))
    margin = 4
    area = (np.ptp(rows) + 1 + 2 * margin) * (np.ptp(columns) + 1 + 2 * margin)
    return (burned & ~valid).sum() / burned.sum(), (~valid).sum() / area


def with_banner(rng, image, *, place="bottom", dark=True, bar=True, cells=False):
    """A full-width band of information as electron microscopes write it; gives its height too."""
    rows, columns = image.shape
    height = max(24, rows // 14)
    ground, ink = (0, 255) if dark else (255, 0)
    band = Image.new("L", (columns, height), ground)
    pen = ImageDraw.Draw(band)
    size = height // 2
    font = ImageFont.load_default(size)
    pen.text(
        (columns // 40, height // 4), "EHT 15.00 kV  WD 8.5 mm  Mag 500 X", fill=ink, font=font
    )
    if bar:
        right, middle = int(0.95 * columns), height // 2
        pen.rectangle((right - columns // 10, middle, right, middle + 2), fill=ink)
        pen.text((right - columns // 4, height // 4), "20 um", fill=ink, font=font)
    if cells:
        pen.line((0.7 * columns, 0, 0.7 * columns, height), fill=ink)
    band = np.asarray(band, float)
    parts = (image, band) if place == "bottom" else (band, image)
    return np.vstack(parts), height


@pytest.mark.parametrize("place", ["bottom", "top"])
@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize(("bar", "cells"), [(True, False), (False, False), (True, True)])
def test_information_banner_is_excluded_whole_and_nothing_else(rng, place, dark, bar, cells):
    for shape in SIZES[1:3]:
        image, height = with_banner(
            rng, micrograph(rng, shape), place=place, dark=dark, bar=bar, cells=cells
        )
        valid = exclude(image.shape, find_scale_bar(image.astype(np.uint8)))
        band = valid[-height:] if place == "bottom" else valid[:height]
        rest = valid[:-height] if place == "bottom" else valid[height:]
        assert not band.any()
        assert (~rest).mean() < 0.02


@pytest.mark.shared
def test_real_bars_are_excluded_tightly_and_no_other_field_has_one(shared_data):
    folder = shared_data / "polished_am"
    with (folder / "bars.csv").open() as stream:
        bars = {row["name"]: row for row in csv.DictReader(stream)}
    for path in sorted((folder / "images").glob("*.png")):
        pixels = read_micrograph(path).pixels
        found = find_scale_bar(pixels)
        if path.stem not in bars:
            assert found is None, path.name
            continue
        left, top, right, bottom = (int(bars[path.stem][k]) for k in ("x0", "y0", "x1", "y1"))
        stated = np.zeros(pixels.shape, bool)
        stated[top:bottom, left:right] = True
        valid = exclude(pixels.shape, found)
        truth = read_mask(folder / "masks" / path.name, values="binary") == 1
        assert not (truth & stated & valid).any(), "bar or text left in the sample"
        assert not (truth & ~stated & ~valid).any(), "a defect beside the bar was swallowed"
        grown = stated.copy()
        grown[top - 2 :, left - 2 :] = True
        assert not (~valid & ~grown).any()
        assert found.length_px == pytest.approx(17, abs=1)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "length_px"), [("example_1", 315), ("example_3", 377)])
def test_a_plate_that_holds_its_text_above_the_line_is_excluded_whole(shared_data, name, length_px):
    pixels = read_micrograph(shared_data / "melt_track_sections" / "images" / f"{name}.png").pixels
    found = find_scale_bar(pixels)
    (box,) = found.boxes
    assert box[0] <= 1115 and box[1] <= 54 and box[2] >= 1147 and box[3] >= 54 + length_px
    assert box[0] >= 1105 and box[1] >= 34 and box[2] <= 1157 and box[3] <= 64 + length_px
    assert found.length_px == pytest.approx(length_px, abs=2)


@pytest.mark.shared
def test_micrographs_without_a_bar_have_none(shared_data):
    found = []
    for folder in ("nasa_super", "etched_patches"):
        paths = sorted((shared_data / folder / "images").glob("*.png"))[::3]
        found += [p.name for p in paths if find_scale_bar(read_micrograph(p).pixels) is not None]
    assert found == []


def test_bars_drawn_on_the_metal_are_mostly_found_and_excluded_tightly():
    """Measured on seeds of no other use: 0.79 (44 of 56), 0.97 of the ink being a find."""
    found, areas = [], []
    for seed in range(45):
        rng = np.random.default_rng([7, seed])
        image, burned = add_bar(rng, micrograph(rng, SIZES[seed % 3]), ground="none")
        part, area = judged(burned, stored(rng, image))
        found.append(part > 0.97)
        areas += [area] if found[-1] else []
    assert np.mean(found) >= 0.72
    assert np.median(areas) < 1.1


def test_bars_on_a_box_of_their_own_are_nearly_always_found_box_included():
    found = []
    for seed in range(30):
        rng = np.random.default_rng([8, seed])
        ground = ("white box", "black box")[seed % 2]
        image, burned = add_bar(rng, micrograph(rng, SIZES[seed % 3]), ground=ground)
        found.append(judged(burned, stored(rng, image))[0] > 0.97)
    assert np.mean(found) >= 0.93


def test_pores_cracks_scratches_and_resin_are_no_scale_bar():
    """Measured on 150 seeds of no other use: none."""
    found = []
    for seed in range(60):
        rng = np.random.default_rng([9, seed])
        pixels = stored(rng, micrograph(rng, SIZES[seed % 2]))
        found.append(find_scale_bar(pixels) is not None)
    assert np.sum(found) <= 1


def test_pores_and_cracks_of_perfect_black_are_no_scale_bar():
    """Level and uniformity do not help here: 2 false finds of 60 were measured."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng([10, seed])
        image = micrograph(rng, SIZES[seed % 2])
        image[image < 100] = 0
        found.append(find_scale_bar(image.astype(np.uint8)) is not None)
    assert np.sum(found) <= 2


def i_beam(rng, *pores, level=40):
    """Blurred metal with pores and the bar of a program burned in; gives the ink and its box.

    A pore is (row, column, radius), in pixels from the left end of the bar's line.
    """
    image = Image.new("L", (640, 480), 190)
    pen = ImageDraw.Draw(image)
    top, left, right = 440, 440, 600
    for row, column, radius in pores:
        y, x = top + row, left + column
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=level)
    image = ndimage.gaussian_filter(np.asarray(image, float), 1) + rng.normal(0, 3, (480, 640))
    burned = Image.new("L", (640, 480))
    pen = ImageDraw.Draw(burned)
    pen.rectangle((left, top, right, top + 2), fill=255)
    for end in (left, right):
        pen.rectangle((end - 1, top - 8, end + 1, top + 10), fill=255)
    font = ImageFont.load_default(26)
    pen.text(((left + right) / 2, top - 10), "200um", fill=255, font=font, anchor="mb")
    ink = np.asarray(burned, float) / 255
    pixels = np.clip(image * (1 - ink), 0, 255).astype(np.uint8)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return pixels, ink > 0.5, (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)


@pytest.mark.parametrize("is_bright", [False, True])
@pytest.mark.parametrize(
    "pores",
    [
        [(-16, 95, 10)],
        [(0, 60, 12)],
        [(-8, 92, 11), (-18, 5, 6)],
        [(-20, 40, 8), (-20, 125, 8)],
        [(0, 0, 12)],
        [(2, 163, 14), (3, 80, 12)],
    ],
    ids=["over text", "over line", "over both", "beside text", "over end", "over end and line"],
)
def test_pores_that_touch_a_burned_in_bar_neither_hide_nor_widen_it(rng, pores, is_bright):
    pixels, ink, (top, left, bottom, right) = i_beam(rng, *pores)
    found = find_scale_bar(255 - pixels if is_bright else pixels)
    assert found is not None
    assert not (ink & exclude(pixels.shape, found)).any()
    margin = 6
    beside = np.ones(pixels.shape, bool)
    beside[top - margin : bottom + margin, left - margin : right + margin] = False
    assert exclude(pixels.shape, found)[beside].all()
    assert found.length_px == pytest.approx(160, abs=2)


@pytest.mark.parametrize("style", ["plain", "caps"])
def test_length_of_a_drawn_bar_is_exact_within_a_pixel(style):
    for seed in range(6):
        rng = np.random.default_rng([11, seed])
        image = np.full((480, 640), 180.0)
        image, burned = add_bar(rng, image, corner="br", style=style, side="above", ground="none")
        longest = max(
            np.diff(np.flatnonzero(np.diff(np.pad(row, 1).astype(int)))).max()
            for row in burned
            if row.any()
        )
        cap = 0 if style == "plain" else 4
        length = find_scale_bar(np.rint(image).astype(np.uint8)).length_px
        assert longest - cap - 1 <= length <= longest + 1


def test_flat_tiny_and_noisy_images_have_no_bar(rng):
    assert find_scale_bar(np.full((100, 100), 7, np.uint16)) is None
    assert find_scale_bar(np.eye(20, dtype=np.uint8)) is None
    assert find_scale_bar(rng.random((300, 400)).astype(np.float32)) is None


def test_input_is_untouched_and_exclude_without_bar_keeps_all(rng):
    image, _ = add_bar(rng, micrograph(rng, SIZES[0]))
    before = image.copy()
    find_scale_bar(image)
    np.testing.assert_array_equal(image, before)
    assert exclude((3, 4), None).all()
