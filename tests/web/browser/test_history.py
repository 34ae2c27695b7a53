"""Undo and redo: one gesture a step, 200 steps and more, after a reload as before it."""

import numpy as np
from playwright.sync_api import expect

N_STEPS = 200


def paint(screen, *places):
    """One dot a place, each a gesture."""
    for place in places:
        with screen.gesture("brush"):
            screen.click(*place)


def test_undo_and_redo_go_step_by_step_after_a_reload(screen):
    masks = [screen.mask()]
    screen.tool("b")
    screen.radius(4)
    for place in [(85, 85), (85, 230), (160, 85)]:
        paint(screen, place)
        masks.append(screen.mask())
    screen.reload()
    for expected in masks[-2::-1]:
        with screen.gesture("undo"):
            screen.press("Control+z")
        assert np.array_equal(screen.mask(), expected)
    for expected in masks[1:]:
        with screen.gesture("redo"):
            screen.press("Control+y")
        assert np.array_equal(screen.mask(), expected)


def test_buttons_do_what_the_keys_do(screen):
    before = screen.mask()
    undo = screen.page.get_by_role("button", name="Undo")
    redo = screen.page.get_by_role("button", name="Redo")
    expect(undo).to_be_disabled()
    screen.tool("b")
    paint(screen, (85, 85))
    painted = screen.mask()
    with screen.gesture("undo"):
        undo.click()
    assert np.array_equal(screen.mask(), before)
    with screen.gesture("redo"):
        redo.click()
    assert np.array_equal(screen.mask(), painted)
    expect(redo).to_be_disabled()


def test_undo_changes_neither_tool_nor_class(screen):
    screen.tool("b")
    screen.press("2")
    paint(screen, (85, 85))
    with screen.gesture("undo"):
        screen.press("Control+z")
    for name in ("Brush", "crack"):
        pressed = screen.page.get_by_role("button", name=name, exact=True)
        expect(pressed).to_have_attribute("aria-pressed", "true")


def test_a_verdict_can_be_undone(screen, truth):
    before = screen.mask()
    screen.click(*truth.centres[3])
    with screen.gesture("delete"):
        screen.press("x")
    with screen.gesture("undo"):
        screen.press("Control+z")
    assert np.array_equal(screen.mask(), before)
    assert screen.defect(*truth.centres[3])["state"] == "predicted"


def test_a_new_gesture_ends_what_could_be_redone(screen):
    screen.tool("b")
    paint(screen, (85, 85))
    with screen.gesture("undo"):
        screen.press("Control+z")
    paint(screen, (85, 230))
    expect(screen.page.get_by_role("button", name="Redo")).to_be_disabled()


def test_two_hundred_gestures_are_undone_after_a_reload(screen):
    before = screen.mask()
    screen.tool("b")
    screen.radius(1)
    metal = [(row, column) for row in range(66, 106, 5) for column in range(10, 310, 12)]
    for place in metal[:N_STEPS]:
        screen.click(*place)
    screen.settle()
    assert screen.draft()["version"] == N_STEPS
    assert (screen.mask() != before).sum() >= N_STEPS
    screen.reload()
    for _ in range(N_STEPS):
        screen.press("Control+z")
    screen.settle()
    assert np.array_equal(screen.mask(), before)
    assert not screen.draft()["can_undo"]
