"""Tables: every accepted spelling gives the same values; every problem is named with its line."""

import numpy as np
import pytest

from sorby.core.errors import ReadError, SettingError
from sorby.io import read_fields_table, read_labels_table, read_patch_table
from sorby.io.columns import FIELDS


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def problems(path, read=read_fields_table):
    with pytest.raises(SettingError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("image,um_per_px,alloy\na.tif,0.65,Ti µ\nb.tif,,\n", "utf-8"),
        ("image,um_per_px,alloy\na.tif,0.65,Ti µ\nb.tif,,\n", "utf-8-sig"),
        ("image,um_per_px,alloy\na.tif,0.65,Ti µ\nb.tif,,\n", "latin-1"),
        ("image\tum_per_px\talloy\na.tif\t0,65\tTi µ\nb.tif\t\t\n", "utf-16"),
        ("image;um_per_px;alloy\r\na.tif;0,65;Ti µ\r\n\r\nb.tif;;\r\n", "utf-8"),
        ("image;um_per_px;alloy;\na.tif;0.65;Ti µ;\nb.tif\n", "utf-8"),
        (' Image , um_per_px , alloy \n "a.tif" , 0.65 , Ti µ \n b.tif ,,\n\n', "utf-8"),
        ('"image";"um_per_px";"alloy"\n"a.tif";"6,5e-1";"Ti µ"\nb.tif;;', "utf-8"),
    ],
)
def test_spellings_of_one_table_agree(tmp_path, text, encoding):
    table = read_fields_table(written(tmp_path / "f.csv", text, encoding))
    assert table["image"].str.strip('" ').tolist() == ["a.tif", "b.tif"]
    assert table["um_per_px"].iloc[0] == 0.65 and np.isnan(table["um_per_px"].iloc[1])
    assert table["alloy"].tolist() == ["Ti µ", None]
    assert table.columns.tolist() == [column.name for column in FIELDS]
    assert table["laser_power_w"].dtype == float and table["laser_power_w"].isna().all()


def test_all_columns_are_read(tmp_path):
    row = {
        "image": "a.tif",
        "etched": "a_etched.tif",
        "mask": "a.png",
        "specimen": "S1",
        "split": "Test",
        "um_per_px": 0.5,
        "laser_power_w": 195,
        "scan_speed_mm_s": 1000,
        "hatch_um": 90,
        "layer_um": 40,
        "beam_um": 80,
        "preheat_c": 0,
        "alloy": "IN625",
        "section_plane": "XZ",
        "build_direction_deg": -90,
        "objective_na": 0.45,
    }
    text = ",".join(row) + "\n" + ",".join(map(str, row.values()))
    table = read_fields_table(written(tmp_path / "f.csv", text))
    assert table.iloc[0].to_dict() == row | {"split": "test"}


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("laser_power_w", "-195", "must be positive"),
        ("laser_power_w", "0", "must be positive"),
        ("laser_power_w", "0.2", "looks like kW"),
        ("scan_speed_mm_s", "1.2", "looks like m/s"),
        ("scan_speed_mm_s", "1200000", "looks like µm/s"),
        ("layer_um", "0.04", "looks like mm"),
        ("hatch_um", "0.1", "looks like mm"),
        ("beam_um", "0.08", "looks like mm"),
        ("objective_na", "1.7", "between 0 and 1.7"),
        ("objective_na", "50", "looks like a magnification"),
        ("um_per_px", "nan", "finite"),
        ("um_per_px", "inf", "finite"),
        ("um_per_px", "-0.5", "must be positive"),
        ("preheat_c", "99999", "out of range"),
        ("build_direction_deg", "up", "must be a number"),
        ("scan_speed_mm_s", "1 200 mm/s", "must be a number"),
        ("scan_speed_mm_s", "1.200,5", "thousands"),
        ("split", "train", "pool, test"),
        ("alloy", "a\x07b", "cannot be printed"),
    ],
)
def test_a_wrong_cell_is_named_with_line_and_reason(tmp_path, column, value, expected):
    text = f"image;{column}\ngood.tif;\nbad.tif;{value}\n"
    message = problems(written(tmp_path / "f.csv", text))
    assert f"line 3: {column} is " in message and expected in message
    assert "line 2" not in message and "f.csv has 1 problem;" in message


def test_all_problems_come_at_once(tmp_path):
    text = (
        'image,laser_power_w,layer_um\na.tif,-1,0.04\n,200,40\n\n./a.tif,200,"x"\nb.tif,200,40,7\n'
    )
    message = problems(written(tmp_path / "f.csv", text))
    for expected in (
        "line 2: laser_power_w is -1",
        "line 2: layer_um is 0.04",
        "line 3: image is empty",
        "line 5: layer_um is 'x'",
        "line 5: image a.tif is already in line 2",
        "line 6: 4 cells under 3 columns",
        "6 problems; nothing was taken",
    ):
        assert expected in message


def test_lines_are_counted_as_an_editor_does(tmp_path):
    text = 'image,specimen\n"a.tif","two\nlines"\nb.tif,\na.tif,\n'
    message = problems(written(tmp_path / "f.csv", text.replace("two\nlines", "one")))
    assert "line 4: image a.tif is already in line 2" in message
    assert "line 2: specimen" in problems(written(tmp_path / "f.csv", text))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("image,scan_speed_m_s", "did you mean 'scan_speed_mm_s' in mm/s"),
        ("image,laser_power_kw", "did you mean 'laser_power_w' in W"),
        ("image,layer_mm", "did you mean 'layer_um' in µm"),
        ("image,zzz", "known are: image, etched"),
        ("image,alloy,alloy", "'alloy' is there 2 times"),
        ("etched,alloy", "'image' is missing"),
    ],
)
def test_a_wrong_header_suggests_the_right_one(tmp_path, header, expected):
    message = problems(written(tmp_path / "f.csv", header + "\na,b,c\n"))
    assert "line 1: column" in message and expected in message


def test_header_without_rows_is_refused(tmp_path):
    assert "no row" in problems(written(tmp_path / "f.csv", "image,alloy\n\n"))


def test_a_thousand_wrong_lines_give_a_short_message(tmp_path):
    text = "image,laser_power_w\n" + "".join(f"{n}.tif,-1\n" for n in range(1000))
    message = problems(written(tmp_path / "f.csv", text))
    assert "1000 problems" in message and "and 960 more" in message
    assert len(message.splitlines()) < 50


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xfea"])
def test_files_that_are_no_table_are_read_errors(tmp_path, content):
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"f\.csv"):
        read_fields_table(path)


def test_any_bytes_give_a_table_or_one_of_our_errors(tmp_path, rng):
    path = tmp_path / "f.csv"
    good = b"image;um_per_px;split\na.tif;0,5;pool\nb.tif;0,6;test\n"
    for _ in range(400):
        damaged = bytearray(good)
        for position in rng.integers(0, len(good), 3):
            damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            table = read_fields_table(path)
            assert (table["um_per_px"].dropna() > 0).all()
        except (ReadError, SettingError):
            pass


def test_labels_table_needs_points_and_refuses_one_given_twice(tmp_path):
    good = "image,x,y,label\na.tif,10,20.5,porosity\na.tif,10,21,porosity\n"
    table = read_labels_table(written(tmp_path / "l.csv", good))
    assert table.columns.tolist() == ["image", "x", "y", "label"]
    assert table["y"].tolist() == [20.5, 21.0]
    bad = good + "a.tif,10,21.0,lack_of_fusion\nb.tif,-1,,\n"
    message = problems(written(tmp_path / "l.csv", bad), read_labels_table)
    assert "line 4: image a.tif, x 10.0, y 21.0 is already in line 3" in message
    assert "line 5: x is -1 and must be 0 or more" in message
    assert "line 5: y is empty" in message and "line 5: label is empty" in message


def test_patch_table_has_optional_groups(tmp_path):
    table = read_patch_table(written(tmp_path / "p.csv", "file,label\na.png,porosity\n"))
    assert table["group"].tolist() == [None]
    text = "file,label,group\na.png,porosity,7\na.png,porosity,8\n"
    message = problems(written(tmp_path / "p.csv", text), read_patch_table)
    assert "line 3: file a.png is already in line 2" in message


@pytest.mark.shared
def test_real_patch_table_is_read_whole(shared_data):
    table = read_patch_table(shared_data / "etched_patches" / "labels.csv")
    assert table["label"].value_counts().to_dict() == {"porosity": 152, "lack_of_fusion": 45}
