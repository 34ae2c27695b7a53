"""Training crops: cut where they should be, varied as they should be, labels with their planes."""

import numpy as np
import pytest
import torch

from sorby.core.errors import SettingError
from sorby.learn.sampling import (
    NO_VARIATION,
    Crops,
    Example,
    Variation,
    defect_regions,
    vary_gray,
)

# Fields of 64 and 128 px: their pixel centres are exact in float32, so cutting copies bits.

EVERY = {
    "flips": True,
    "turn_deg": 15.0,
    "zoom": 1.3,
    "gain": 0.2,
    "offset": 0.1,
    "noise": 0.1,
    "blur_px": 1.5,
    "poisson": 0.1,
    "salt_pepper": 0.05,
}
MOVES = ("flips", "turn_deg", "zoom")


def only(name):
    return Variation(**{"flips": False, name: EVERY[name]})


def crops(*examples, seed=0, **options):
    options = {"crop_px": 64, "on_defects": 0.0, **options}
    return Crops(examples, rng=np.random.default_rng(seed), **options)


def blobs(seed=0, edge=64):
    """Labels of a field with odd-shaped regions of one class."""
    from scipy import ndimage

    noise = np.random.default_rng(seed).normal(size=(edge, edge))
    return (ndimage.gaussian_filter(noise, 4) > 0.02).astype(np.uint8)


@pytest.fixture
def whole():
    """A field as large as a crop, seen through its own labels and in gray: where it is cut has
    no say, only how it is varied."""
    labels = blobs()
    gray = np.random.default_rng(1).random((64, 64), dtype=np.float32)
    return Example("whole", np.stack([labels.astype(np.float32), gray]), labels)


def test_every_variation_has_an_entry_here():
    assert set(EVERY) == set(Variation.__dataclass_fields__)


@pytest.mark.parametrize("name", EVERY)
def test_each_variation_alone_changes_what_the_network_sees(whole, name):
    plain, _ = crops(whole).batch(32)
    varied, labels = crops(whole, variation=only(name)).batch(32)
    assert sum(not torch.equal(*pair) for pair in zip(plain, varied, strict=True)) >= 22
    assert len({one.numpy().tobytes() for one in varied}) >= 8
    moved = [not np.array_equal(one, whole.labels) for one in labels.numpy()]
    assert any(moved) == (name in MOVES)


def test_no_variation_changes_nothing(whole):
    planes, labels = crops(whole).batch(3)
    assert np.array_equal(planes.numpy(), np.stack([whole.planes] * 3))
    assert np.array_equal(labels.numpy(), np.stack([whole.labels] * 3))


@pytest.mark.parametrize("strongest", ["turn_deg", "zoom", "all"])
def test_labels_move_with_their_planes(whole, strongest):
    variation = Variation(turn_deg=40, zoom=1.5) if strongest == "all" else only(strongest)
    planes, labels = crops(whole, variation=variation).batch(20)
    seen, labels = planes[:, 0].numpy(), labels.numpy()
    clear = (labels != 255) & ((seen < 0.001) | (seen > 0.999))
    assert clear.mean() > 0.5
    assert np.array_equal(seen[clear] > 0.5, labels[clear] == 1)
    inner = labels != 255
    assert ((seen > 0.5) == (labels == 1))[inner].mean() > 0.99


def test_flipped_labels_are_flipped_planes_to_the_bit(whole):
    planes, labels = crops(whole, variation=only("flips")).batch(20)
    assert np.array_equal(planes[:, 0].numpy(), labels.numpy())


def test_all_eight_flips_and_quarter_turns_occur_about_equally_often_and_nothing_else(whole):
    gray = whole.planes[1]
    expected = [np.rot90(one, k) for one in (gray, gray[:, ::-1]) for k in range(4)]
    planes, _ = crops(whole, variation=only("flips")).batch(400)
    counts = [
        sum(np.array_equal(one, wanted) for one in planes[:, 1].numpy()) for wanted in expected
    ]
    assert sum(counts) == 400
    assert min(counts) > 25


def test_turning_goes_both_ways_and_not_beyond_the_limit():
    labels = np.zeros((65, 65), np.uint8)
    labels[32, 40:] = 1  # a ray from the centre to the right
    example = Example("ray", labels[None].astype(np.float32), labels)
    _, turned = crops(example, crop_px=65, variation=only("turn_deg")).batch(60)
    angles = []
    for one in turned.numpy():
        rows, columns = np.nonzero(one == 1)
        angles.append(np.degrees(np.arctan2(32 - rows.mean(), columns.mean() - 32)))
    assert np.abs(angles).max() < 15.5
    assert min(angles) < -8 < 8 < max(angles)


def test_zoom_enlarges_and_reduces_and_not_beyond_the_limit():
    rows, columns = np.indices((64, 64)) - 31.5
    labels = (rows**2 + columns**2 <= 15**2).astype(np.uint8)
    example = Example("disc", labels[None].astype(np.float32), labels)
    _, zoomed = crops(example, variation=only("zoom")).batch(60)
    factors = np.sqrt((zoomed.numpy() == 1).sum(axis=(1, 2)) / labels.sum())
    assert factors.max() < 1.32
    assert factors.min() > 1 / 1.32
    assert factors.min() < 0.85 < 1.18 < factors.max()


@pytest.mark.parametrize("crop_px", [48, 49])
def test_an_unvaried_crop_is_a_window_of_its_field_to_the_bit(crop_px):
    numbers = np.arange(128 * 128, dtype=np.float32).reshape(128, 128)
    labels = np.random.default_rng(2).integers(0, 3, (128, 128)).astype(np.uint8)
    planes, cut = crops(Example("a", numbers[None], labels), crop_px=crop_px).batch(30)
    corners = set()
    for window, called in zip(planes[:, 0].numpy(), cut.numpy(), strict=True):
        row, column = divmod(int(window[0, 0]), 128)
        place = np.s_[row : row + crop_px, column : column + crop_px]
        assert np.array_equal(window, numbers[place])
        assert np.array_equal(called, labels[place])
        corners.add((row, column))
    assert len(corners) > 25


@pytest.mark.parametrize("shape", [(97, 131), (500, 301)])
def test_in_fields_of_any_size_an_unvaried_crop_is_whole_pixels_within_a_thousandth(shape):
    where = np.stack(np.indices(shape)).astype(np.float32)
    labels = (np.indices(shape).sum(axis=0) % 2).astype(np.uint8)
    planes, cut = crops(Example("a", where, labels), variation=only("flips")).batch(10)
    rows, columns = planes.numpy().transpose(1, 0, 2, 3)
    assert np.abs(rows - rows.round()).max() < 1e-3
    assert np.abs(columns - columns.round()).max() < 1e-3
    called = labels[rows.round().astype(int), columns.round().astype(int)]
    assert np.array_equal(cut.numpy(), called)


@pytest.mark.parametrize("crop_px", [12, 13])
def test_crops_anywhere_reach_every_pixel_of_a_field(crop_px):
    where = np.stack(np.indices((16, 32))).astype(np.float32)
    example = Example("a", where, np.zeros((16, 32), np.uint8))
    planes, labels = crops(example, crop_px=crop_px).batch(400)
    assert not labels.any()  # and never beyond it
    assert {tuple(p) for p in planes.numpy().transpose(0, 2, 3, 1).reshape(-1, 2).round()} == {
        (r, c) for r in range(16) for c in range(32)
    }


def test_outside_of_a_small_field_nothing_counts_and_planes_go_on_as_in_a_mirror():
    gray = np.random.default_rng(3).random((32, 16), dtype=np.float32)
    labels = np.ones((32, 16), np.uint8)
    planes, cut = crops(Example("small", gray[None], labels)).batch(2)
    inside = np.zeros((64, 64), bool)
    inside[16:48, 24:40] = True
    assert np.array_equal(cut.numpy() == 1, [inside, inside])
    assert np.array_equal(cut.numpy() == 255, [~inside, ~inside])
    mirrored = np.pad(gray, ((16, 16), (24, 24)), "symmetric")
    np.testing.assert_allclose(planes[0, 0].numpy(), mirrored, atol=1e-5)


def field_with(shape, *points, name="field", value=0.5):
    labels = np.zeros(shape, np.uint8)
    for row, column, number in points:
        labels[row, column] = number
    return Example(name, np.full((1, *shape), value, np.float32), labels)


@pytest.mark.parametrize("place", [(0, 0), (300, 200), (511, 7)])
@pytest.mark.parametrize("variation", [NO_VARIATION, only("flips")], ids=["none", "flips"])
def test_every_crop_on_defects_holds_the_one_tiny_defect(place, variation):
    example = field_with((512, 256), (*place, 1))
    source = crops(example, crop_px=32, on_defects=1.0, variation=variation)
    _, labels = source.batch(60)
    assert (labels == 1).any(dim=2).any(dim=1).all()
    in_the_middle = place == (300, 200)
    assert len({one.numpy().tobytes() for one in labels}) > (40 if in_the_middle else 0)


def test_a_turned_and_zoomed_crop_on_defects_holds_it_too():
    example = field_with((512, 512))
    example.labels[250:254, 250:254] = 1
    source = crops(example, crop_px=64, on_defects=1.0, variation=Variation(True, 30, 1.4))
    assert (source.batch(100)[1] == 1).any(dim=2).any(dim=1).all()


def share_with(labels, number):
    return float((labels == number).any(dim=2).any(dim=1).float().mean())


def test_three_quarters_of_the_crops_are_on_defects_if_asked_for():
    source = crops(field_with((512, 512), (500, 20, 1)), crop_px=16, on_defects=0.75)
    assert share_with(source.batch(400)[1], 1) == pytest.approx(0.75, abs=0.07)


def test_classes_take_turns_however_many_regions_each_has():
    common = [(row, column, 1) for row in range(8, 120, 4) for column in range(8, 500, 4)]
    source = crops(field_with((512, 512), *common, (400, 300, 2)), crop_px=16, on_defects=1.0)
    _, labels = source.batch(400)
    assert share_with(labels, 1) == pytest.approx(0.5, abs=0.08)
    assert share_with(labels, 2) == pytest.approx(0.5, abs=0.08)


def test_fields_take_turns_and_those_without_defects_only_serve_the_other_crops():
    many = field_with((128, 128), *[(r, c, 1) for r in range(0, 128, 4) for c in range(0, 128, 4)])
    few = field_with((128, 128), (60, 60, 1), value=0.25)
    none = field_with((128, 128), value=0.75)
    planes, _ = crops(many, few, none, crop_px=16, on_defects=1.0).batch(400)
    values, counts = np.unique(planes[:, 0, 0, 0].numpy(), return_counts=True)
    assert values.tolist() == [0.25, 0.5]
    assert counts[0] == pytest.approx(200, abs=35)
    planes, _ = crops(many, few, none, crop_px=16, on_defects=0.0).batch(400)
    assert np.unique(planes[:, 0, 0, 0].numpy()).tolist() == [0.25, 0.5, 0.75]


def test_a_field_without_any_defect_is_cut_anywhere_even_on_defects():
    _, labels = crops(field_with((128, 128)), on_defects=1.0).batch(4)
    assert not labels.any()


def test_regions_are_connected_and_by_class():
    labels = np.array([[1, 1, 0, 2], [0, 0, 0, 2], [1, 255, 2, 0]], np.uint8)
    assert defect_regions(labels) == {
        1: [np.s_[0:1, 0:2], np.s_[2:3, 0:1]],
        2: [np.s_[0:2, 3:4], np.s_[2:3, 2:3]],
    }
    assert defect_regions(np.array([[0, 255]], np.uint8)) == {}


def test_same_seed_gives_the_same_batches_and_another_seed_others(whole):
    def drawn(seed):
        source = crops(whole, seed=seed, on_defects=0.5, variation=Variation(**EVERY))
        return [part for _ in range(3) for part in source.batch(4)]

    first, again, other = drawn(4), drawn(4), drawn(5)
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert not torch.equal(first[0], first[2])


def test_the_examples_are_left_as_they_were(whole):
    before = whole.planes.copy(), whole.labels.copy()
    source = crops(whole, on_defects=0.5, variation=Variation(**EVERY))
    for _ in range(3):
        planes, labels = source.batch(4)
        planes.zero_()
        labels.zero_()
    assert np.array_equal(whole.planes, before[0])
    assert np.array_equal(whole.labels, before[1])


def test_examples_of_which_no_pixel_counts_are_refused():
    blank = Example("blank", np.zeros((1, 8, 8), np.float32), np.full((8, 8), 255, np.uint8))
    with pytest.raises(SettingError, match="2 labelled fields hold no pixel that counts"):
        crops(blank, blank)
    with pytest.raises(SettingError, match="Label at least one"):
        crops()


def gray_of(planes, **strength):
    return vary_gray(planes, Variation(flips=False, **strength), np.random.default_rng(0))


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(MOVES)))
def test_gray_is_varied_in_a_copy_and_for_each_image_anew(name):
    planes = torch.rand(6, 2, 32, 32, generator=torch.Generator().manual_seed(0))
    planes[:] = planes[:1].clone()
    before = planes.clone()
    varied = gray_of(planes, **{name: EVERY[name]})
    assert torch.equal(planes, before)
    assert varied.shape == planes.shape
    assert varied.dtype == torch.float32
    assert len({one.numpy().tobytes() for one in varied}) >= 5


def test_gain_and_offset_are_one_line_for_each_plane_with_the_spread_asked_for():
    planes = torch.linspace(0, 1, 16).reshape(1, 1, 4, 4).repeat(2000, 1, 1, 1)
    varied = gray_of(planes, gain=0.2, offset=0.1)
    offset = varied[:, 0, 0, 0]
    gain = varied[:, 0, 3, 3] - offset
    torch.testing.assert_close(
        varied, planes * gain[:, None, None, None] + offset[:, None, None, None]
    )
    assert float(gain.log().std()) == pytest.approx(0.2, rel=0.1)
    assert float(offset.std()) == pytest.approx(0.1, rel=0.1)


def test_noise_is_as_strong_at_most_as_asked_for():
    spreads = gray_of(torch.zeros(200, 1, 64, 64), noise=0.1).std(dim=(1, 2, 3))
    assert spreads.max() < 0.105
    assert spreads.max() > 0.09 > 0.02 > spreads.min()


def test_shot_noise_grows_with_the_root_of_the_gray_value():
    planes = torch.zeros(1, 1, 64, 192)
    planes[..., 64:128], planes[..., 128:] = 0.25, 1.0
    black, gray, white = gray_of(planes, poisson=0.1)[0, 0].split(64, dim=1)
    assert not black.any()
    assert float(white.std() / gray.std()) == pytest.approx(2, rel=0.1)


def test_blur_keeps_a_flat_plane_and_the_mean_and_spreads_a_point_by_its_variance():
    assert torch.allclose(gray_of(torch.full((3, 1, 16, 16), 0.5), blur_px=1.5), torch.tensor(0.5))
    point = torch.zeros(50, 1, 33, 33)
    point[..., 16, 16] = 1
    blurred = gray_of(point, blur_px=1.5)
    torch.testing.assert_close(blurred.sum(dim=(1, 2, 3)), torch.ones(50))
    away = (torch.arange(33) - 16.0) ** 2
    for spread in (
        (blurred[:, 0] * away).sum(dim=(1, 2)),
        (blurred[:, 0].mT * away).sum(dim=(1, 2)),
    ):
        assert 1.0 < float(spread.max()) <= 1.5**2


def test_salt_and_pepper_strike_no_more_than_the_share_asked_for_and_both_alike():
    struck = gray_of(torch.full((100, 1, 64, 64), 0.5), salt_pepper=0.2)
    share = (struck != 0.5).float().mean(dim=(1, 2, 3))
    assert 0.15 < share.max() < 0.22
    assert set(struck.unique().tolist()) == {0.0, 0.5, 1.0}
    salt, pepper = float((struck == 1).sum()), float((struck == 0).sum())
    assert salt / pepper == pytest.approx(1, abs=0.05)
