import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import SettingError
from sorby.quantify import process_map, summarise_conditions


def test_cells_lie_by_power_and_speed_and_the_rest_is_counted(field_table, rng):
    found = process_map(summarise_conditions(field_table, rng=rng))
    (section,) = found.sections
    assert section.caption == "hatch 100 µm, IN625"
    cells = section.cells[["laser_power_w", "scan_speed_mm_s", "n_images", "mean_count"]]
    assert cells.to_numpy().tolist() == [
        [200, 800, 3, 20],
        [300, 800, 1, 0],
        [300, 1200, 1, 4],
    ]
    assert (found.n_conditions_left_out, found.n_images_left_out) == (1, 1)
    assert set(found.types) == {"porosity", "lack_of_fusion"}


def test_area_fraction_is_in_percent_with_its_interval(field_table, rng):
    conditions = summarise_conditions(field_table, rng=rng)
    cell = process_map(conditions).sections[0].cells.iloc[0]
    assert cell["area_fraction_percent"] == pytest.approx(2.0)
    assert cell["area_fraction_percent_high"] == 100 * conditions.loc[0, "area_fraction_high"]


def test_each_value_of_another_setting_is_a_section(field_table, rng):
    field_table.loc[4, "hatch_um"] = 80.0
    field_table.loc[3, "hatch_um"] = np.nan
    found = process_map(summarise_conditions(field_table, rng=rng))
    captions = [section.caption for section in found.sections]
    assert captions == ["hatch 80 µm, IN625", "hatch 100 µm, IN625", "hatch unknown, IN625"]
    assert [section.settings["hatch_um"] for section in found.sections][:2] == [80, 100]
    assert found.table["section"].to_list() == [1, 2, 3]


def test_power_and_speed_alone_give_one_section_without_caption(field_table, rng):
    bare = field_table.drop(columns=["hatch_um", "alloy"])
    (section,) = process_map(summarise_conditions(bare, rng=rng)).sections
    assert (section.caption, section.settings) == ("", {})


@pytest.mark.parametrize("missing", [["laser_power_w"], ["laser_power_w", "scan_speed_mm_s"]])
def test_without_power_or_speed_there_is_no_map(field_table, rng, missing):
    found = process_map(summarise_conditions(field_table.drop(columns=missing), rng=rng))
    assert found.sections == ()
    assert found.n_images_left_out == 6
    assert found.table.empty


def test_two_conditions_in_one_cell_are_refused(field_table, rng):
    conditions = summarise_conditions(field_table, rng=rng)
    with pytest.raises(SettingError, match="200 W and 800 mm/s"):
        process_map(pd.concat([conditions, conditions[:1]]))
