"""The order of the queue, and what filters choose."""

from dataclasses import replace

from sorby.annotate import chosen, ordered
from sorby.annotate.objects import Defect

ONE = Defect(1, (0, 0, 9, 9), (0, 0), 50, 1, 1.0, 127, "predicted")


def test_low_confidence_times_area_comes_first_and_verified_last():
    small = replace(ONE, id=2, area_px=10)
    sure = replace(ONE, id=3, area_px=90, confidence=250)
    unknown = replace(ONE, id=4, confidence=None)
    verified = replace(ONE, id=5, area_px=900, state="accepted")
    found = ordered([verified, unknown, sure, small, ONE])
    assert [one.id for one in found] == [1, 4, 2, 3, 5]


def test_filters_choose_unverified_defects_up_to_both_limits():
    big = replace(ONE, id=2, area_px=51)
    sure = replace(ONE, id=3, confidence=128)
    unknown = replace(ONE, id=4, confidence=None)
    verified = replace(ONE, id=5, state="edited")
    every = [verified, unknown, sure, big, ONE]
    assert [one.id for one in chosen(every, max_area_px=50)] == [1, 3, 4]
    assert [one.id for one in chosen(every, max_confidence=0.5)] == [1, 2]
    assert [one.id for one in chosen(every, max_area_px=50, max_confidence=0.5)] == [1]
