import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import SettingError
from sorby.defects import label_instances, measure_defects
from sorby.quantify import summarise_fields


@pytest.fixture
def defects():
    return pd.DataFrame(
        {
            "image": ["b", "a", "a", "a", "b"],
            "area_px2": [40.0, 10.0, 20.0, 30.0, 60.0],
            "counted": [True, True, False, True, True],
            "defect_type": ["porosity", "porosity", "lack_of_fusion", "uncertain", None],
        }
    )


@pytest.fixture
def fields():
    return pd.DataFrame(
        {
            "image": ["c", "b", "a"],
            "specimen": ["S2", "S1", "S1"],
            "split": ["pool", "test", "pool"],
            "laser_power_w": [200.0, 300.0, 300.0],
            "um_per_px": [np.nan, 2.0, 5.0],
            "valid_area_px2": [500, 1_000, 2_000],
            "size_floor_px2": [4.0, 4.0, 9.0],
        }
    )


def test_every_image_has_a_row_in_the_order_of_the_fields(defects, fields):
    table = summarise_fields(defects, fields)
    assert table["image"].to_list() == ["c", "b", "a"]
    assert table["n_defects"].to_list() == [0, 2, 3]
    assert table["split"].to_list() == ["pool", "test", "pool"]


def test_sums_by_hand(defects, fields):
    table = summarise_fields(defects, fields).set_index("image")
    assert table["defect_area_px2"].to_dict() == {"a": 60, "b": 100, "c": 0}
    assert table["area_fraction"].to_dict() == pytest.approx({"a": 0.03, "b": 0.1, "c": 0.0})
    assert table["n_counted"].to_dict() == {"a": 2, "b": 2, "c": 0}
    # b: 1000 px² of 4 µm² are 0.004 mm²; a: 2000 px² of 25 µm² are 0.05 mm²
    assert table.loc["b", "valid_area_mm2"] == pytest.approx(0.004)
    assert table.loc["b", "count_per_mm2"] == pytest.approx(500)
    assert table.loc["a", "count_per_mm2"] == pytest.approx(40)
    assert np.isnan(table.loc["c", "count_per_mm2"])


def test_types_are_counted_by_number_and_area(defects, fields):
    table = summarise_fields(defects, fields).set_index("image")
    assert table["n_porosity"].to_dict() == {"a": 1, "b": 1, "c": 0}
    assert table["area_lack_of_fusion_px2"].to_dict() == {"a": 20, "b": 0, "c": 0}
    assert table["n_uncertain"].to_dict() == {"a": 1, "b": 0, "c": 0}


def test_sums_are_whole_numbers_beyond_32_bits(fields):
    huge = pd.DataFrame({"image": "a", "area_px2": [2.0**31, 2.0**31, 1.0], "counted": True})
    fields["valid_area_px2"] = 20_000 * 20_000 * 30
    table = summarise_fields(huge, fields).set_index("image")
    assert table["defect_area_px2"].dtype == table["valid_area_px2"].dtype == np.int64
    assert table.loc["a", "defect_area_px2"] == 2**32 + 1


def test_columns_of_the_contract_come_first(defects, fields):
    columns = list(summarise_fields(defects, fields))
    assert columns[:7] == [
        *("image", "specimen", "laser_power_w", "um_per_px"),
        *("valid_area_px2", "valid_area_mm2", "defect_area_px2"),
    ]
    assert columns[-2:] == ["size_floor_px2", "split"]


def test_a_bare_list_of_images_is_enough():
    nothing = measure_defects(np.zeros((9, 9), np.int32), image="a", valid=None)
    table = summarise_fields(nothing, pd.DataFrame({"image": ["a"], "valid_area_px2": [81]}))
    assert table[["area_fraction", "n_defects"]].iloc[0].to_list() == [0, 0]
    assert table[["specimen", "um_per_px", "count_per_mm2", "size_floor_px2"]].isna().all(axis=None)


def test_a_mask_gives_the_share_of_its_valid_pixels():
    mask = np.zeros((100, 100), np.uint8)
    mask[:20, :10], mask[80:] = 1, 255
    table = measure_defects(label_instances(mask), image="a", valid=mask != 255)
    fields = pd.DataFrame({"image": ["a"], "valid_area_px2": [(mask != 255).sum()]})
    assert summarise_fields(table, fields)["area_fraction"].item() == 200 / 8000


def test_an_image_without_sample_has_no_area_fraction(defects, fields):
    fields["valid_area_px2"] = [0, 1000, 2000]
    assert np.isnan(summarise_fields(defects, fields)["area_fraction"].iloc[0])


def test_input_is_untouched(defects, fields):
    copies = defects.copy(), fields.copy()
    summarise_fields(defects, fields)
    pd.testing.assert_frame_equal(defects, copies[0])
    pd.testing.assert_frame_equal(fields, copies[1])


def test_misfits_are_refused(defects, fields):
    with pytest.raises(SettingError, match="'b'"):
        summarise_fields(defects, fields[fields["image"] != "b"])
    with pytest.raises(SettingError, match="twice"):
        summarise_fields(defects, pd.concat([fields, fields[:1]]))
    with pytest.raises(SettingError, match="valid_area_px2"):
        summarise_fields(defects, fields.drop(columns="valid_area_px2"))
