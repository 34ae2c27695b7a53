"""Wand and click on blobs whose pixels are known, on synthetic builds and on real fields."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from sorby.annotate.grow import click_to_segment, wand
from sorby.core.errors import SettingError
from sorby.synthetic import lpbf_build


def scene(seed=0, noise=3.0, shape=(300, 320)):
    """Gray values with one dark disc of radius 9 at row 120, column 150; and the disc."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    disc = np.hypot(rows - 120, columns - 150) <= 9
    gray = np.where(disc, 50.0, 190.0) + 15 * columns / shape[1]
    return (gray + rng.normal(0, noise, shape)).clip(0, 255).astype(np.uint8), disc


def painted(mask, patch):
    after = mask.copy()
    top, left, bottom, right = patch.box
    after[top:bottom, left:right] = patch.values
    return after


@pytest.mark.parametrize("point", [(120, 150), (124, 144), (120, 163)])
def test_click_takes_the_disc_at_or_near_the_pointer(point):
    gray, disc = scene()
    mask = np.zeros(gray.shape, np.uint8)
    after = painted(mask, click_to_segment(mask, gray, point, 2))
    assert np.array_equal(after == 2, disc) and not mask.any()


def test_click_takes_a_bright_blob_in_dark_metal():
    gray, disc = scene()
    mask = np.zeros(gray.shape, np.uint8)
    after = painted(mask, click_to_segment(mask, 255 - gray, (120, 150), 1))
    assert np.array_equal(after == 1, disc)


def test_click_takes_a_blob_that_fills_the_first_window():
    rows, columns = np.indices((500, 500))
    disc = np.hypot(rows - 250, columns - 250) <= 90
    gray = np.where(disc, 40, 200).astype(np.uint16) * 200
    after = painted(
        np.zeros((500, 500), np.uint8),
        click_to_segment(np.zeros((500, 500), np.uint8), gray, (250, 250), 1),
    )
    assert np.array_equal(after == 1, disc)


def test_click_on_metal_is_refused():
    gray, _ = scene()
    with pytest.raises(SettingError, match="no dark spot"):
        click_to_segment(np.zeros(gray.shape, np.uint8), np.full_like(gray, 180), (20, 20), 1)


def test_click_leaves_other_defects_and_ignored_pixels_alone():
    gray, disc = scene()
    mask = np.zeros(gray.shape, np.uint8)
    mask[:, 150:] = 255
    after = painted(mask, click_to_segment(mask, gray, (120, 147), 1))
    assert np.array_equal(after == 255, mask == 255)
    assert np.array_equal(after == 1, disc & (mask == 0))


def test_click_takes_what_the_model_sees_where_gray_shows_nothing():
    steps = np.zeros((100, 100), np.uint8)
    steps[40:50, 40:50] = 100
    mask, gray = np.zeros((100, 100), np.uint8), np.full((100, 100), 180, np.uint8)
    after = painted(mask, click_to_segment(mask, gray, (45, 45), 1, probability=steps))
    assert np.array_equal(after == 1, steps > 0)


@pytest.mark.parametrize(("likely", "part"), [(5, np.s_[10:60, 10:60]), (120, np.s_[:])])
def test_click_on_metal_does_not_flood_what_the_model_hardly_sees(likely, part):
    steps = np.zeros((100, 100), np.uint8)
    steps[part] = likely
    mask, gray = np.zeros((100, 100), np.uint8), np.full((100, 100), 180, np.uint8)
    with pytest.raises(SettingError, match="no dark spot"):
        click_to_segment(mask, gray, (45, 45), 1, probability=steps)


@pytest.mark.parametrize("place", [(0, 0), (99, 99), (0, 99)])
def test_click_works_in_the_corners(place):
    gray = np.full((100, 100), 200, np.uint8)
    rows, columns = np.indices(gray.shape)
    blob = np.hypot(rows - place[0], columns - place[1]) < 7
    gray[blob] = 60
    mask = np.zeros(gray.shape, np.uint8)
    assert np.array_equal(painted(mask, click_to_segment(mask, gray, place, 1)) == 1, blob)


def test_wand_takes_connected_pixels_within_the_tolerance():
    gray = np.full((60, 60), 200, np.uint8)
    gray[10:20, 10:20], gray[10:20, 20:25], gray[40:45, 40:45] = 50, 80, 50
    mask = np.zeros(gray.shape, np.uint8)
    tight = painted(mask, wand(mask, gray, (15, 15), 0.1, 1))
    assert np.array_equal(np.argwhere(tight == 1), np.argwhere(gray == 50)[:100])
    wide = painted(mask, wand(mask, gray, (15, 15), 0.3, 1))
    assert (wide == 1).sum() == 150


def test_cost_is_that_of_the_window_and_not_of_the_image():
    gray = np.lib.stride_tricks.as_strided(np.full(1, 200, np.uint8), (10**6, 10**6), (0, 0))
    mask = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (10**6, 10**6), (0, 0))
    with pytest.raises(SettingError):  # an image of 10^12 px: any look at all of it would never end
        click_to_segment(mask, gray, (500_000, 500_000), 1)


def clicked_shares(fields, least_px):
    """Of the true pores of some fields, those recovered by one click at their deepest pixel."""
    found = []
    for gray, truth in fields:
        labels, _ = ndimage.label(truth == 1, np.ones((3, 3)))
        for number, place in enumerate(ndimage.find_objects(labels), start=1):
            pore = labels == number
            if pore.sum() < least_px:
                continue
            depth = ndimage.distance_transform_edt(np.pad(pore[place], 1))[1:-1, 1:-1]
            at = np.unravel_index(depth.argmax(), depth.shape)
            point = (int(at[0]) + place[0].start, int(at[1]) + place[1].start)
            mask = np.where(pore, np.uint8(0), truth)
            try:
                new = (painted(mask, click_to_segment(mask, gray, point, 1)) == 1) & (mask != 1)
            except SettingError:
                new = np.zeros_like(pore)
            found.append((new & pore).sum() / (new | pore).sum() >= 0.7)
    return len(found), float(np.mean(found))


def test_one_click_recovers_missed_pores_of_a_synthetic_build():
    build = lpbf_build(
        rng=np.random.default_rng(5), powers_w=(160, 320), speeds_mm_s=(400, 1200),
        fields_per_condition=1, shape=(384, 384),
    )  # fmt: skip
    n, share = clicked_shares([(one.polished, one.mask) for one in build], least_px=10)
    assert n > 20 and share >= 0.95


@pytest.mark.shared
def test_one_click_recovers_missed_pores_of_real_fields(shared_data):
    folder = shared_data / "polished_am"
    bars = pd.read_csv(folder / "bars.csv")
    fields = []
    for name in pd.read_csv(folder / "index.csv")["name"]:
        with Image.open(folder / "images" / f"{name}.png") as image:
            gray = np.asarray(image.convert("L"))
        with Image.open(folder / "masks" / f"{name}.png") as image:
            truth = (np.asarray(image.convert("L")) > 0).astype(np.uint8)
        for bar in bars[bars["name"] == name].itertuples():
            truth[bar.y0 : bar.y1, bar.x0 : bar.x1] = 255
        fields.append((gray, truth))
    n, share = clicked_shares(fields, least_px=20)
    assert n > 150 and share >= 0.85
