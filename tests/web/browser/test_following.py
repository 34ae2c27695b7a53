"""What the editor says without being asked: to a reader, and of gestures that change nothing."""

from playwright.sync_api import expect


def test_a_reader_sees_what_the_writer_does(screen, server, tab, truth):
    reader = truth.Screen(tab, server, screen.name).open()
    expect(tab.get_by_text("Another tab edits this image")).to_be_visible()
    before = reader.seen(150, 160)
    with screen.gesture("brush"):
        screen.tool("b")
        screen.radius(10)
        screen.click(150, 160)
    for _ in range(50):
        if abs(reader.seen(150, 160) - before).max() > 10:
            break
        tab.wait_for_timeout(100)
    assert abs(reader.seen(150, 160) - before).max() > 10
    progress = tab.locator(".correct-progress b")
    n_checked = int(progress.inner_text())
    with screen.gesture("delete"):
        screen.press("v", "Tab", "x")
    expect(progress).to_have_text(str(n_checked + 1))


def test_a_wand_on_what_is_labelled_says_why_nothing_happens(screen, truth):
    screen.tool("w")
    with screen.gesture("wand"):
        screen.click(*truth.faint)
    with screen.gesture("wand"):
        screen.click(*truth.faint)
    expect(screen.page.locator(".toast", has_text="Nothing to grow here")).to_be_visible()


def test_a_click_on_metal_says_that_nothing_stands_out(screen, watch):
    watch.expect("422")
    screen.tool("s")
    screen.click(10, 310)
    expect(screen.page.locator(".toast", has_text="stands out from the metal")).to_be_visible()
    toast = screen.page.locator(".toasts").bounding_box()
    for part in (".correct-tools", ".correct-side", ".correct-options", ".correct-bottom"):
        box = screen.page.locator(part).first.bounding_box()
        assert not overlap(toast, box), part


def overlap(a, b):
    across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    return across > 0 and down > 0
