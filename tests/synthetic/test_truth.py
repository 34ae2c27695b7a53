import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.synthetic import TRUE_TYPES, defect_class
from sorby.synthetic.truth import mask_of, number_defects


def layers(**pixels):
    found = {name: np.zeros((20, 20), dtype=bool) for name in TRUE_TYPES}
    for name, boxes in pixels.items():
        for rows, columns in boxes:
            found[name][rows, columns] = True
    return found


NONE = np.zeros((20, 20), dtype=bool)


def test_defects_that_touch_at_a_corner_are_one_of_the_larger_type():
    types = layers(keyhole=[(slice(0, 3), slice(0, 3))], gas=[(slice(3, 5), slice(3, 5))])
    instances, names = number_defects(types, ignored=NONE)
    assert instances.max() == 1
    assert names == {1: "keyhole"}


def test_defects_apart_are_numbered_apart_with_their_own_type():
    types = layers(lack_of_fusion=[(slice(10, 15), slice(2, 8))], gas=[(slice(0, 2), slice(0, 2))])
    instances, names = number_defects(types, ignored=NONE)
    assert names == {1: "gas", 2: "lack_of_fusion"}
    assert (instances == 2).sum() == 30


def test_pixels_under_the_bar_belong_to_no_defect():
    ignored = NONE.copy()
    ignored[:, 5:] = True
    types = layers(gas=[(slice(0, 4), slice(3, 8)), (slice(10, 14), slice(10, 14))])
    instances, names = number_defects(types, ignored=ignored)
    assert list(names) == [1]
    assert (instances > 0).sum() == 8
    mask = mask_of(instances, ignored)
    assert (mask[:, 5:] == 255).all() and (mask == 1).sum() == 8


def test_specks_under_four_pixels_are_dropped():
    instances, names = number_defects(layers(gas=[(slice(0, 1), slice(0, 3))]), ignored=NONE)
    assert not instances.any() and names == {}


def test_gas_and_keyhole_pores_are_the_class_porosity():
    assert [defect_class(name) for name in TRUE_TYPES] == [
        "lack_of_fusion",
        "porosity",
        "porosity",
    ]
    with pytest.raises(SettingError, match="'crack'"):
        defect_class("crack")
