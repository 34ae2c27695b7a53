"""Nothing is ever lost: servers that are killed, tabs that are closed, two tabs at once."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from sorby.io import read_mask

AWAY = ("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "ERR_INCOMPLETE")


class Sent:
    """Gestures that a page sends, in the order in which the server first answered them."""

    def __init__(self, page):
        self.asked, self.answered = {}, []
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def _on_request(self, request):
        if request.url.endswith("/gestures"):
            body = request.post_data_json
            self.asked.setdefault(body["uuid"], body)

    def _on_response(self, response):
        if response.url.endswith("/gestures") and response.ok:
            uuid = response.request.post_data_json["uuid"]
            if uuid not in self.answered:
                self.answered.append(uuid)


def replayed(mask, gestures, truth):
    """What strokes of dots make of a mask, one after the other."""
    mask = mask.copy()
    for one in gestures:
        for row, column in one["gesture"]["points"]:
            mask[truth.disc(row, column, one["gesture"]["radius_px"])] = one["gesture"]["value"]
    return mask


def scribble(screen, n):
    """Dots that overlap, by turns painted and erased: the order decides what is left."""
    for number in range(n):
        screen.press("b" if number % 2 == 0 else "e")
        screen.click(85, 75 + 6 * number)


@pytest.mark.parametrize("closes_tab", [False, True], ids=["tab stays open", "tab is closed"])
def test_gestures_without_a_server_are_sent_in_order_when_it_is_back(
    screen, server, truth, tab, watch, closes_tab
):
    watch.expect(*AWAY)
    here = screen
    if closes_tab:
        screen.page.goto("about:blank")  # gives the image up to the tab that will be closed
        here = truth.Screen(tab, server, screen.name).open()
    before = here.mask()
    sent = Sent(here.page)
    here.tool("b")
    here.radius(6)
    scribble(here, 2)
    here.settle()
    server.kill()
    scribble(here, 5)
    expect(here.page.locator(".correct-saved")).to_contain_text("not sent: 5 gestures")
    expect(here.page.get_by_role("alert").first).to_be_visible()
    if closes_tab:
        tab.close()
    server.start()
    if closes_tab:
        sent_later = Sent(screen.page)
        screen.open()
        sent.asked |= sent_later.asked
        screen.settle()
        sent.answered += sent_later.answered
        sent.asked |= sent_later.asked
    here = screen
    here.settle()
    assert here.draft()["version"] == 7
    gestures = [sent.asked[uuid] for uuid in sent.answered]
    assert [one["gesture"]["value"] for one in gestures] == [1, 0, 1, 0, 1, 0, 1]
    assert np.array_equal(here.mask(), replayed(before, gestures, truth))


def test_a_kill_in_the_middle_of_painting_loses_nothing(screen, server, truth, watch):
    watch.expect(*AWAY)
    before = screen.mask()
    sent = Sent(screen.page)
    screen.tool("b")
    screen.radius(6)
    for _ in range(3):
        scribble(screen, 6)  # the last ones are under way
        server.kill()
        scribble(screen, 2)
        server.start()
    screen.settle()
    assert screen.draft()["version"] == len(sent.asked) == 24
    gestures = [sent.asked[uuid] for uuid in sent.answered]
    assert len(gestures) == 24
    assert np.array_equal(screen.mask(), replayed(before, gestures, truth))
    with screen.gesture("undo"):
        screen.press("Control+z")
    assert np.array_equal(screen.mask(), replayed(before, gestures[:-1], truth))


def test_the_second_tab_looks_until_it_takes_over(screen, server, truth, tab, watch):
    watch.expect("status of 409")
    before = screen.mask()
    second = truth.Screen(tab, server, screen.name).open()
    words = "Another tab edits this image"
    expect(tab.get_by_text(words)).to_be_visible()
    second.tool("b")
    second.click(85, 85)
    expect(tab.get_by_text(f"{words}. Take over first")).to_be_visible()
    assert np.array_equal(screen.mask(), before)
    tab.get_by_role("button", name="Take over").click()
    expect(tab.get_by_role("button", name="Take over")).to_be_hidden()
    with second.gesture("brush"):
        second.click(85, 85)
    assert screen.mask()[85, 85] == 1
    screen.page.bring_to_front()
    screen.tool("b")
    screen.click(85, 230)
    expect(screen.page.get_by_text(words)).to_be_visible()
    assert screen.mask()[85, 230] == 0
    with screen.page.expect_response("**/gestures"):
        screen.page.get_by_role("button", name="Take over").click()
    assert screen.mask()[85, 230] == screen.mask()[85, 85] == 1


def test_a_reload_does_not_make_a_tab_read_only(screen):
    screen.tool("b")
    with screen.gesture("brush"):
        screen.click(85, 85)
    screen.reload()
    with screen.gesture("undo"):
        screen.press("Control+z")
    assert screen.mask()[85, 85] == 0


def test_an_exported_mask_comes_back_pixel_by_pixel(screen, server, truth, study_once, tmp_path):
    screen.click(*truth.centres[4])
    with screen.gesture("class"):
        screen.press("2")
    screen.tool("i")
    with screen.gesture("lasso"):
        screen.drag((140, 140), (140, 180), (170, 180), (170, 140))
    with screen.page.expect_download() as download:
        screen.page.get_by_role("link", name="Export").click()
    path = tmp_path / f"{screen.name}.png"
    download.value.save_as(path)
    exported = read_mask(path)
    assert set(np.unique(exported)) == {0, 1, 2, 255}
    assert np.array_equal(exported, screen.mask())
    shutil.copytree(study_once, tmp_path / "other")
    words = ["masks", "import", str(tmp_path / "other"), str(path)]
    subprocess.run([sys.executable, "-m", "sorby", *words], check=True, capture_output=True)
    words = ["masks", "export", str(tmp_path / "other"), str(tmp_path / "out")]
    subprocess.run([sys.executable, "-m", "sorby", *words], check=True, capture_output=True)
    (again,) = (tmp_path / "out").rglob(f"{screen.name}*.png")
    assert np.array_equal(read_mask(again), exported)


def test_done_is_refused_in_silence_by_nobody(screen):
    """An image is done when all is checked, or when a person says to accept the rest in bulk."""
    screen.press("Enter")
    dialog = screen.page.get_by_role("dialog", name="12 defects not checked yet")
    dialog.get_by_role("button", name="Go on checking").click()
    assert screen.draft()["state"] != "done"
    screen.press("Enter")
    dialog.get_by_role("button", name="Accept the rest, image done").click()
    expect(screen.page.get_by_role("heading", level=1)).not_to_have_text(screen.name)
    draft = screen.draft()
    assert draft["state"] == "done"
    assert {defect["state"] for defect in draft["defects"]} == {"accepted"}


def test_a_done_image_is_left_and_reopened_before_it_is_changed(screen):
    screen.press("Enter")
    screen.page.get_by_role("button", name="Accept the rest, image done").click()
    expect(screen.page.get_by_role("heading", level=1)).not_to_have_text(screen.name)
    screen.open()
    before = screen.mask()
    screen.tool("b")
    screen.click(85, 85)
    expect(screen.page.get_by_text("Reopen it to go on").first).to_be_visible()
    assert np.array_equal(screen.mask(), before)
    with screen.gesture("reopen"):
        screen.page.get_by_role("button", name="Reopen").click()
    screen.tool("b")
    with screen.gesture("brush"):
        screen.click(85, 85)
    assert screen.mask()[85, 85] == 1


def test_drawing_from_nothing_leaves_the_mask_alone(screen):
    before = screen.mask()
    screen.page.get_by_role("button", name="From nothing").click()
    expect(screen.page.get_by_text("from nothing: 0 min")).to_be_visible()
    with screen.gesture("brush") as response:
        screen.click(85, 85)
    assert response.value.request.post_data_json["mode"] == "from_nothing"
    screen.page.get_by_role("button", name="Back to correcting").click()
    expect(screen.page.locator(".correct-bottom")).to_contain_text("0/12")
    assert np.array_equal(screen.mask(), before)
