"""Every tool of the editor does to the mask what it shows, in a real browser.

What a stroke must paint is worked out here from the rule of the editor's contract: a pixel is
painted where its centre is no farther from the stroke than the radius.
"""

import itertools

import numpy as np
import pytest
from scipy import ndimage

FREE = (160, 158)  # metal, far from every pore


def near(points, radius, shape):
    """Pixels no farther than a radius from a polyline."""
    rows, columns = np.indices(shape)
    inside = np.zeros(shape, bool)
    ends = list(itertools.pairwise(points)) or [(points[0], points[0])]
    for (r0, c0), (r1, c1) in ends:
        length = (r1 - r0) ** 2 + (c1 - c0) ** 2
        t = ((rows - r0) * (r1 - r0) + (columns - c0) * (c1 - c0)) / (length or 1)
        t = t.clip(0, 1)
        far = (rows - r0 - t * (r1 - r0)) ** 2 + (columns - c0 - t * (c1 - c0)) ** 2
        inside |= far <= radius**2
    return inside


def sent(response):
    """The gesture of a request, and what the server answered."""
    return response.value.request.post_data_json["gesture"], response.value.json()


def test_the_first_look_shows_a_mask_of_every_black_pore(screen, truth):
    draft = screen.draft()
    assert draft["n_to_check"] == len(draft["defects"]) == len(truth.centres)
    for (row, column), radius in zip(truth.centres, truth.radii, strict=True):
        defect = screen.defect(row, column)
        assert defect["state"] == "predicted"
        assert defect["area_px"] == pytest.approx(np.pi * radius**2, rel=0.25)
    assert screen.page.locator(".correct-bottom").inner_text().startswith("0/12")


def test_brush_paints_what_lies_within_its_radius(screen):
    before = screen.mask()
    screen.tool("b")
    radius = screen.radius(5)
    with screen.gesture("brush") as response:
        screen.drag(FREE, (170, 190), (150, 200))
    gesture, answer = sent(response)
    assert gesture["radius_px"] == radius
    assert np.hypot(*np.subtract(gesture["points"][0], FREE)) < 0.75
    expected = before.copy()
    expected[near(gesture["points"], radius, before.shape)] = 1
    assert np.array_equal(screen.mask(), expected)
    assert [d["state"] for d in answer["changed"]] == ["added"]


def test_eraser_takes_away_what_lies_within_its_radius(screen, truth):
    before = screen.mask()
    row, column = truth.centres[-1]
    screen.tool("e")
    radius = screen.radius(4)
    with screen.gesture("brush") as response:
        screen.drag((row, column + 9), (row, column + 5))
    gesture, answer = sent(response)
    expected = before.copy()
    expected[near(gesture["points"], radius, before.shape)] = 0
    assert gesture["value"] == 0
    assert (before != expected).sum() > 0
    assert np.array_equal(screen.mask(), expected)
    assert [d["state"] for d in answer["changed"]] == ["edited"]


def test_alt_erases_with_the_brush_in_hand(screen, truth):
    row, column = truth.centres[-1]
    screen.tool("b")
    screen.radius(4)
    with screen.gesture("brush") as response:
        screen.drag((row, column + 9), (row, column + 5), held=["Alt"])
    assert sent(response)[0]["value"] == 0
    assert screen.mask()[row, column + 8] == 0


def test_shift_paints_in_verify_without_a_tool_menu(screen):
    with screen.gesture("brush") as response:
        screen.drag(FREE, (160, 170), held=["Shift"])
    assert sent(response)[0]["value"] == 1
    assert screen.mask()[FREE] == 1


@pytest.mark.parametrize("key, kind", [("w", "wand"), ("s", "click")])
def test_one_click_adds_a_missed_pore(screen, truth, key, kind):
    before = screen.mask()
    assert before[truth.faint] == 0
    screen.tool(key)
    with screen.gesture(kind) as response:
        screen.click(*truth.faint)
    _, answer = sent(response)
    added = screen.mask() != before
    pore = truth.disc(*truth.faint, 6)
    assert (added & pore).sum() / (added | pore).sum() > 0.7
    assert [d["state"] for d in answer["changed"]] == ["added"]
    assert response.value.request.post_data_json["n_actions"] <= 2  # the tool's key and the click


def test_lasso_adds_the_region_drawn_around(screen):
    screen.tool("l")
    with screen.gesture("lasso"):
        screen.drag((150, 150), (150, 170), (170, 170), (170, 150), (151, 150))
    mask = screen.mask()
    assert (mask[152:169, 152:169] == 1).all()
    assert (mask[140:148, 140:180] == 0).all() and (mask[173:180, 140:180] == 0).all()


def test_lasso_takes_corners_one_by_one(screen):
    screen.tool("l")
    with screen.gesture("lasso") as response:
        for corner in [(150, 150), (150, 170), (170, 170), (170, 150), (150, 150)]:
            screen.click(*corner)
    assert len(sent(response)[0]["points"]) == 4
    assert (screen.mask()[152:169, 152:169] == 1).all()


def test_lasso_with_alt_cuts(screen, truth):
    row, column = truth.centres[-1]
    screen.tool("l")
    around = [
        (row - 15, column - 15),
        (row - 15, column),
        (row + 15, column),
        (row + 15, column - 15),
    ]
    with screen.gesture("lasso"):
        screen.drag(*around, held=["Alt"])
    mask = screen.mask()
    assert (mask[row - 12 : row + 12, column - 12 : column - 1] == 0).all()
    assert mask[row, column + 3] == 1


def test_split_makes_two_defects_of_one(screen, truth):
    row, column = truth.centres[-1]
    screen.tool("k")
    with screen.gesture("split") as response:
        screen.drag((row - 15, column), (row + 15, column))
    _, answer = sent(response)
    assert len(answer["changed"]) == 2
    areas = [d["area_px"] for d in answer["changed"]]
    assert min(areas) > 0.35 * np.pi * truth.radii[-1] ** 2
    assert screen.defect(row, column - 4)["id"] != screen.defect(row, column + 4)["id"]


def test_merge_joins_two_defects(screen, truth):
    first, second = truth.centres[-2:]
    screen.tool("m")
    screen.click(*first)
    with screen.gesture("merge") as response:
        screen.click(*second)
    _, answer = sent(response)
    assert len(answer["changed"]) == 1
    labels, _ = ndimage.label(screen.mask() == 1, np.ones((3, 3)))
    assert labels[first] == labels[second] != 0
    assert screen.defect(*first)["id"] == screen.defect(*second)["id"]


def test_fill_closes_a_hole(screen, truth):
    row, column = truth.centres[-1]
    before = screen.mask()
    screen.tool("e")
    screen.radius(2)
    with screen.gesture("brush"):
        screen.click(row, column)
    assert screen.mask()[row, column] == 0
    screen.tool("g")
    with screen.gesture("fill_holes"):
        screen.click(row, column + 6)
    assert np.array_equal(screen.mask(), before)


def test_ignore_marks_what_is_not_sample_and_alt_takes_it_back(screen, truth):
    around = [(100, 30), (100, 70), (140, 70), (140, 30)]
    row, column = truth.centres[4]
    screen.tool("i")
    with screen.gesture("lasso"):
        screen.drag(*around)
    ignored = screen.mask()
    assert (ignored[102:139, 32:69] == 255).all()
    assert screen.defect(row, column) is None or screen.defect(row, column)["state"] != "predicted"
    with screen.gesture("lasso"):
        screen.drag(*around, held=["Alt"])
    assert (screen.mask() != 255).all()


def test_one_click_deletes_a_false_positive(screen, truth):
    row, column = truth.centres[5]
    with screen.gesture("delete") as response:
        screen.click(row, column, "Control")
    assert response.value.request.post_data_json["n_actions"] == 1
    assert screen.mask()[row, column] == 0
    assert screen.defect(row, column)["state"] == "rejected"


def test_a_box_selects_many_and_one_key_deletes_them(screen, truth):
    screen.drag((30, 30), (150, 290))  # the two upper rows
    with screen.gesture("delete"):
        screen.press("x")
    draft = screen.draft()
    assert (len(draft["defects"]), len(draft["ghosts"])) == (4, 8)
    assert (screen.mask()[:160] == 0).all()


def test_many_are_deleted_by_size(screen, truth):
    limit = round(np.pi * 6.2**2)  # pores 0 to 4 are smaller than the radius 6.2
    screen.press("Shift+X")
    dialog = screen.page.get_by_role("dialog", name="Delete many")
    dialog.get_by_label("Area up to, µm²").fill(str(limit * 0.25))
    with screen.gesture("delete_where"):
        dialog.get_by_role("button", name="Delete 5 defects").click()
    mask = screen.mask()
    kept = [bool(mask[centre]) for centre in truth.centres]
    assert kept == [radius > 6.2 for radius in truth.radii]


def test_a_ghost_comes_back(screen, truth):
    before = screen.mask()
    row, column = truth.centres[5]
    with screen.gesture("delete"):
        screen.click(row, column, "Control")
    screen.press("0")
    screen.click(row, column)
    with screen.gesture("restore"):
        screen.page.get_by_role("button", name="Bring back").click()
    assert np.array_equal(screen.mask(), before)
    assert screen.defect(row, column)["state"] == "accepted"


def test_a_defect_gets_another_class(screen, truth):
    row, column = truth.centres[5]
    screen.click(row, column)
    with screen.gesture("class"):
        screen.press("2")
    mask = screen.mask()
    assert mask[row, column] == 2
    assert set(np.unique(mask)) == {0, 1, 2}


def test_pan_moves_the_image_and_changes_nothing(screen):
    before = screen.mask()
    screen.tool("p")
    there = screen.page.screenshot(clip=_middle(screen))
    screen.drag((100, 100), (120, 140))
    assert screen.page.screenshot(clip=_middle(screen)) != there
    screen.press("0")
    assert np.array_equal(screen.mask(), before)
    assert screen.draft()["version"] == 0


def _middle(screen):
    frame = screen.stage.bounding_box()
    return {"x": frame["x"] + 200, "y": frame["y"] + 150, "width": 300, "height": 300}


def test_a_pen_leaves_its_mark(screen):
    before = screen.mask()
    screen.tool("b")
    radius = screen.radius(5)
    pen = {"pointerType": "pen", "force": 0.5, "button": "left"}
    remote = screen.page.context.new_cdp_session(screen.page)
    places = [screen.at(160, column) for column in (140, 150, 160, 170)]
    with screen.gesture("brush") as response:
        for kind, (x, y) in [("mousePressed", places[0]), *(("mouseMoved", p) for p in places[1:])]:
            buttons = {"buttons": 1, "clickCount": 1}
            remote.send(
                "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **pen, **buttons}
            )
        x, y = places[-1]
        remote.send("Input.dispatchMouseEvent", {"type": "mouseReleased", "x": x, "y": y, **pen})
    expected = before.copy()
    expected[near(sent(response)[0]["points"], radius, before.shape)] = 1
    assert np.array_equal(screen.mask(), expected)


def test_a_finger_draws_and_two_fingers_move_the_image(screen):
    screen.tool("b")
    remote = screen.page.context.new_cdp_session(screen.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        remote.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    with screen.gesture("brush"):
        touch("touchStart", screen.at(160, 140))
        touch("touchMove", screen.at(160, 165))
        touch("touchEnd")
    painted = screen.mask()
    assert painted[160, 150] == 1
    there = screen.page.locator(".correct-bottom").inner_text()
    touch("touchStart", screen.at(100, 100))
    touch("touchStart", screen.at(100, 100), screen.at(140, 140))
    touch("touchMove", screen.at(80, 80), screen.at(160, 160))
    touch("touchEnd")
    assert screen.page.locator(".correct-bottom").inner_text() != there  # another zoom
    assert np.array_equal(screen.mask(), painted)


def test_what_is_painted_is_seen_before_the_gesture_ends(screen):
    screen.tool("b")
    metal = screen.seen(*FREE)
    screen.page.mouse.move(*screen.at(*FREE))
    screen.page.mouse.down()
    painted = screen.seen(*FREE)
    screen.page.mouse.up()
    assert np.abs(np.subtract(painted, metal)).max() > 20
