from pathlib import Path

import pytest

from sorby.core.errors import ProjectError
from sorby.workflow.naming import field_names, find_field, pair_by_name


def names_of(*paths):
    return field_names([Path(path) for path in paths])


def test_folders_are_put_before_names_that_would_clash():
    assert list(names_of("P200/f1.tif", "P300/f1.tif", "P300/f2.tif")) == [
        "P200/f1",
        "P300/f1",
        "f2",
    ]


def test_suffix_is_kept_where_folders_do_not_tell_apart():
    assert list(names_of("a/f.png", "a/f.tif")) == ["f.png", "f.tif"]


def test_dots_of_a_path_are_no_part_of_a_name(tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert list(names_of("../f.png", "f.png")) == [f"{tmp_path.name}/f", "inner/f"]


def test_names_never_begin_with_a_root():
    assert all(not Path(name).is_absolute() for name in names_of("/a/f.png", "/b/f.png"))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("f2", "f2"),
        ("f2.tif", "f2"),
        ("P300/f1.tif", "P300/f1"),
        ("P300\\f1.tif", "P300/f1"),
        ("f1.tif", None),
        ("f3.tif", None),
        ("f2.5", None),
        ("", None),
    ],
)
def test_entry_of_a_table_finds_its_field(text, field):
    assert find_field(text, names_of("P200/f1.tif", "P300/f1.tif", "P300/f2.tif")) == field


@pytest.mark.parametrize(
    ("polished", "etched"),
    [
        ("A1.tif", "A1.tif"),
        ("A1_polished.tif", "A1_etched.png"),
        ("pol-A1.tif", "etch-A1.tif"),
        ("Cube 7 Polished 50x.jpg", "cube_7_ETCHED_50x.jpg"),
    ],
)
def test_twins_are_found_by_name(polished, etched):
    names = names_of(f"p/{polished}", "p/B9.tif")
    twin = Path("e") / etched
    assert list(pair_by_name(names, [twin], "etched image").values()) == [twin]


def test_numbers_are_not_confused():
    names = names_of("A1.tif", "A11.tif")
    assert pair_by_name(names, [Path("A11_etched.tif")], "etched image") == {
        "A11": Path("A11_etched.tif")
    }


def test_twin_of_nothing_is_named():
    with pytest.raises(ProjectError, match=r"A9_etched.tif fits no polished image"):
        pair_by_name(names_of("A1.tif"), [Path("A9_etched.tif")], "etched image")


def test_two_twins_of_one_field_are_refused():
    twins = [Path("A1_etched.tif"), Path("A1-etch.tif")]
    with pytest.raises(ProjectError, match=r"as A1_etched\.tif does"):
        pair_by_name(names_of("A1.tif"), twins, "etched image")


def test_same_name_in_several_folders_is_told_apart_by_the_folder():
    names = names_of("pol/P200/f1.tif", "pol/P300/f1.tif")
    twins = [Path("etch/P300/f1.tif"), Path("etch/P200/f1.tif")]
    assert pair_by_name(names, twins, "etched image") == {
        "P300/f1": twins[0],
        "P200/f1": twins[1],
    }
