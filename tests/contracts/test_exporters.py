"""The exam that every exporter of `sorby.report.EXPORTERS` passes."""

import inspect

import numpy as np
import pandas as pd
import pytest

from sorby.report import EXPORTERS

TABLES = {
    "fields": pd.DataFrame(
        {
            "image": ["a.png", "=b<c>.png"],
            "um_per_px": [0.65, np.nan],
            "n_defects": [3, 0],
            "counted": [True, False],
        }
    ),
    "defects": pd.DataFrame(),
}


@pytest.fixture(params=list(EXPORTERS))
def name(request):
    return request.param


def content(path):
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {file.name: file.read_bytes() for file in files}


def test_it_writes_and_returns_the_path(name, tmp_path):
    path = tmp_path / "deep" / "tables"
    assert EXPORTERS[name](TABLES, path) == path
    written = content(path)
    assert written and any(b"a.png" in found for found in written.values())
    assert not list(tmp_path.rglob(".writing-*"))


def test_the_same_tables_give_the_same_bytes(name, tmp_path):
    first, second = (content(EXPORTERS[name](TABLES, tmp_path / n / "t")) for n in "ab")
    assert first == second


def test_it_leaves_the_tables_as_they_are(name, tmp_path):
    tables = {key: table.copy() for key, table in TABLES.items()}
    EXPORTERS[name](tables, tmp_path / "t")
    for key, table in tables.items():
        pd.testing.assert_frame_equal(table, TABLES[key])


def test_no_tables_are_no_error(name, tmp_path):
    EXPORTERS[name]({}, tmp_path / "t")


def test_it_is_documented_with_an_example(name):
    text = inspect.getdoc(EXPORTERS[name])
    for part in ("Parameters\n---", "Returns\n---", "Examples\n---"):
        assert part in text
