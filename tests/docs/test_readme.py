"""The README and the reference page say what is true."""

import re
from pathlib import Path

import numpy as np
import pytest

from sorby.cli.parser import build_parser
from sorby.defects import measure_definitions
from sorby.io import write_micrograph
from sorby.io.columns import FIELDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = (ROOT / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
IN_BLOCKS = [line for _, text in BLOCKS for line in text.splitlines() if line.startswith("sorby ")]
COMMANDS = sorted({*IN_BLOCKS, *re.findall(r"`(sorby [^`]+)`", README)})


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_of_the_readme_are_understood(line):
    build_parser().parse_args(line.split()[1:])


def test_commands_of_the_readme_were_found():
    assert len(COMMANDS) >= 12


def test_library_example_runs_and_finds_the_discs(tmp_path, monkeypatch, rng):
    (code,) = [text for language, text in BLOCKS if language == "python"]
    rows, columns = np.mgrid[:160, :200]
    gray = 200 + rng.normal(0, 3, (160, 200))
    for row, column in ((50, 50), (100, 140)):
        gray[np.hypot(rows - row, columns - column) <= 12] = 40
    write_micrograph(tmp_path / "polished" / "A1.png", gray.clip(0, 255).astype(np.uint8))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    assert sorted(names["defects"]["x_px"].round()) == [50, 140]
    assert (tmp_path / "study" / "results" / "report.html").is_file()


def test_links_of_the_readme_lead_somewhere():
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", prose)
    assert len(targets) >= 3
    for target in targets:
        assert (ROOT / target).is_file(), target


@pytest.mark.parametrize("name", [column.name for column in FIELDS])
def test_every_column_of_the_fields_table_is_explained(name):
    assert f"| `{name}` |" in TABLES


@pytest.mark.parametrize("name", list(measure_definitions()["measure"]))
def test_every_measure_is_explained(name):
    assert f"`{name}" in TABLES
