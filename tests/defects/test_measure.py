import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import ScaleError, SettingError
from sorby.defects import MEASURES, label_instances, measure_defects, measure_definitions

COLUMNS = [
    *("image", "defect", "x_px", "y_px", "row_min", "column_min", "row_max", "column_max"),
    *("area_px2", "area_um2", "filled_area_px2", "filled_area_um2"),
    *("equivalent_diameter_px", "equivalent_diameter_um", "perimeter_px", "perimeter_um"),
    *("feret_max_px", "feret_max_um", "feret_min_px", "feret_min_um"),
    *("aspect_ratio", "circularity", "roundness", "solidity", "orientation_deg"),
    *("touches_border", "counted", "border_weight"),
]


@pytest.fixture
def instances():
    mask = np.zeros((60, 80), np.uint8)
    mask[0:12, 20:40] = 1
    mask[30:50, 10:22] = 1
    return label_instances(mask)


def test_columns_are_those_of_the_contract(instances):
    assert list(measure_defects(instances, image="a", valid=None)) == COLUMNS


def test_positions_are_column_and_row(instances):
    first = measure_defects(instances, image="a", valid=None).iloc[0]
    assert (first.x_px, first.y_px) == (29.5, 5.5)
    box = first[["row_min", "column_min", "row_max", "column_max"]].to_list()
    assert box == [0, 20, 12, 40]


def test_lengths_scale_once_and_areas_twice(instances):
    table = measure_defects(instances, image="a", valid=None, um_per_px=0.5)
    for name in ("equivalent_diameter", "perimeter", "feret_max", "feret_min"):
        np.testing.assert_allclose(table[f"{name}_um"], table[f"{name}_px"] * 0.5)
    np.testing.assert_allclose(table["area_um2"], table["area_px2"] * 0.25)


def test_shapes_do_not_depend_on_the_scale(instances):
    shapes = ["aspect_ratio", "circularity", "roundness", "solidity", "orientation_deg"]
    fine, coarse = (
        measure_defects(instances, image="a", valid=None, um_per_px=s, build_direction_deg=90)
        for s in (0.5, 8.0)
    )
    pd.testing.assert_frame_equal(fine[shapes], coarse[shapes])


def test_um_columns_are_empty_without_a_scale(instances):
    table = measure_defects(instances, image="a", valid=None)
    assert table.filter(regex="_um2?$").isna().all(axis=None)
    assert table.filter(regex="_px2?$").notna().all(axis=None)


def test_no_defects_give_an_empty_table_of_the_same_columns_and_types(instances):
    empty = measure_defects(np.zeros_like(instances), image="a", valid=None, um_per_px=2.0)
    full = measure_defects(instances, image="a", valid=None, um_per_px=2.0)
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    assert len(pd.concat([empty, full])) == 2


def test_same_input_same_table_and_input_untouched(instances):
    before = instances.copy()
    first = measure_defects(instances, image="a", valid=None, um_per_px=2.0)
    pd.testing.assert_frame_equal(
        first, measure_defects(instances, image="a", valid=None, um_per_px=2.0)
    )
    np.testing.assert_array_equal(instances, before)


def test_single_pixels_and_lines_can_be_measured():
    mask = np.zeros((20, 60), np.uint8)
    mask[3, 3], mask[10, 5:55] = 1, 1
    table = measure_defects(label_instances(mask, min_area_px=0), image="a", valid=None)
    assert table["feret_max_px"].to_list() == pytest.approx([1.0, 50.0])
    assert table["feret_min_px"].to_list() == pytest.approx([2**-0.5, 1.0], abs=0.02)


def test_gaps_in_the_numbers_are_refused(instances):
    with pytest.raises(SettingError, match=r"Defect 3 of 1\.\.4"):
        instances[instances == 2] = 4
        instances[55:60, 70:75] = 2
        measure_defects(instances, image="a", valid=None)


def test_misfits_are_refused(instances):
    with pytest.raises(SettingError, match="same image"):
        measure_defects(instances, image="a", valid=np.ones((3, 3), bool))
    with pytest.raises(SettingError, match="integers"):
        measure_defects(instances.astype(float), image="a", valid=None)
    with pytest.raises(ScaleError, match="-2"):
        measure_defects(instances, image="a", valid=None, um_per_px=-2.0)


def test_definitions_name_every_measure_and_its_column(instances):
    definitions = measure_definitions()
    assert definitions["measure"].to_list() == list(MEASURES)
    assert set(definitions["column"]) <= set(measure_defects(instances, image="a", valid=None))
