"""Every key does what the list of keys says, can be changed, and no mouse is needed."""

import numpy as np
import pytest
from playwright.sync_api import expect

TOOLS = {
    "V": "Verify", "B": "Brush", "E": "Eraser", "W": "Wand", "S": "Click to segment", "L": "Lasso",
    "K": "Split", "M": "Merge", "G": "Fill holes", "I": "Ignore a region", "P": "Pan",
}  # fmt: skip
JUDGING = ["A", "X", "Delete", "F", "Tab", "N", "Q", "Shift+Tab", "U", "R", "Shift+G", "Shift+X"]
CLASSES = ["1", "2"]
LOOKING = ["[", "]", "H", "D", "T", "+", "=", "-", "0", "9"]
IMAGE = ["Ctrl+Z", "Ctrl+Y", "Ctrl+Shift+Z", "Enter", "?"]


def selected(screen):
    """Defects of the cards that are selected."""
    cards = screen.page.locator(".correct-card[aria-selected=true]")
    return [
        int(name.removeprefix("defect-"))
        for name in cards.evaluate_all("all => all.map(c => c.id)")
    ]


def zoom(screen):
    return screen.page.get_by_title("Zoom", exact=True).inner_text()


def test_every_key_of_the_list_is_tested_here(screen):
    screen.press("?")
    dialog = screen.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    shown = dialog.locator("button kbd").all_inner_texts()
    assert sorted(shown) == sorted([*TOOLS, *JUDGING, *CLASSES, *LOOKING, *IMAGE])
    screen.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("key", TOOLS)
def test_each_tool_has_its_key(screen_of_module, key):
    screen_of_module.press(key.lower())
    button = screen_of_module.page.get_by_role("toolbar").get_by_role("button", name=TOOLS[key])
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.fixture(scope="module")
def screen_of_module(server, window, truth):
    """One plate for what changes nothing."""
    tab = window.new_page()
    yield truth.Screen(tab, server, "plate00").open()
    tab.close()


def test_tab_and_q_go_through_the_queue_the_most_paying_first(screen):
    order = [defect["id"] for defect in screen.draft()["defects"]]
    for key, place in [("Tab", 0), ("Tab", 1), ("n", 2), ("q", 1), ("Shift+Tab", 0)]:
        screen.press(key)
        expect(screen.page.locator(f"#defect-{order[place]}")).to_have_attribute(
            "aria-selected", "true"
        )


def test_a_accepts_and_goes_to_the_next(screen):
    order = [defect["id"] for defect in screen.draft()["defects"]]
    screen.press("Tab")
    with screen.gesture("accept"):
        screen.press("a")
    assert selected(screen) == [order[1]]
    states = {defect["id"]: defect["state"] for defect in screen.draft()["defects"]}
    assert states[order[0]] == "accepted"
    expect(screen.page.locator(".correct-bottom")).to_contain_text("1/12 defects checked")


@pytest.mark.parametrize("key", ["x", "Delete"])
def test_x_deletes_and_goes_to_the_next(screen, key):
    order = [defect["id"] for defect in screen.draft()["defects"]]
    screen.press("Tab")
    with screen.gesture("delete"):
        screen.press(key)
    assert selected(screen) == [order[1]]
    assert [ghost["id"] for ghost in screen.draft()["ghosts"]] == [order[0]]


def test_f_zooms_to_the_defect_with_the_brush_in_hand(screen, truth):
    screen.click(*truth.centres[2])
    before = zoom(screen)
    screen.press("f")
    expect(screen.page.get_by_role("button", name="Brush", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert zoom(screen) != before


def test_u_ignores_and_r_brings_back(screen, truth):
    row, column = truth.centres[7]
    before = screen.mask()
    screen.click(row, column)
    with screen.gesture("ignore"):
        screen.press("u")
    assert screen.mask()[row, column] == 255
    with screen.gesture("undo"):
        screen.press("Control+z")
    screen.press("0")
    screen.click(row, column)
    with screen.gesture("delete"):
        screen.press("x")
    screen.press("0")
    screen.click(row, column)
    with screen.gesture("restore"):
        screen.press("r")
    assert np.array_equal(screen.mask(), before)


def test_shift_g_fills_the_holes_of_the_selection(screen, truth):
    row, column = truth.centres[-1]
    before = screen.mask()
    screen.tool("e")
    screen.radius(2)
    with screen.gesture("brush"):
        screen.click(row, column)
    screen.tool("v")
    screen.click(row, column + 6)
    with screen.gesture("fill_holes"):
        screen.press("Shift+G")
    assert np.array_equal(screen.mask(), before)


def test_shift_x_asks_what_to_delete(screen):
    screen.press("Shift+X")
    expect(screen.page.get_by_role("dialog", name="Delete many")).to_be_visible()
    screen.press("Escape")


def test_numbers_choose_the_class_of_what_tools_paint(screen):
    for key, name in [("2", "crack"), ("1", "pore"), ("2", "crack"), ("3", "crack")]:
        screen.press(key)  # there is no third class
        button = screen.page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-pressed", "true")
    screen.tool("b")
    with screen.gesture("brush"):
        screen.click(85, 85)
    assert screen.mask()[85, 85] == 2


def test_brackets_change_the_size_of_the_brush(screen):
    screen.tool("b")
    screen.radius(8)
    size = screen.page.locator("label:has-text('Size') output")
    screen.press("]")
    assert float(size.inner_text().split()[0]) > 8
    screen.press("[", "[")
    assert float(size.inner_text().split()[0]) < 8


def test_h_and_d_change_the_overlay(screen):
    layer = screen.page.get_by_label("Overlay")
    seen = [layer.input_value()]
    for _ in range(4):
        screen.press("h")
        seen.append(layer.input_value())
    assert seen == ["none", "confidence", "difference", "uncertainty", "none"]
    screen.press("d")
    expect(layer).to_have_value("difference")
    screen.press("d")
    expect(layer).to_have_value("none")


def test_the_confidence_layer_is_seen(screen, truth):
    plain = screen.seen(*truth.centres[-1])
    screen.press("h")
    screen.page.wait_for_load_state("networkidle")
    screen.settle()
    assert np.abs(screen.seen(*truth.centres[-1]) - plain).max() > 10
    screen.page.get_by_label("Overlay").select_option("none")


def test_t_flips_to_the_etched_twin_in_the_same_place(page, server, truth):
    screen = truth.Screen(page, server, "plate01").open()
    polished, place = screen.seen(200, 158), zoom(screen)
    assert polished.mean() > 150
    screen.press("t")
    page.wait_for_load_state("networkidle")
    screen.settle()
    assert screen.seen(200, 158).mean() < 100  # the twin is the negative
    assert zoom(screen) == place
    screen.press("t")
    screen.settle()
    assert np.abs(screen.seen(200, 158) - polished).max() < 5


def test_zoom_keys(screen):
    whole = zoom(screen)
    screen.press("9")
    assert zoom(screen).startswith("100")
    for key, back in [("+", "-"), ("=", "-")]:
        screen.press("0", key)
        assert zoom(screen) != whole
        screen.press(back)
        assert zoom(screen) == whole


def test_redo_has_two_keys(screen):
    screen.tool("b")
    with screen.gesture("brush"):
        screen.click(85, 85)
    for key in ("Control+y", "Control+Shift+Z"):
        with screen.gesture("undo"):
            screen.press("Control+z")
        assert screen.mask()[85, 85] == 0
        with screen.gesture("redo"):
            screen.press(key)
        assert screen.mask()[85, 85] == 1


def test_space_held_hides_all_overlays(screen, truth):
    shown = screen.seen(*truth.centres[-1])
    screen.page.keyboard.down(" ")
    hidden = screen.seen(*truth.centres[-1])
    screen.page.keyboard.up(" ")
    screen.settle()
    assert hidden.max() - hidden.min() < 3 < shown.max() - shown.min()  # gray, not coloured
    assert np.abs(screen.seen(*truth.centres[-1]) - shown).max() < 3


def test_a_key_can_be_changed_and_stays_changed(screen, truth):
    screen.press("?")
    dialog = screen.page.get_by_role("dialog", name="Keys")
    dialog.get_by_role("button", name="Change the key of: Accept and go to the next").click()
    screen.press("j")
    dialog.get_by_role("button", name="Close").click()
    expect(screen.page.locator("dialog")).to_have_count(0)
    screen.reload()
    screen.click(*truth.centres[0])
    with screen.gesture("accept"):
        screen.press("j")
    screen.press("?")
    dialog.get_by_role("button", name="The usual keys").click()
    dialog.get_by_role("button", name="Close").click()
    expect(screen.page.locator("dialog")).to_have_count(0)
    screen.stage.focus()
    screen.press("0")
    screen.click(*truth.centres[1])
    expect(screen.page.locator(".correct-card[aria-selected=true]")).to_have_count(1)
    with screen.gesture("accept"):
        screen.press("a")


def test_an_image_is_corrected_by_keyboard_alone(screen, truth):
    """All black pores accepted but one deleted, the faint one added, one touched up, image done."""
    keys = screen.page.keyboard
    for number in range(12):
        if number == 0:
            keys.press("Tab")
        with screen.gesture("delete" if number == 5 else "accept"):
            keys.press("x" if number == 5 else "a")
    middle = (screen.shape[0] // 2, screen.shape[1] // 2)
    here = move(screen, middle, truth.faint, "s")
    with screen.gesture("click"):
        keys.press(".")
    assert screen.mask()[truth.faint] == 1
    row, column = move(screen, here, (160, 140), "b")
    keys.press(".")
    for _ in range(6):
        keys.press("ArrowRight")
    with screen.gesture("brush"):
        keys.press(".")
    assert (screen.mask()[row, column : column + 6 * step(screen)] == 1).all()
    assert screen.draft()["n_to_check"] == 0
    keys.press("Enter")
    expect(screen.page.get_by_role("dialog", name="Image done")).to_be_visible()
    keys.press("Enter")
    expect(screen.page.get_by_role("heading", level=1)).not_to_have_text(screen.name)
    assert screen.draft()["state"] == "done"


def step(screen):
    """Pixels that an arrow moves the keyboard's pointer: eight on the screen."""
    frame = screen.stage.bounding_box()
    scale = min((frame["width"] - 48) / screen.shape[1], (frame["height"] - 48) / screen.shape[0])
    return max(1, round(8 / scale))


def move(screen, start, target, tool):
    """Bring the keyboard's pointer near a place of the image, with a tool in hand; tells where."""
    screen.press("0", tool)
    here = list(start)
    for axis, (less, more) in enumerate([("ArrowUp", "ArrowDown"), ("ArrowLeft", "ArrowRight")]):
        n = round((target[axis] - start[axis]) / step(screen))
        for _ in range(abs(n)):
            screen.press(more if n > 0 else less)
        here[axis] += n * step(screen)
    return tuple(here)
