"""What is seen of an image can be chosen: its page, and the greys shown as black and white."""

import shutil

import numpy as np
import pytest
import tifffile

from sorby.workflow import new_project


@pytest.fixture(scope="module")
def study_once(tmp_path_factory, truth):
    """One field of 16 bit in a file of two pages: a plate, and its negative."""
    home = tmp_path_factory.mktemp("looks")
    (home / "images").mkdir()
    plate = truth.plate(0).astype(np.uint16) * 40 + 8000
    pages = np.stack([plate, plate.max() + plate.min() - plate])
    tifffile.imwrite(home / "images" / "deep.tif", pages, photometric="minisblack")
    new_project(home / "study", [home / "images"], copy=True)
    yield home / "study"
    shutil.rmtree(home)


@pytest.fixture
def screen(page, server, truth):
    return truth.Screen(page, server, "deep").open()


METAL = (82, 60)


def opened(page):
    page.get_by_role("button", name="Grey and page").click()
    return page.get_by_role("dialog", name="Grey and page")


def test_a_16_bit_image_is_seen_in_another_window_and_reset(screen):
    page = screen.page
    before = screen.seen(*METAL)
    assert 150 < before.mean() < 255  # metal is bright in the image's own window
    panel = opened(page)
    black = panel.get_by_role("slider", name="Black")
    with page.expect_response(lambda answer: "low=" in answer.url):
        black.fill(black.get_attribute("max"))
    page.wait_for_timeout(300)
    assert screen.seen(*METAL).mean() < before.mean() - 60  # near the median: half of it is black
    mask = screen.mask()
    panel.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(300)
    assert np.allclose(screen.seen(*METAL), before, atol=2)
    assert np.array_equal(screen.mask(), mask)
    black.press("Escape")
    assert panel.count() == 0


def test_another_page_of_the_file_is_seen_and_the_mask_stays(screen):
    page = screen.page
    before, mask = screen.seen(*METAL), screen.mask()
    panel = opened(page)
    pages = panel.get_by_role("combobox", name="Page")
    told = pages.locator("option").all_inner_texts()
    assert told == ["1 of 2, with the mask", "2 of 2, to look at"]
    with page.expect_response(lambda answer: "/tile/" in answer.url and "page=1" in answer.url):
        pages.select_option("1")
    page.wait_for_timeout(300)
    assert screen.seen(*METAL).mean() < before.mean() - 100  # the negative
    assert np.array_equal(screen.mask(), mask)
    panel.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(300)
    assert pages.input_value() == "0"
    assert np.allclose(screen.seen(*METAL), before, atol=2)


def cut_pixels(screen):
    """How much of the screen has the colour of outlines that are only proposed."""
    from io import BytesIO

    from PIL import Image

    content = Image.open(BytesIO(screen.page.screenshot(clip=screen.stage.bounding_box())))
    red, green, blue = np.moveaxis(np.asarray(content.convert("RGB")).astype(int), 2, 0)
    return ((red > 220) & (green < 110) & (blue > 170)).sum()


def test_another_probability_shows_its_outlines_before_they_are_drawn(screen):
    page = screen.page
    sent = []
    page.on("request", lambda asked: "/gestures" in asked.url and sent.append(asked))
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("button", name="Outlines at another probability").click()
    panel = page.get_by_role("dialog", name="Outlines at another probability")
    threshold = panel.get_by_role("slider")
    counts = []
    for value in ("0.05", "0.9"):
        threshold.fill(value)
        page.wait_for_timeout(700)
        counts.append(cut_pixels(screen))
    assert counts[0] > counts[1] > 0  # higher is smaller and fewer
    screen.press("Escape")
    assert panel.count() == 0 and cut_pixels(screen) == 0 and sent == []
    page.get_by_role("button", name="Outlines at another probability").click()
    threshold.fill("0.95")
    before = (screen.mask() == 1).sum()
    with screen.gesture("recut") as response:
        threshold.press("Enter")
    assert response.value.request.post_data_json["gesture"] == {"threshold": 0.95}
    assert panel.count() == 0 and len(sent) == 1
    assert 0 < (screen.mask() == 1).sum() < before


def test_an_image_that_is_being_prepared_says_how_far_it_is(tab, server):
    """The server's events are played here: a real image would be ready too soon, or too late."""
    told = 'data: {"type": "preparing", "field": "%s", "done": %d, "total": 1000}\n\n'
    now = [told % ("deep", 437) + told % ("another", 900)]  # played again with each connection
    tab.route(
        "**/api/events",
        lambda route: route.fulfill(content_type="text/event-stream", body=now[0]),
    )
    tab.goto(f"{server.origin}/#/correct/deep")
    tab.locator(".correct-preparing", has_text="43\u202f%").wait_for()
    now[0] = told % ("deep", 1000)
    tab.locator(".correct-preparing").wait_for(state="detached")
