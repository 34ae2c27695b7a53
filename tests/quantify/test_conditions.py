import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import SettingError
from sorby.quantify import summarise_conditions
from sorby.quantify.intervals import ratio_interval, t_interval, wilson_interval


@pytest.fixture
def conditions(field_table, rng):
    return summarise_conditions(field_table, rng=rng)


@pytest.fixture
def first(conditions):
    return conditions.iloc[0]


def test_one_row_a_set_of_settings_and_one_for_unknown_ones(conditions):
    assert conditions["condition"].to_list() == [
        "200 W, 800 mm/s, hatch 100 µm, IN625",
        "300 W, 800 mm/s, hatch 100 µm, IN625",
        "300 W, 1200 mm/s, hatch 100 µm, IN625",
        "unknown",
    ]
    assert conditions["n_images"].to_list() == [3, 1, 1, 1]
    assert conditions["n_specimens"].to_list() == [2, 1, 1, 0]
    assert conditions["few_fields"].all()


def test_area_fraction_is_weighted_by_area(first):
    # (10 000 + 50 000 + 20 000) / 4 000 000, not the mean of 1, 2.5 and 2 %
    assert first["area_fraction"] == pytest.approx(0.02)
    assert first["optical_density_percent"] == pytest.approx(98.0)
    assert first["valid_area_mm2"] == pytest.approx(16.0)


def test_area_fraction_interval_is_that_of_the_ratio_estimator(first):
    expected = ratio_interval([10_000, 50_000, 20_000], [1e6, 2e6, 1e6])
    ends = first[["area_fraction_low", "area_fraction_high"]].to_list()
    assert ends == pytest.approx(list(expected))
    assert first["relative_accuracy_percent"] == pytest.approx((expected.high - 0.02) / 0.0002)


def test_with_equal_areas_the_interval_is_the_plain_t_interval(field_table, rng):
    field_table["valid_area_px2"] = 1_000_000
    field_table["valid_area_mm2"] = 4.0
    row = summarise_conditions(field_table, rng=rng).iloc[0]
    low, high = t_interval([0.01, 0.05, 0.02])
    assert low < 0  # so the lower end is cut, the relative accuracy is not
    assert (row["area_fraction_low"], row["area_fraction_high"]) == pytest.approx((0, high))
    assert row["relative_accuracy_percent"] == pytest.approx(
        100 * (high - low) / 2 / row.area_fraction
    )


def test_counts_by_hand(first):
    assert first["mean_count"] == 20
    assert first["count_per_mm2"] == pytest.approx(54 / 16)
    assert first["count_per_mpx"] == pytest.approx(54 / 4)
    assert first["count_per_mm2_low"] < 54 / 16 < first["count_per_mm2_high"]


def test_type_fractions_leave_uncertain_defects_out(first):
    assert (first["n_typed"], first["n_uncertain"]) == (40, 20)
    assert first["fraction_porosity"] == 0.5
    ends = first[["fraction_porosity_low", "fraction_porosity_high"]].to_list()
    assert ends == pytest.approx(list(wilson_interval(20, 40)))
    assert first["area_share_porosity"] == pytest.approx(20_000 / 60_000)
    assert first["area_share_lack_of_fusion"] == pytest.approx(40_000 / 60_000)


def test_a_condition_without_defects_has_bounds(conditions):
    row = conditions.iloc[1]
    assert row["area_fraction"] == row["area_fraction_low"] == row["count_per_mm2"] == 0
    assert row["count_per_mm2_high"] == pytest.approx(3 / 2)  # 2 mm²
    assert np.isnan(row["area_fraction_high"])
    assert np.isnan(row["fraction_porosity"])


def test_one_image_has_a_value_but_no_interval(conditions):
    row = conditions.iloc[2]
    assert row["area_fraction"] == pytest.approx(0.002)
    assert row[["area_fraction_low", "area_fraction_high"]].isna().all()
    assert row[["count_per_mm2_low", "relative_accuracy_percent"]].isna().all()


def test_without_a_scale_counts_are_per_pixel_area_only(field_table, rng):
    field_table[["um_per_px", "valid_area_mm2"]] = np.nan
    row = summarise_conditions(field_table, rng=rng).iloc[0]
    assert row.filter(like="mm2").isna().all()
    assert row["count_per_mpx"] == pytest.approx(13.5)
    assert row["area_fraction"] == pytest.approx(0.02)
    assert not row["mixed_magnification"]


def test_with_several_magnifications_areas_are_weighted_as_areas_on_the_specimen(field_table, rng):
    field_table.loc[1, "um_per_px"] = 1.0
    field_table["valid_area_mm2"] = (
        field_table["valid_area_px2"] * field_table["um_per_px"] ** 2 * 1e-6
    )
    table = summarise_conditions(field_table, rng=rng)
    # in µm²: (40 000 + 50 000 + 80 000) / (4 000 000 + 2 000 000 + 4 000 000)
    assert table.loc[0, "area_fraction"] == pytest.approx(0.017)
    assert table.loc[0, "area_share_porosity"] == pytest.approx(50 / (50 + 85))
    assert table["mixed_magnification"].all()


def test_an_empty_setting_is_a_value_of_its_own(field_table, rng):
    field_table.loc[0, "hatch_um"] = np.nan
    table = summarise_conditions(field_table, rng=rng)
    assert table["n_images"].to_list() == [2, 1, 1, 1, 1]
    assert table.loc[1, "condition"] == "200 W, 800 mm/s, IN625"


def test_without_process_columns_there_is_one_unknown_condition(field_table, rng):
    bare = field_table.drop(columns=["laser_power_w", "scan_speed_mm_s", "hatch_um", "alloy"])
    table = summarise_conditions(bare, rng=rng)
    assert table[["condition", "n_images"]].iloc[0].to_list() == ["unknown", 6]


def test_ten_images_are_not_few(field_table, rng):
    many = pd.concat([field_table.iloc[[0, 1, 2]]] * 3 + [field_table.iloc[[0]]])
    row = summarise_conditions(many, rng=rng).iloc[0]
    assert not row["few_fields"]
    assert (
        row["area_fraction_bootstrap_low"]
        < row["area_fraction"]
        < row["area_fraction_bootstrap_high"]
    )
    assert row["n_images_for_20_percent"] >= 2


def test_images_for_20_percent_is_where_the_accuracy_gets_to_20(rng):
    fractions = np.resize([0.010, 0.014, 0.012, 0.008, 0.006], 20)
    fields = pd.DataFrame({"image": range(20), "um_per_px": 1.0, "valid_area_px2": 1_000_000})
    fields["valid_area_mm2"] = 1.0
    fields["defect_area_px2"] = (fractions * 1_000_000).astype(int)
    fields["n_defects"] = fields["n_counted"] = 5
    needed = int(summarise_conditions(fields, rng=rng).loc[0, "n_images_for_20_percent"])
    accuracy = [
        summarise_conditions(fields[:n], rng=rng).loc[0, "relative_accuracy_percent"]
        for n in (5, needed + 1)
    ]
    assert accuracy[0] > 20 >= accuracy[1]


def test_asked_types_appear_even_if_none_was_found_and_others_stay_in_n_typed(field_table, rng):
    row = summarise_conditions(field_table, rng=rng, types=["porosity", "crack"]).iloc[0]
    assert row["n_typed"] == 40
    assert row["fraction_porosity"] == 0.5
    assert row["fraction_crack"] == 0
    assert "fraction_lack_of_fusion" not in row


def test_unclassified_defects_give_no_fractions(field_table, rng):
    typed = field_table.filter(regex="porosity|lack_of_fusion|uncertain").columns
    plain = field_table.drop(columns=typed)
    table = summarise_conditions(plain, rng=rng)
    assert (table["n_typed"] == 0).all()
    assert "fraction_porosity" not in table


def test_same_seed_same_table_and_input_untouched(field_table):
    before = field_table.copy()
    first, second = (
        summarise_conditions(field_table, rng=np.random.default_rng(9)) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(field_table, before)


def test_misfits_are_refused(field_table, rng):
    with pytest.raises(SettingError, match="n_counted"):
        summarise_conditions(field_table.drop(columns="n_counted"), rng=rng)
    with pytest.raises(SettingError, match="empty"):
        summarise_conditions(field_table[:0], rng=rng)
    with pytest.raises(SettingError, match="uncertain"):
        summarise_conditions(field_table, rng=rng, types=["uncertain"])
