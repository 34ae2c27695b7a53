import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from sorby.core.records import Micrograph
from sorby.metrics import defect_f1
from sorby.segment import flatfield, gray, mask_from_probability
from sorby.segment.classical import flatfield_otsu


def segment(pixels, **options):
    return mask_from_probability(flatfield_otsu(Micrograph(pixels), **options)) == 1


@pytest.mark.parametrize("blur", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("depth", [0.3, 0.8])
def test_a_disc_keeps_its_area_under_blur(draw_field, blur, depth):
    field, truth = draw_field((200, 200), [(100, 100, 12)], blur=blur, depth=depth, noise=1)
    assert segment(field.astype(np.uint8)).sum() == pytest.approx(truth.sum(), rel=0.05)


@pytest.mark.parametrize("light", [0.0, 0.6])
@pytest.mark.parametrize("noise", [1, 8, 16])
def test_pores_are_found_under_uneven_light_and_noise(draw_field, many_discs, light, noise):
    field, truth = draw_field((240, 320), many_discs, light=light, noise=noise)
    assert defect_f1(segment(field.astype(np.uint8)), truth) > (0.93 if noise > 10 else 0.96)


@pytest.mark.parametrize("noise", [0, 1, 5])
@pytest.mark.parametrize("metal", [40, 190, 255])
@pytest.mark.parametrize("light", [0.0, 0.6])
def test_sound_metal_has_no_defect(draw_field, noise, metal, light):
    field, _ = draw_field((240, 320), [], metal=metal, noise=noise, light=light)
    assert not segment(field.astype(np.uint8)).any()


@pytest.mark.parametrize("metal", [40, 190, 255])
@pytest.mark.parametrize("light", [0.0, 0.6])
def test_sound_metal_under_strong_noise_has_next_to_no_defect(draw_field, metal, light):
    fields = [draw_field((240, 320), [], metal=metal, noise=20, light=light)[0] for _ in range(10)]
    assert np.mean([segment(field.astype(np.uint8)) for field in fields]) < 1e-4


def test_bright_defects_on_dark_metal_give_the_same_mask(draw_field, many_discs):
    field, truth = draw_field((240, 320), many_discs, light=0.3)
    pixels = field.astype(np.uint8)
    mask = segment(pixels)
    assert defect_f1(mask, truth) > 0.96
    assert defect_f1(segment(255 - pixels), mask) > 0.99


@pytest.mark.parametrize(
    "convert", [lambda g: g.astype(np.uint16) * 16, lambda g: (g / 255).astype(np.float32)]
)
def test_depth_of_the_file_changes_no_pixel(draw_field, many_discs, convert):
    pixels = draw_field((240, 320), many_discs, light=0.3, noise=10)[0].astype(np.uint8)
    assert np.array_equal(segment(convert(pixels)), segment(pixels))


def test_hot_and_dead_pixels_change_nothing(draw_field, many_discs):
    field, _ = draw_field((240, 320), many_discs)
    pixels = field.astype(np.float32)
    mask = segment(pixels)
    pixels[40, 40], pixels[80, 80] = 1e6, 0
    pixels[0, 200], pixels[239, 319], pixels[0, 100] = 1e6, 0, 0
    assert np.array_equal(segment(pixels), mask)


@pytest.mark.parametrize("tile_px", [37, 100, 256])
@pytest.mark.parametrize("noise", [2, 16])
def test_tiles_give_the_whole_to_the_last_bit(draw_field, many_discs, tile_px, noise):
    discs = [*many_discs, (120, 160, 60)]
    field, _ = draw_field((240, 320), discs, light=0.4, noise=noise)
    field[99:101, 10:300] *= 0.6
    field[:, 36:38] *= 0.3
    pixels = field.astype(np.uint8)
    valid = np.ones(pixels.shape, bool)
    valid[50:90, 90:130] = False
    whole = flatfield_otsu(Micrograph(pixels), valid=valid)
    assert 0.05 < (whole >= 0.5).mean() < 0.5
    assert np.array_equal(flatfield_otsu(Micrograph(pixels), valid=valid, tile_px=tile_px), whole)


def test_working_memory_does_not_grow_with_the_field(draw_field, many_discs, monkeypatch):
    monkeypatch.setattr(gray, "STRIP_PX", 1 << 16)
    monkeypatch.setattr(flatfield, "VIEW_PX", 128)
    field, _ = draw_field((240, 320), many_discs)
    peaks = []
    for copies in (4, 8):
        pixels = np.tile(field.astype(np.uint8), (copies, copies))
        tracemalloc.start()
        output = flatfield_otsu(Micrograph(pixels), tile_px=256)
        peaks.append(tracemalloc.get_traced_memory()[1] - output.nbytes)
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0]


@pytest.mark.parametrize("factor", [2, 4])
def test_enlarged_fields_have_the_same_area_fraction(draw_field, many_discs, factor):
    field, _ = draw_field((240, 320), many_discs, light=0.3)
    large = ndimage.zoom(field, factor, order=1).clip(0, 255).astype(np.uint8)
    fraction = segment(field.astype(np.uint8)).mean()
    assert segment(large).mean() == pytest.approx(fraction, rel=0.04)


def test_strict_and_generous_thresholds_bracket_the_mask(draw_field, many_discs):
    field, truth = draw_field((240, 320), many_discs, blur=1.5)
    probability = flatfield_otsu(Micrograph(field.astype(np.uint8)))
    strict, mask, generous = (
        mask_from_probability(probability, threshold=t) == 1 for t in (0.7, 0.5, 0.3)
    )
    assert not (strict & ~mask).any()
    assert not (mask & ~generous).any()
    assert 0.7 < strict.sum() / mask.sum() < 0.97
    assert 1.03 < generous.sum() / mask.sum() < 1.4
    assert defect_f1(generous, truth) > 0.8


def test_a_bright_particle_in_a_pore_is_a_hole_of_one_object(draw_field):
    field, truth = draw_field((200, 200), [(100, 100, 30)], noise=1)
    rows, columns = np.indices(truth.shape)
    particle = (rows - 105) ** 2 + (columns - 95) ** 2 <= 8**2
    field[particle] = 240
    mask = segment(field.astype(np.uint8))
    assert defect_f1(mask, truth & ~particle) > 0.97
    assert ndimage.label(mask)[1] == 1
    assert defect_f1(ndimage.binary_fill_holes(mask), truth) > 0.97


def test_resin_beside_the_metal_is_no_defect_and_hides_none(draw_field, many_discs):
    field, truth = draw_field((240, 320), many_discs)
    field[:, :110] = 12
    mask = segment(field.astype(np.uint8))
    assert not mask[:, :108].any()
    assert defect_f1(mask[:, 120:], truth[:, 120:]) > 0.96


def test_faint_straight_scratches_are_no_defect_but_dark_cracks_are(draw_field):
    rows, columns = np.indices((240, 320))
    line = np.abs(rows - 0.4 * columns - 40) < 1.5
    masks = []
    for darkness in (0.25, 0.7):
        field, _ = draw_field((240, 320), [], noise=1)
        masks.append(segment(np.where(line, field * (1 - darkness), field).astype(np.uint8)))
    assert not masks[0].any()
    assert defect_f1(masks[1], line) > 0.95


def test_faint_scratches_that_cross_are_no_defect(draw_field):
    rows, columns = np.indices((240, 320))
    lines = (np.abs(rows - 0.4 * columns - 40) < 1.5) | (np.abs(rows + columns - 250) < 1.5)
    field, _ = draw_field((240, 320), [], noise=1)
    assert not segment(np.where(lines, field * 0.75, field).astype(np.uint8)).any()


def test_stains_much_fainter_than_the_pores_are_no_defect(draw_field):
    field, truth = draw_field((240, 320), [(60, 60, 10), (160, 250, 12)], depth=0.8, noise=1)
    rows, columns = np.indices(truth.shape)
    stain = np.exp(-((rows - 120) ** 2 + (columns - 150) ** 2) / (2 * 15**2))
    assert defect_f1(segment((field * (1 - 0.25 * stain)).astype(np.uint8)), truth) > 0.97


def test_objects_below_the_size_floor_are_dropped_and_those_at_it_kept():
    pixels = np.full((60, 60), 200, np.uint8)
    pixels[10, 10:13] = 20
    pixels[40:42, 40:42] = 20
    mask = segment(pixels)
    assert not mask[:30].any()
    assert mask[40:42, 40:42].all()
    assert mask.sum() == 4
