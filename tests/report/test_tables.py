import csv

import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import ProjectError, SettingError
from sorby.report import write_csv
from sorby.report.tables import shown_columns


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_every_number_comes_back_exactly(tmp_path, rng):
    numbers = np.concatenate([rng.normal(size=200), [1 / 3, 1e-300, 5e22, -0.0, 2.0**53 + 2]])
    table = pd.DataFrame({"x_um": numbers, "n": np.arange(numbers.size, dtype=np.int64) - 3})
    path = write_csv({"defects": table}, tmp_path / "defects.csv")
    assert [[float(x), int(n)] for x, n in rows_of(path)[1:]] == table.to_numpy().tolist()


def test_defect_tables_come_back_as_they_were(build, tmp_path):
    table = build["defects"]
    head, *rows = rows_of(write_csv({"defects": table}, tmp_path / "defects.csv"))
    assert head == list(table.columns)
    back = pd.DataFrame(rows, columns=head)
    for name in table.select_dtypes("float"):
        numbers = [float(cell) if cell else np.nan for cell in back[name]]
        np.testing.assert_array_equal(numbers, table[name])
    for name in ("image", "defect_type"):
        assert back[name].tolist() == table[name].tolist()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_begins_like_a_formula_is_made_inert(tmp_path, text):
    path = write_csv({"t": pd.DataFrame({text: [text], "n": [-1.5]})}, tmp_path / "t.csv")
    assert rows_of(path) == [[f"'{text}", "n"], [f"'{text}", "-1.5"]]


def test_quotes_commas_and_umlauts_survive(tmp_path):
    names = ['a "b", c', "zwei\nZeilen", "Würfel µ", ""]
    path = write_csv({"t": pd.DataFrame({"image": names})}, tmp_path / "t.csv")
    assert [row[0] for row in rows_of(path)[1:] if row] == [*names[:3], ""]


def test_missing_values_are_empty_and_booleans_are_words(tmp_path):
    table = pd.DataFrame({"a": [np.nan, 1.0], "b": [None, "x"], "c": [True, False]})
    path = write_csv({"t": table}, tmp_path / "t.csv")
    assert rows_of(path)[1:] == [["", "", "True"], ["1.0", "x", "False"]]


def test_several_tables_make_a_folder_and_never_one_file(build, tmp_path):
    tables = {"fields": build["fields"], "conditions": build["conditions"]}
    folder = write_csv(tables, tmp_path / "tables")
    assert sorted(p.name for p in folder.iterdir()) == ["conditions.csv", "fields.csv"]
    with pytest.raises(SettingError, match="fields, conditions"):
        write_csv(tables, tmp_path / "all.csv")
    with pytest.raises(ProjectError, match="leads out"):
        write_csv({"../fields": build["fields"], "b": build["fields"]}, tmp_path / "tables")


def cells(table, *columns):
    return [column.cells for column in shown_columns(table, columns or None)]


def test_values_carry_the_digits_of_their_interval():
    table = pd.DataFrame(
        {
            "area_fraction": [0.0123456, 0.0123456],
            "area_fraction_low": [0.0098765, 0.01],
            "area_fraction_high": [0.0151, 0.5],
        }
    )
    assert cells(table) == [(("1.23", "0.99–1.51"), ("1.2", "1–50"))]


def test_an_interval_without_its_value_is_a_column_of_its_own(build):
    (column,) = shown_columns(build["conditions"], ["area_fraction_bootstrap"])
    assert column.head.unit == "%"
    row = build["conditions"].iloc[0]
    low, high = map(float, column.cells[0][0].split("–"))
    assert low == pytest.approx(100 * row.area_fraction_bootstrap_low, rel=0.1)
    assert high == pytest.approx(100 * row.area_fraction_bootstrap_high, rel=0.1)


def test_empty_columns_are_left_out_and_missing_values_are_dashes():
    table = pd.DataFrame({"um_per_px": [np.nan] * 2, "circularity": [0.5, np.nan], "alloy": None})
    assert cells(table) == [(("0.500", ""), ("–", ""))]


def test_every_column_of_the_tables_has_a_label_without_underscores(build):
    for name in ("defects", "fields", "conditions"):
        for column in shown_columns(build[name]):
            assert "_" not in column.head.label
