"""The exam of every embedder: ``f(micrographs, *, rng, valid, um_per_px, ...) -> (n, d)``."""

import inspect

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph, PixelSize
from sorby.features import EMBEDDERS, default_embedder, standardise
from sorby.learn import has_weights
from sorby.synthetic import discs


@pytest.fixture(params=list(EMBEDDERS))
def embed(request):
    if request.param == "network" and not has_weights():
        pytest.skip("the extra 'pretrained' is absent")
    function = EMBEDDERS[request.param]

    def call(micrographs, **options):
        return function(micrographs, rng=np.random.default_rng(0), **options)

    call.function = function
    return call


def field(seed, n_pores, shape=(160, 208), um_per_px=0.5):
    rng = np.random.default_rng(seed)
    gray = 170 + 60 * gaussian_filter(rng.normal(size=shape), 2)
    gray[discs(shape, rng.uniform(0, 1, (n_pores, 2)) * shape, 6)] = 40
    scale = None if um_per_px is None else PixelSize(um_per_px, "given")
    return Micrograph(gray.clip(0, 255).astype(np.uint8), f"field {seed}", scale)


@pytest.fixture(scope="module")
def pair():
    """Two dense and two porous fields."""
    return [field(seed, n) for seed, n in enumerate((0, 0, 50, 50))]


def relative(first, second):
    """Largest difference, as a part of the size of the row."""
    return np.abs(first - second).max() / np.abs(first).max()


def test_is_one_finite_float32_row_a_field(embed, pair):
    rows = embed(pair)
    assert rows.dtype == np.float32
    assert rows.ndim == 2
    assert len(rows) == 4
    assert np.isfinite(rows).all()


def test_like_fields_lie_closer_than_unlike_ones(embed, pair):
    rows = standardise(embed(pair))
    distance = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    assert max(distance[0, 1], distance[2, 3]) < 0.8 * distance[:2, 2:].min()


def test_same_input_same_answer_and_input_untouched(embed, pair):
    pixels = pair[2].pixels.copy()
    valid = [None, None, np.ones(pixels.shape, bool), None]
    first = embed(pair, valid=valid)
    assert np.array_equal(first, embed(pair, valid=valid))
    assert np.array_equal(pair[2].pixels, pixels)
    assert valid[2].all()


@pytest.mark.parametrize(
    "convert",
    [lambda g: g.astype(np.uint16) * 257, lambda g: (g / 255).astype(np.float32)],
)
def test_depth_of_the_file_changes_next_to_nothing(embed, pair, convert):
    converted = Micrograph(convert(pair[2].pixels), "other depth", pair[2].pixel_size)
    assert relative(embed([pair[2]])[0], embed([converted])[0]) < 1e-3


def test_what_is_not_valid_has_no_say(embed, pair):
    valid = np.ones(pair[2].pixels.shape, bool)
    valid[-32:, -96:] = False
    burnt = pair[2].pixels.copy()
    burnt[-32:, -96:] = np.random.default_rng(0).integers(0, 256, (32, 96))
    other = Micrograph(burnt, "with a bar", pair[2].pixel_size)
    assert np.array_equal(embed([pair[2]], valid=[valid]), embed([other], valid=[valid]))


def test_a_bar_left_out_hardly_changes_the_row(embed, pair):
    valid = np.ones(pair[2].pixels.shape, bool)
    valid[-24:, -64:] = False
    masked, whole, dense = (
        embed([pair[2]], valid=[valid])[0],
        embed([pair[2]])[0],
        embed([pair[0]])[0],
    )
    assert np.linalg.norm(masked - whole) < 0.3 * np.linalg.norm(dense - whole)


def test_a_field_recorded_with_finer_pixels_looks_the_same(embed, pair):
    coarse = field(7, 30, (256, 320), 1.0)
    fine = Micrograph(coarse.pixels.repeat(2, 0).repeat(2, 1), "fine", PixelSize(0.5, "given"))
    unscaled = Micrograph(fine.pixels)
    rows = standardise(embed([coarse, fine, unscaled, *pair], um_per_px=2.0))
    same, other = np.linalg.norm(rows[1:3] - rows[0], axis=1)
    assert same < 0.4 * other


def test_a_generator_is_taken_one_field_at_a_time(embed, pair):
    alive: list[int] = []

    def reading():
        for number, micrograph in enumerate(pair):
            alive.append(number)
            yield micrograph

    assert np.array_equal(embed(reading(), um_per_px=0.5), embed(pair))
    assert alive == [0, 1, 2, 3]


def test_a_generator_of_one_scale_needs_no_common_scale(embed, pair):
    assert np.array_equal(embed(iter(pair)), embed(pair))
    mixed = iter([pair[0], field(9, 3, um_per_px=1.0)])
    with pytest.raises(SettingError, match=r"0\.5 and 1 µm/px .* Give um_per_px"):
        embed(mixed)


def test_tiles_of_a_large_field_are_pooled(embed):
    whole, other = embed([field(3, 80, (256, 320)), field(4, 20, (256, 320))])
    tiled = embed([field(3, 80, (256, 320))], tile_px=128)[0]
    assert np.linalg.norm(tiled - whole) < 0.5 * np.linalg.norm(other - whole)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 5), (33, 65)])
def test_tiny_constant_and_wholly_invalid_fields_are_finite(embed, shape):
    for level in (0, 128, 255):
        flat = Micrograph(np.full(shape, level, np.uint8))
        assert np.isfinite(embed([flat])).all()
    assert np.isfinite(embed([flat], valid=[np.zeros(shape, bool)])).all()
    holes = np.full(shape, np.nan, np.float32)
    assert np.isfinite(embed([Micrograph(holes)])).all()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((4, 5, 3), {}, r"\(4, 5, 3\)"),
        ((0, 5), {}, r"\(0, 5\)"),
        ((4, 4), {"valid": [np.ones((3, 3), bool)]}, r"\(3, 3\).*\(4, 4\)"),
        ((4, 4), {"valid": [None, None]}, "2 valid masks for 1 fields"),
        ((4, 4), {"um_per_px": 0.0}, "must be positive"),
        ((4, 4), {"tile_px": 8}, "Tiles of 8 px"),
    ],
)
def test_what_does_not_fit_is_refused(embed, shape, options, message):
    with pytest.raises(SettingError, match=message):
        embed([Micrograph(np.zeros(shape, np.uint8))], **options)


def test_no_field_is_refused(embed):
    with pytest.raises(SettingError, match="no field"):
        embed([])


def test_is_documented_with_an_example(embed):
    text = inspect.getdoc(embed.function)
    for part in ("Parameters", "Returns", "Raises", "Examples", ">>>"):
        assert part in text


def test_the_default_is_one_of_them():
    assert default_embedder() in EMBEDDERS
