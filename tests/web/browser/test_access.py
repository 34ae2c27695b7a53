"""axe-core finds nothing serious on any page, in light and in dark surroundings."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe():
    assert AXE.is_file(), "axe-core is not installed. Install it first: python dev.py web"
    return AXE.read_text(encoding="utf-8")


def violations(page, axe):
    """What axe-core calls serious or critical, with the elements it means."""
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def theme(request, page, server):
    """Surroundings, set by their button."""
    page.goto("about:blank")
    page.goto(f"{server.origin}/#/images")
    page.locator(".card").first.wait_for()
    if page.evaluate("document.documentElement.dataset.theme") != request.param:
        page.get_by_role("button", name=f"Use {request.param} surroundings").click()
    return request.param


def test_images(page, theme, axe):
    assert violations(page, axe) == []
    page.get_by_role("button", name="Table").click()
    page.get_by_role("grid").wait_for()
    assert violations(page, axe) == []


def test_choose(page, server, theme, axe):
    page.goto(f"{server.origin}/#/choose")
    page.get_by_role("heading", name="Choose").wait_for()
    page.get_by_role("form", name="Suggestion").wait_for()
    assert violations(page, axe) == []


def test_train(page, server, theme, axe):
    page.goto(f"{server.origin}/#/train")
    page.locator("main h1, main h2").first.wait_for()
    assert violations(page, axe) == []


@pytest.mark.parametrize("part", ["defects", "effort"])
def test_results(page, server, theme, axe, part):
    page.goto(f"{server.origin}/#/results/{part}")
    page.get_by_role("tab").first.wait_for()
    expect(page.locator(".loading")).to_have_count(0)
    assert violations(page, axe) == []


def test_the_editor_and_its_windows(screen, theme, truth, axe):
    screen.open()
    screen.click(*truth.centres[5])
    expect(screen.page.locator(".correct-card[aria-selected=true]")).to_have_count(1)
    assert violations(screen.page, axe) == []
    for key in ("?", "Enter", "Shift+X"):
        screen.press(key)
        screen.page.get_by_role("dialog").wait_for()
        assert violations(screen.page, axe) == []
        screen.press("Escape")
        expect(screen.page.get_by_role("dialog")).to_be_hidden()
