"""What a network sees: the same for every depth of file, and no odd pixel has a say."""

import numpy as np
import pytest
from scipy import ndimage

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph, PixelSize
from sorby.learn.legacy import paper_normalised
from sorby.segment.classical import flatfield_otsu
from sorby.segment.planes import CLIP, PlaneCache, field_planes, resized, scale_factor

ROBUST = ("gray", "darkness", "classical")
PORES = ((20, 30, 6), (60, 80, 10), (80, 20, 4))


def pores(noise=3.0, shape=(96, 128)):
    """Gray field (uint8) with three blurred pores, brighter to the bottom."""
    rows, columns = np.indices(shape)
    truth = np.zeros(shape, bool)
    for row, column, radius in PORES:
        truth |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    sharp = np.where(truth, 60.0, 190.0) + 0.1 * rows
    gray = ndimage.gaussian_filter(sharp, 1) + np.random.default_rng(0).normal(0, noise, shape)
    return gray.round().clip(0, 255).astype(np.uint8), truth


def planes_of(pixels, channels=ROBUST, valid=None, **options):
    return field_planes(Micrograph(pixels), valid, channels=channels, **options).values


DEPTHS = {
    "uint8": lambda gray: gray,
    "uint16": lambda gray: gray.astype(np.uint16) * 257,
    "float64": lambda gray: gray / 255,
    "float32": lambda gray: (gray / 255).astype(np.float32),
}


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("noise", [0, 3, 12])
def test_every_depth_of_file_looks_the_same(depth, noise):
    gray, _ = pores(noise)
    channels = (*ROBUST, "minmax")
    found = planes_of(DEPTHS[depth](gray), channels)
    np.testing.assert_allclose(found, planes_of(gray, channels), atol=1e-5)
    assert found.dtype == np.float32


def changed_by(gray, place, value):
    """Largest change of each plane: at the odd pixel and its ring, and beyond."""
    odd = gray.copy()
    odd[place] = value
    change = np.abs(planes_of(odd) - planes_of(gray))
    rows, columns = np.indices(gray.shape)
    near = np.maximum(np.abs(rows - place[0]), np.abs(columns - place[1])) <= 1
    return (change * near).max(axis=(1, 2)), (change * ~near).max(axis=(1, 2))


HOT = [("uint8", 255), ("uint16", 65535), ("float64", 50.0)]


@pytest.mark.parametrize(("depth", "value"), HOT)
@pytest.mark.parametrize(
    "place",
    [(50, 40), (60, 80), (0, 60), (0, 0)],
    ids=["in metal", "in a pore", "on the border", "in the corner"],
)
def test_a_hot_pixel_in_smooth_surroundings_changes_nothing_anywhere(depth, value, place):
    near, beyond = changed_by(DEPTHS[depth](pores(noise=0)[0]), place, value)
    assert max(near.max(), beyond.max()) < 1e-3


@pytest.mark.parametrize(("depth", "value"), HOT)
@pytest.mark.parametrize("place", [(50, 40), (60, 80), (20, 36), (0, 0), (40, 127)])
def test_a_hot_pixel_changes_nothing_beyond_its_ring_wherever_it_is(depth, value, place):
    _, beyond = changed_by(DEPTHS[depth](pores()[0]), place, value)
    assert beyond.max() < 1e-3


@pytest.mark.parametrize(("depth", "value"), HOT)
def test_a_hot_pixel_in_noise_is_held_within_the_noise_around_it(depth, value):
    gray, _ = pores()
    near, _ = changed_by(DEPTHS[depth](gray), (50, 40), value)
    around = planes_of(gray)[:, 47:54, 37:44]
    assert (near <= np.ptp(around, axis=(1, 2)) + 1e-3).all()
    assert near.max() < 0.1  # of the gray plane, which reaches from -4 to 4


def test_a_dead_pixel_is_no_defect_either():
    near, beyond = changed_by(pores(noise=0)[0], (50, 40), 0)
    assert max(near.max(), beyond.max()) < 1e-3


def test_the_plane_of_the_paper_is_changed_everywhere_by_one_hot_pixel():
    """Why the preset 'fast' does not use it: the metal becomes dark, and dark is defect."""
    gray, truth = pores()
    hot = gray.astype(np.uint16) * 16  # 12 bits in a file of 16
    before = planes_of(hot, ("minmax",))[0]
    hot[50, 40] = 65535
    after = planes_of(hot, ("minmax",))[0]
    assert before[~truth].mean() > 0.8
    assert after[~truth].mean() < 0.05


def test_invalid_pixels_have_no_say():
    gray, _ = pores()
    valid = np.ones(gray.shape, bool)
    valid[:, 100:] = False
    expected = planes_of(gray, valid=valid)
    for seed in (1, 2):
        disturbed = gray.copy()
        disturbed[:, 100:] = np.random.default_rng(seed).integers(0, 256, (96, 28))
        found = planes_of(disturbed, valid=valid)
        assert np.array_equal(found[..., :100], expected[..., :100])
        assert np.array_equal(found, expected)


def test_values_that_are_not_finite_count_as_invalid():
    gray, _ = pores()
    holey = gray.astype(np.float32)
    holey[:5, :9] = np.nan
    holey[5, :9] = np.inf
    valid = np.isfinite(holey)
    found = planes_of(holey)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, planes_of(gray.astype(np.float32), valid=valid), atol=1e-6)


def test_gray_is_the_distance_from_the_median_in_half_widths_between_percentiles():
    gray = np.tile(np.linspace(100, 200, 101), (50, 1))  # median 150, 2 % at 102, 98 % at 198
    plane = planes_of(gray, ("gray",))[0]
    np.testing.assert_allclose(plane[25, 1:-1], (gray[25, 1:-1] - 150) / 48, atol=0.01)


def test_gray_is_cut_where_it_would_shout():
    gray = np.full((60, 60), 100.0)
    gray[::2] += 1
    gray[20:26, 20:26] = 0
    gray[40:46, 40:46] = 10_000
    plane = planes_of(gray, ("gray",))[0]
    assert (plane.min(), plane.max()) == (-CLIP, CLIP)


def test_darkness_is_0_on_metal_and_the_share_of_the_way_to_black_in_a_pore():
    gray, _ = pores(noise=0)
    dark = planes_of(gray, ("darkness",))[0]
    assert abs(float(np.median(dark))) < 0.01
    assert dark[60, 80] == pytest.approx(1 - 66 / 196, abs=0.02)


def test_the_classical_plane_is_the_zero_label_method_and_outside_is_told():
    gray, truth = pores()
    gray[:, 110:] = 3  # resin along the border
    planes = field_planes(Micrograph(gray), None, channels=("classical",))
    expected = flatfield_otsu(Micrograph(gray))[..., 0]
    assert np.array_equal(planes.values[0], np.nan_to_num(expected))
    assert np.array_equal(planes.outside, np.isnan(expected))
    assert planes.outside[:, 112:].all()
    assert not planes.outside[:, :105].any()
    called = planes.values[0][:, :105] >= 0.5
    assert (called == truth[:, :105]).mean() > 0.99


def test_the_plane_of_the_paper_is_the_papers():
    gray, _ = pores()
    assert np.array_equal(planes_of(gray, ("minmax",))[0], paper_normalised(gray))


def test_planes_come_in_the_order_asked_for():
    gray, _ = pores()
    forth, back = planes_of(gray), planes_of(gray, ROBUST[::-1])
    assert np.array_equal(forth, back[::-1])


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (64, 64)])
def test_tiny_and_constant_fields_are_finite_and_hold_no_defect(level, shape):
    values = planes_of(np.full(shape, level, np.uint8), (*ROBUST, "minmax"))
    assert values.shape == (4, *shape)
    assert not values[:3].any()
    assert np.isfinite(values).all()


def test_a_field_without_a_valid_pixel_is_flat():
    gray, _ = pores()
    assert not planes_of(gray, valid=np.zeros(gray.shape, bool)).any()


# ---------------------------------------------------------------------- scale


@pytest.mark.parametrize(
    ("own", "wanted", "factor"),
    [
        (0.5, 1.0, 0.5),
        (1.0, 0.5, 2.0),
        (1.0, 1.0, 1.0),
        (None, 1.0, 1.0),
        (1.0, None, 1.0),
        (None, None, 1.0),
        (0.01, 1.0, 0.25),
        (100.0, 1.0, 4.0),
    ],
)
def test_fields_are_enlarged_by_the_ratio_of_the_scales_within_limits(own, wanted, factor):
    assert scale_factor(own, wanted) == factor


@pytest.mark.parametrize(
    ("shape", "factor", "expected"),
    [((96, 128), 0.5, (48, 64)), ((33, 7), 0.5, (16, 4)), ((10, 20), 4.0, (40, 80))],
)
def test_planes_have_the_size_of_the_models_scale(shape, factor, expected):
    gray = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    micrograph = Micrograph(gray, pixel_size=PixelSize(factor, "given"))
    planes = field_planes(micrograph, None, channels=ROBUST, um_per_px=1.0)
    assert planes.values.shape == (3, *expected)
    assert planes.shape == planes.outside.shape == shape


def test_a_single_pixel_stays_one_when_reduced():
    assert resized(np.ones((2, 1, 1), np.float32), 0.25).shape == (2, 1, 1)


def test_reducing_averages_and_enlarging_keeps_a_slope():
    fine = np.random.default_rng(0).random((1, 64, 64)).astype(np.float32)
    half = resized(fine, 0.5)
    assert half.mean() == pytest.approx(fine.mean(), abs=0.005)
    assert half.std() < 0.6 * fine.std()  # neighbours are averaged, not left out
    slope = np.tile(np.arange(16, dtype=np.float32), (16, 1))[None]
    twice = resized(slope, 2.0)[0, 16, 2:-2]
    np.testing.assert_allclose(twice, (np.arange(2, 30) + 0.5) / 2 - 0.5, atol=1e-5)


def test_a_pore_keeps_its_place_and_share_at_another_scale():
    gray, truth = pores(noise=0)
    micrograph = Micrograph(gray, pixel_size=PixelSize(0.5, "given"))
    plane = field_planes(micrograph, None, channels=("classical",), um_per_px=1.0).values[0]
    assert (plane >= 0.5).mean() == pytest.approx(truth.mean(), rel=0.08)
    assert plane[30, 40] > 0.9


# ---------------------------------------------------------------------- refusals, memory


def test_unknown_channels_are_refused_with_the_known_ones():
    with pytest.raises(SettingError, match=r"\['colour'\] are not channels.*gray, darkness"):
        planes_of(pores()[0], ("gray", "colour"))


def test_what_is_not_one_gray_plane_is_refused():
    with pytest.raises(SettingError, match=r"\(4, 5, 3\)"):
        planes_of(np.zeros((4, 5, 3), np.uint8))


def test_input_is_left_as_it_was_and_the_answer_is_the_same_twice():
    gray, _ = pores()
    valid = np.random.default_rng(1).random(gray.shape) < 0.9
    before = gray.copy(), valid.copy()
    first = planes_of(gray, valid=valid)
    assert np.array_equal(first, planes_of(gray, valid=valid))
    assert np.array_equal(gray, before[0])
    assert np.array_equal(valid, before[1])


def test_a_cache_gives_what_would_be_computed_and_tells_images_masks_and_scales_apart():
    cache = PlaneCache()
    gray, _ = pores()
    other = gray.copy()
    other[5, 5] ^= 64
    valid = np.ones(gray.shape, bool)
    valid[:9] = False
    cases = [
        (Micrograph(gray), None, {"channels": ROBUST}),
        (Micrograph(other), None, {"channels": ROBUST}),
        (Micrograph(gray), valid, {"channels": ROBUST}),
        (Micrograph(gray), None, {"channels": ("gray",)}),
        (Micrograph(gray, "", PixelSize(0.5, "given")), None, {"channels": ROBUST}),
        (
            Micrograph(gray, "", PixelSize(0.5, "given")),
            None,
            {"channels": ROBUST, "um_per_px": 1.0},
        ),
    ]
    for _ in range(2):
        for micrograph, mask, options in cases:
            found = cache(micrograph, mask, **options)
            expected = field_planes(micrograph, mask, **options)
            assert np.array_equal(found.values, expected.values)
            assert np.array_equal(found.outside, expected.outside)
    assert cache(*cases[0][:2], **cases[0][2]) is cache(*cases[0][:2], **cases[0][2])


def test_a_full_cache_forgets_what_was_seen_longest_ago():
    images = [Micrograph(np.full((32, 32), level, np.uint8)) for level in (1, 2, 3)]
    size = 32 * 32 * (4 + 1)
    cache = PlaneCache(limit_bytes=2 * size)
    first, second = (cache(one, None, channels=("gray",)) for one in images[:2])
    assert cache(images[0], None, channels=("gray",)) is first
    cache(images[2], None, channels=("gray",))
    assert cache(images[0], None, channels=("gray",)) is first
    assert cache(images[1], None, channels=("gray",)) is not second


def test_the_zero_label_method_runs_only_where_its_answer_is_asked_for(monkeypatch):
    gray = np.random.default_rng(0).integers(0, 255, (40, 50), np.uint8)
    whole = field_planes(Micrograph(gray), None, channels=("gray", "minmax"))
    monkeypatch.setattr("sorby.segment.planes.darkness_and_noise", None)
    spared = field_planes(Micrograph(gray), None, channels=("gray", "minmax"), sees_outside=False)
    assert np.array_equal(spared.values, whole.values)
    assert spared.outside.shape == gray.shape
    assert not spared.outside.any()
    with pytest.raises(TypeError):
        field_planes(Micrograph(gray), None, channels=("darkness",), sees_outside=False)
