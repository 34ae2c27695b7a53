"""The README and the reference page say what is true."""

import ast
import re
from pathlib import Path

import pytest

from sorby.cli.parser import build_parser
from sorby.defects import measure_definitions
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


def test_imports_of_the_readme_exist():
    (code,) = [text for language, text in BLOCKS if language == "python"]
    imports = [n for n in ast.parse(code).body if isinstance(n, ast.ImportFrom)]
    for node in imports:
        module = __import__(node.module, fromlist=[alias.name for alias in node.names])
        assert all(hasattr(module, alias.name) for alias in node.names)


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
