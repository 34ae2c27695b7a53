import numpy as np
import pytest

from sorby.segment import gray
from sorby.segment.gray import gray_histogram, strips


def test_histogram_of_integers_is_exact_and_counts_valid_pixels_only(rng):
    pixels = rng.integers(0, 256, (50, 60)).astype(np.uint8)
    valid = rng.random(pixels.shape) < 0.5
    histogram = gray_histogram(pixels, valid)
    assert np.array_equal(histogram.counts, np.bincount(pixels[valid], minlength=256))
    assert np.array_equal(histogram.levels, np.arange(256))


def test_strips_cover_all_rows_once(monkeypatch):
    monkeypatch.setattr(gray, "STRIP_PX", 100)
    spans = list(strips((37, 11), multiple=4))
    assert np.concatenate([np.arange(37)[span] for span in spans]).tolist() == list(range(37))
    assert all(span.start % 4 == 0 for span in spans)


@pytest.mark.parametrize(
    ("top", "kind", "white"),
    [
        (120, np.uint8, 255),
        (4000, np.uint16, 4095),
        (60000, np.uint16, 65535),
        (0.9, np.float32, 1),
    ],
)
def test_white_is_the_full_scale_that_holds_the_brightest_pixels(rng, top, kind, white):
    pixels = (rng.random((100, 100)) * top).astype(kind)
    pixels[:3, 0] = 1 if kind == np.float32 else np.iinfo(kind).max
    histogram = gray_histogram(pixels)
    assert histogram.black_and_white(is_integer=kind != np.float32) == (0, white)


def test_black_follows_negative_levels(rng):
    pixels = rng.normal(0, 1, (100, 100)).astype(np.float32)
    black, _ = gray_histogram(pixels).black_and_white(is_integer=False)
    assert -5 < black < -3
