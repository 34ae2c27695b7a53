"""On real micrographs: three defects corrected and a model trained, from the page alone."""

import shutil

import pytest
from playwright.sync_api import expect

from sorby.io import read_micrograph
from sorby.workflow import new_project

LONG_MS = 300_000


def micrographs(shared_data):
    """Fields with few and with many defects, none of them set aside for tests by the draw."""
    folder = shared_data / "polished_am" / "images"
    return [next(folder.glob(f"{name}.*")) for name in ("field_14", "field_22", "field_20")]


@pytest.fixture(scope="session")
def study_once(tmp_path_factory, shared_data):
    """Sections of polished parts, without any mask."""
    home = tmp_path_factory.mktemp("real")
    (home / "images").mkdir()
    for path in micrographs(shared_data):
        shutil.copy(path, home / "images")
    new_project(home / "study", [home / "images"], copy=True)
    return home / "study"


@pytest.mark.shared
def test_three_defects_are_corrected_and_a_model_is_trained(page, server, truth, shared_data):
    for path in micrographs(shared_data)[:2]:
        name = path.stem
        screen = truth.Screen(page, server, name)
        screen.shape = read_micrograph(path).pixels.shape
        screen.open()
        if path == micrographs(shared_data)[0]:
            correct_three(screen)
        screen.press("Enter")
        page.get_by_role("button", name="Accept the rest, image done").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text(name)
        assert screen.draft()["state"] == "done"
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("button", name="Train a model").click()
    models = page.get_by_role("grid", name="Models")
    expect(models.locator("tbody tr[aria-rowindex]")).to_have_count(1, timeout=LONG_MS)
    models.get_by_role("button", name="Use").click()
    page.get_by_role("dialog").get_by_role("button", name="Use model 1").click()
    expect(models).to_contain_text("in use")


def correct_three(screen):
    """One deleted, one accepted, one touched up with a stroke."""
    before = screen.mask()
    first, second, third = [defect["id"] for defect in screen.draft()["defects"][:3]]
    screen.press("Tab")
    with screen.gesture("delete"):
        screen.press("x")
    with screen.gesture("accept"):
        screen.press("a")
    screen.press("f")
    frame = screen.stage.bounding_box()
    middle = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    with screen.gesture("brush"):
        screen.page.mouse.move(*middle)
        screen.page.mouse.down()
        screen.page.mouse.move(middle[0] + 60, middle[1], steps=5)
        screen.page.mouse.up()
    draft = screen.draft()
    states = {defect["id"]: defect["state"] for defect in [*draft["defects"], *draft["ghosts"]]}
    assert (states[first], states[second]) == ("rejected", "accepted")
    assert states[third] == "edited"
    assert (screen.mask() != before).any()
