"""The page's build: nothing is built twice, and everything that it is made of counts."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
hatch_build = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hatch_build)

FILES = ("index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")


@pytest.fixture
def tree(tmp_path):
    """Source tree of a page, without Node and without packages."""
    frontend = tmp_path / "frontend"
    (frontend / "src" / "pages").mkdir(parents=True)
    for name in (*FILES, "src/main.tsx", "src/pages/page.tsx"):
        (frontend / name).write_text(name)
    return tmp_path


def test_a_page_built_from_these_sources_is_not_built_again(tree):
    static = tree / hatch_build.STATIC
    static.mkdir(parents=True)
    (static / hatch_build.STAMP).write_text(hatch_build.fingerprint(tree / "frontend"))
    assert hatch_build.build_page(tree) is False


@pytest.mark.parametrize("name", [*FILES, "src/main.tsx", "src/pages/page.tsx"])
def test_a_changed_source_is_noticed(tree, name):
    before = hatch_build.fingerprint(tree / "frontend")
    (tree / "frontend" / name).write_text("changed")
    assert hatch_build.fingerprint(tree / "frontend") != before


def test_a_renamed_and_a_removed_source_are_noticed(tree):
    frontend = tree / "frontend"
    before = hatch_build.fingerprint(frontend)
    (frontend / "src/pages/page.tsx").rename(frontend / "src/pages/other.tsx")
    renamed = hatch_build.fingerprint(frontend)
    (frontend / "src/pages/other.tsx").unlink()
    assert len({before, renamed, hatch_build.fingerprint(frontend)}) == 3


def test_what_npm_installs_does_not_count(tree):
    before = hatch_build.fingerprint(tree / "frontend")
    (tree / "frontend" / "node_modules").mkdir()
    (tree / "frontend" / "node_modules" / "left-pad.js").write_text("")
    assert hatch_build.fingerprint(tree / "frontend") == before


def test_the_built_page_is_ignored_by_git_but_named_for_the_wheel():
    assert "src/sorby/web/static/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "[tool.hatch.build.targets.wheel.hooks.custom]" in (ROOT / "pyproject.toml").read_text()
