from dataclasses import fields

import pytest

from sorby.core.errors import SettingError
from sorby.physics import ALLOYS, Alloy, find_alloy


@pytest.mark.parametrize("alloy", ALLOYS.values(), ids=ALLOYS)
def test_constants_are_ordered_sourced_and_doubts_are_named(alloy):
    assert alloy.solidus_c < alloy.liquidus_c < alloy.boiling_k - 273
    assert 0 < alloy.absorptivity_low <= alloy.absorptivity <= alloy.absorptivity_high < 1
    assert alloy.source
    assert set(alloy.unverified) <= {field.name for field in fields(Alloy)}


def test_hk30_has_no_verified_constant():
    numbers = {field.name for field in fields(Alloy)} - {"name", "source", "unverified"}
    numbers -= {"absorptivity_low", "absorptivity_high"}
    assert set(find_alloy("HK30").unverified) == numbers


@pytest.mark.parametrize("name", ["IN625", "in 625", "Inconel 625", "inconel-625"])
def test_names_of_one_alloy_lead_to_it(name):
    assert find_alloy(name) is ALLOYS["IN625"]


def test_diffusivity_of_in625_by_hand():
    assert find_alloy("IN625").diffusivity_m2_s == pytest.approx(32.3 / (7918 * 663))


def test_unknown_alloy_lists_the_known_ones():
    with pytest.raises(SettingError, match=r"'unobtainium'.*IN625, IN718"):
        find_alloy("unobtainium")


def test_plate_hotter_than_liquidus_is_refused():
    with pytest.raises(SettingError, match="preheat_c is 1400"):
        find_alloy("IN625").superheat_k(1400)
