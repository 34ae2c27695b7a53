import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph, PixelSize, ProcessPoint
from sorby.core.rng import generator


def test_known_settings_leave_out_what_is_not_known():
    point = ProcessPoint(laser_power_w=200.0, alloy="IN625")
    assert point.known() == {"laser_power_w": 200.0, "alloy": "IN625"}


def test_other_pixel_size_shares_the_pixels():
    micrograph = Micrograph(np.zeros((2, 3), np.uint8), name="a")
    scaled = micrograph.with_pixel_size(PixelSize(0.5, "given"))
    assert micrograph.um_per_px is None
    assert scaled.um_per_px == 0.5
    assert scaled.pixels is micrograph.pixels


def test_same_seed_same_numbers_and_negative_seed_refused():
    assert generator(3).random() == generator(3).random()
    with pytest.raises(SettingError, match="-1"):
        generator(-1)
