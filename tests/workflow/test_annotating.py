"""The desk: gestures kept before they are answered, undone, replayed, finished, inherited."""

import base64
import sqlite3
import uuid
import zlib

import numpy as np
import pytest

from sorby.annotate.boxes import reduced
from sorby.annotate.journal import toggle
from sorby.core.errors import ProjectError, ReviewError, SettingError
from sorby.defects import label_instances
from sorby.project import DATABASE, Project
from sorby.workflow.annotating import Desk
from sorby.workflow.operations import KINDS

NAME = "p0"


def operation(kind, base, *, mode="correct", seconds=1.5, n_actions=1, name=None, **gesture):
    return {
        "uuid": name or str(uuid.uuid4()),
        "kind": kind,
        "seconds": seconds,
        "n_actions": n_actions,
        "mode": mode,
        "base": base,
        "gesture": gesture,
    }


@pytest.fixture(scope="module")
def predicted_once(labs, tmp_path_factory):
    """Four fields with the masks of the method without labels."""
    samples = [labs.Sample(f"p{n}", *labs.metal(n), "S", "pool", "2.0") for n in range(3)]
    samples.append(labs.Sample("t0", *labs.metal(9), "T", "test"))
    study = labs.write_study(tmp_path_factory.mktemp("desk"), samples)
    with Desk(study.folder) as desk:
        desk.open(NAME)
    return study


@pytest.fixture
def folder(predicted_once, tmp_path):
    import shutil

    shutil.copytree(predicted_once.folder, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def desk(folder):
    with Desk(folder, author="Ada") as desk:
        yield desk


def brush(at=(5, 5), radius=3.0, value=1, base=1, **more):
    return operation("brush", base, points=[list(at)], radius_px=radius, value=value, **more)


def reopened(desk, name=NAME, mode="correct"):
    """Draft and mask as another desk finds them on the disk."""
    with Desk(desk.project.folder, author="Ada") as other:
        return other.open(name, mode), other.working_mask(name, mode).copy()


def test_a_field_without_a_mask_gets_one_as_it_is_opened(desk):
    draft = desk.open("p1")
    assert (draft["base"], draft["version"], draft["state"]) == (1, 0, "predicted")
    found = label_instances(desk.working_mask("p1"))
    assert len(draft["defects"]) == draft["n_to_check"] == found.max() > 0
    gains = [defect["gain"] for defect in draft["defects"]]
    assert gains == sorted(gains, reverse=True) and gains[-1] > 0
    one = draft["defects"][0]
    assert one["area_um2"] == 4 * one["area_px"]
    assert one["gain"] == pytest.approx((1 - one["confidence"]) * one["area_px"])


def test_a_stroke_is_on_the_disk_when_it_is_answered(desk):
    desk.open(NAME)
    before = desk.working_mask(NAME).copy()
    answer = desk.apply(NAME, brush())
    top, left, bottom, right = answer["patch"]["box"]
    values = np.frombuffer(zlib.decompress(base64.b64decode(answer["patch"]["values"])), np.uint8)
    before[top:bottom, left:right] = values.reshape(bottom - top, right - left)
    assert answer["seq"] == answer["version"] == 1
    assert answer["state"] == "in review" and answer["can_undo"] and not answer["can_redo"]
    draft, mask = reopened(desk)
    assert np.array_equal(mask, before) and np.array_equal(mask, desk.working_mask(NAME))
    assert draft == desk.open(NAME)


def test_the_same_gesture_again_is_answered_alike_and_not_done_twice(desk):
    desk.open(NAME)
    once = brush()
    answer = desk.apply(NAME, once)
    desk.apply(NAME, brush(at=(50, 50), value=0, radius=40.0))
    mask = desk.working_mask(NAME).copy()
    assert desk.apply(NAME, once) == answer
    assert np.array_equal(desk.working_mask(NAME), mask)
    assert desk.open(NAME)["version"] == 2
    with pytest.raises(SettingError, match="p0"):
        desk.apply("p1", once)


def test_200_gestures_are_undone_and_redone_across_a_restart(folder):
    rng = np.random.default_rng(0)
    with Desk(folder, author="Ada") as desk:
        desk.open(NAME)
        masks = [desk.working_mask(NAME).copy()]
        for _ in range(200):
            at = rng.integers(0, 96, 2).tolist()
            value = 1 - int(masks[-1][tuple(at)])
            desk.apply(NAME, brush(at=at, radius=float(rng.uniform(1, 5)), value=value))
            masks.append(desk.working_mask(NAME).copy())
        whole = desk.open(NAME)
    with Desk(folder, author="Ada") as desk:
        for mask in reversed(masks[:-1]):
            answer = desk.apply(NAME, operation("undo", 1))
            assert np.array_equal(desk.working_mask(NAME), mask)
        assert not answer["can_undo"] and answer["can_redo"]
        with pytest.raises(ReviewError, match="nothing to undo"):
            desk.apply(NAME, operation("undo", 1))
    with Desk(folder, author="Ada") as desk:
        for mask in masks[1:]:
            desk.apply(NAME, operation("redo", 1))
            assert np.array_equal(desk.working_mask(NAME), mask)
        again = desk.open(NAME)
    for draft in (whole, again):
        draft.pop("version")
    assert again == whole


def test_a_gesture_after_undo_drops_what_could_be_redone_and_keeps_its_effort(desk):
    desk.open(NAME)
    desk.apply(NAME, brush(seconds=7.0))
    desk.apply(NAME, operation("undo", 1))
    answer = desk.apply(NAME, brush(at=(60, 60)))
    assert not answer["can_redo"]
    with pytest.raises(ReviewError, match="nothing to redo"):
        desk.apply(NAME, operation("redo", 1))
    effort = desk.project.journal.effort()
    assert list(effort["standing"]) == ["dropped", "live", "live"]
    assert effort["seconds"].sum() == 10.0


def test_a_gesture_that_changes_nothing_is_no_step_of_undo(desk):
    desk.open(NAME)
    desk.apply(NAME, brush())
    desk.apply(NAME, operation("undo", 1))
    answer = desk.apply(NAME, brush(value=0))
    assert (answer["patch"], answer["can_undo"], answer["can_redo"]) == (None, False, True)
    assert reopened(desk)[0]["can_redo"]


def test_verified_defects_no_longer_wait(desk):
    draft = desk.open(NAME)
    first, second, *_ = (defect["id"] for defect in draft["defects"])
    answer = desk.apply(NAME, operation("accept", 1, defects=[first]))
    assert answer["patch"] is None and answer["n_to_check"] == draft["n_to_check"] - 1
    assert [(d["id"], d["state"], d["author"]) for d in answer["changed"]] == [
        (first, "accepted", "Ada")
    ]
    answer = desk.apply(NAME, operation("reject", 1, defects=[second]))
    assert answer["removed"] == [second] and answer["changed"][0]["state"] == "rejected"
    answer = desk.apply(NAME, operation("accept_rest", 1))
    assert answer["n_to_check"] == 0
    states = {d["state"] for d in desk.open(NAME)["defects"]}
    assert states == {"accepted"}
    assert [g["id"] for g in desk.open(NAME)["ghosts"]] == [second]


def test_porosity_is_counted_as_in_the_whole_mask(desk):
    draft = desk.open(NAME)
    for one in (brush(), brush(at=(40, 40), value=255), brush(at=(70, 20), value=0, radius=9.0)):
        told = desk.apply(NAME, one)["porosity"]
        mask = desk.working_mask(NAME)
        assert told["fraction"] == pytest.approx(np.mean(mask[mask != 255] > 0))
        assert told["low"] <= told["fraction"] <= told["high"]
    assert draft["porosity"]["low"] < draft["porosity"]["fraction"]
    told = desk.apply(NAME, operation("accept_rest", 1))["porosity"]
    assert told["low"] == pytest.approx(told["high"])


def test_a_ghost_comes_back_under_its_number(desk):
    draft = desk.open(NAME)
    before, number = desk.working_mask(NAME).copy(), draft["defects"][0]["id"]
    desk.apply(NAME, operation("delete", 1, defects=[number]))
    assert not np.array_equal(desk.working_mask(NAME), before)
    answer = desk.apply(NAME, operation("restore", 1, ghost=number))
    assert [(d["id"], d["state"]) for d in answer["changed"]] == [(number, "accepted")]
    assert np.array_equal(desk.working_mask(NAME), before)
    assert desk.open(NAME)["ghosts"] == []
    desk.apply(NAME, operation("ignore", 1, defects=[number]))
    assert desk.open(NAME)["ghosts"][0]["state"] == "ignored"
    desk.apply(NAME, operation("restore", 1, ghost=number))
    assert np.array_equal(desk.working_mask(NAME), before)


def test_many_are_deleted_by_box_and_by_size_and_confidence(desk):
    draft = desk.open(NAME)
    by_area = sorted(draft["defects"], key=lambda d: d["area_px"])
    limit = by_area[0]["area_px"]
    answer = desk.apply(NAME, operation("delete_where", 1, max_area_px=limit))
    assert answer["removed"] == [d["id"] for d in by_area if d["area_px"] <= limit]
    desk.apply(NAME, operation("delete_box", 1, box=[0, 0, 96, 112]))
    assert desk.open(NAME)["defects"] == []
    assert not (desk.working_mask(NAME) == 1).any()
    desk.apply(NAME, operation("undo", 1))
    desk.apply(NAME, operation("undo", 1))
    assert len(desk.open(NAME)["defects"]) == len(draft["defects"])


def test_done_waits_for_the_queue_and_makes_a_persons_mask(desk):
    desk.open(NAME)
    with pytest.raises(ReviewError, match="wait to be checked"):
        desk.apply(NAME, operation("done", 1))
    desk.apply(NAME, brush())
    desk.apply(NAME, operation("accept_rest", 1))
    answer = desk.apply(NAME, operation("done", 1))
    assert answer["state"] == "done"
    stored = desk.project.masks()[NAME]
    assert (stored.version, stored.source, stored.method, stored.author) == (
        2, "person", "corrected", "Ada",
    )  # fmt: skip
    assert np.array_equal(desk.project.read_mask(stored), desk.working_mask(NAME))
    with pytest.raises(ReviewError, match="reopen"):
        desk.apply(NAME, brush(at=(70, 70)))
    desk.apply(NAME, operation("done", 1))
    assert desk.project.masks()[NAME].version == 2
    answer = desk.apply(NAME, operation("reopen", 1))
    assert answer["can_undo"] and answer["state"] == "in review"
    assert reopened(desk)[0]["state"] == "in review"
    desk.apply(NAME, operation("undo", 1))  # the acceptance
    assert desk.open(NAME)["n_to_check"] > 0


def test_what_is_accepted_unchanged_counts_as_a_persons(desk):
    desk.open(NAME)
    before = desk.project.masks()[NAME]
    desk.apply(NAME, operation("accept_rest", 1))
    desk.apply(NAME, operation("done", 1))
    stored = desk.project.masks()[NAME]
    assert (stored.source, stored.method) == ("person", "accepted")
    assert np.array_equal(desk.project.read_mask(stored), desk.project.read_mask(before))


def predict_again(desk, mask, name=NAME):
    """A model gives the field another mask."""
    field = next(f for f in desk.project.fields() if f.name == name)
    desk.project.add_mask(field, mask, source="model", method="model 2")


def test_a_prediction_does_not_ask_again_for_what_was_rejected(desk):
    draft = desk.open(NAME)
    mask = desk.working_mask(NAME).copy()
    gone, kept = draft["defects"][0]["id"], draft["defects"][1]["id"]
    desk.apply(NAME, operation("delete", 1, defects=[gone]))
    desk.apply(NAME, operation("accept", 1, defects=[kept]))
    box = draft["defects"][0]["box"]
    assert desk.open(NAME)["state"] == "in review"
    wider = mask.copy()
    wider[box[0] : box[2], box[3] : box[3] + 1] = 1  # not the same pixels, but mostly
    predict_again(desk, wider)
    assert desk.open(NAME)["state"] == "conflict"
    answer = desk.apply(NAME, operation("resolve", 1, keep="mask"))
    assert answer["reload"]
    fresh = desk.open(NAME)
    assert fresh["base"] == 2 and fresh["state"] == "predicted" and not fresh["can_undo"]
    assert not (desk.working_mask(NAME)[box[0] : box[2], box[1] : box[3]] == 1).all()
    assert len(fresh["ghosts"]) == 1 and len(fresh["defects"]) == len(draft["defects"]) - 1
    assert [d["state"] for d in fresh["defects"]].count("accepted") == 1
    ids = {d["id"] for d in draft["defects"]}
    assert not ids & {d["id"] for d in fresh["defects"]}
    again, found = reopened(desk)
    assert again == fresh and np.array_equal(found, desk.working_mask(NAME))


def test_a_draft_kept_in_a_conflict_is_finished_on_top(desk):
    desk.open(NAME)
    desk.apply(NAME, brush())
    predict_again(desk, np.zeros((96, 112), np.uint8))
    assert desk.apply(NAME, brush(at=(60, 60)))["state"] == "conflict"
    assert desk.apply(NAME, operation("resolve", 1, keep="draft"))["state"] == "in review"
    desk.apply(NAME, operation("accept_rest", 1))
    desk.apply(NAME, operation("done", 1))
    stored = desk.project.masks()[NAME]
    assert (stored.version, stored.source) == (3, "person")
    assert np.array_equal(desk.project.read_mask(stored), desk.working_mask(NAME))


def test_an_untouched_draft_makes_way_for_a_new_mask(desk):
    desk.open(NAME)
    predict_again(desk, np.zeros((96, 112), np.uint8))
    fresh = desk.open(NAME)
    assert (fresh["base"], fresh["state"], fresh["defects"]) == (2, "predicted", [])


def test_gestures_made_while_cut_off_find_their_old_mask_again(desk):
    desk.open(NAME)
    mask = desk.working_mask(NAME).copy()
    predict_again(desk, np.zeros((96, 112), np.uint8))
    desk.open(NAME)
    assert desk.apply(NAME, brush(base=1))["state"] == "conflict"
    mask[2:9, 2:9] |= desk.working_mask(NAME)[2:9, 2:9]
    assert np.array_equal(desk.working_mask(NAME), mask)
    with pytest.raises(ReviewError, match="version 2"):
        desk.apply(NAME, brush(base=2))


def test_from_nothing_is_a_draft_of_its_own_and_replaces_no_mask(desk):
    desk.open(NAME)
    empty = desk.open(NAME, "from_nothing")
    assert (empty["base"], empty["defects"], empty["state"]) == (0, [], "in review")
    desk.apply(NAME, brush(base=0, mode="from_nothing"))
    answer = desk.apply(NAME, operation("done", 0, mode="from_nothing"))
    assert answer["state"] == "done"
    assert desk.project.masks()[NAME].version == 1
    assert desk.open(NAME)["version"] == 0
    draft, mask = reopened(desk, mode="from_nothing")
    assert len(draft["defects"]) == 1 and (mask == 1).sum() == 29


def test_a_persons_mask_is_done_and_can_be_opened_again(desk):
    field = next(f for f in desk.project.fields() if f.name == "p2")
    mask = np.zeros(field.shape, np.uint8)
    mask[5:15, 5:15] = 1
    desk.project.add_mask(field, mask, source="person", method="drawn", author="Bo")
    draft = desk.open("p2")
    assert (draft["state"], draft["n_to_check"]) == ("done", 0)
    assert [(d["state"], d["author"]) for d in draft["defects"]] == [("accepted", "Bo")]
    desk.apply("p2", operation("reopen", 1))
    desk.apply("p2", brush(at=(60, 60)))
    desk.apply("p2", operation("done", 1))
    assert desk.project.masks()["p2"].version == 2


def test_a_test_field_says_that_it_is_locked(desk):
    assert desk.open("t0")["state"] == "locked for test"


@pytest.mark.parametrize(
    ("kind", "gesture", "about"),
    [
        ("paint", {}, "kind"),
        ("brush", {"points": [], "radius_px": 3, "value": 1}, "points"),
        ("brush", {"points": [[1, float("nan")]], "radius_px": 3, "value": 1}, "points"),
        ("brush", {"points": [[1, "2"], [3]], "radius_px": 3, "value": 1}, "points"),
        ("brush", {"points": [[1, 9999]], "radius_px": 3, "value": 1}, "96 x 112"),
        ("brush", {"points": [[1, 2]] * 20001, "radius_px": 3, "value": 1}, "20001"),
        ("brush", {"points": [[1, 2]], "radius_px": 1e9, "value": 1}, "radius_px"),
        ("brush", {"points": [[1, 2]], "radius_px": -1, "value": 1}, "radius_px"),
        ("brush", {"points": [[1, 2]], "radius_px": True, "value": 1}, "radius_px"),
        ("brush", {"points": [[1, 2]], "radius_px": 3, "value": 7}, "classes"),
        ("brush", {"points": [[1, 2]], "radius_px": 3}, "value"),
        ("lasso", {"points": [[1, 2], [3, 4]], "value": 1}, "points"),
        ("class", {"defects": [1], "value": 0}, "value"),
        ("delete", {"defects": [99]}, "99"),
        ("delete", {"defects": []}, "defects"),
        ("delete", {"defects": "1"}, "defects"),
        ("delete", {"defects": [[1]]}, "number of a defect"),
        ("delete_box", {"box": [5, 5, 5, 9]}, "box"),
        ("delete_box", {"box": [5, 5, "a", 9]}, "Give"),
        ("delete_where", {}, "max_area_px"),
        ("split", {"defect": 1, "line": [[0, 0], [1, 1]]}, "cut"),
        ("merge", {"defects": [1, 1]}, "two"),
        ("restore", {"ghost": 1}, "ghost"),
        ("resolve", {"keep": "both"}, "keep"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(desk, kind, gesture, about):
    before, mask = desk.open(NAME), desk.working_mask(NAME).copy()
    with pytest.raises(SettingError, match=about):
        desk.apply(NAME, operation(kind, 1, **gesture))
    assert desk.open(NAME) == before and np.array_equal(desk.working_mask(NAME), mask)


@pytest.mark.parametrize(
    "wrong",
    [
        {"uuid": "x"},
        {"uuid": None},
        {"seconds": float("nan")},
        {"seconds": -1},
        {"n_actions": 1.5},
        {"mode": "fast"},
        {"base": "1"},
        {"gesture": []},
    ],
    ids=str,
)
def test_an_operation_that_is_no_operation_is_refused(desk, wrong):
    with pytest.raises(SettingError):
        desk.apply(NAME, brush() | wrong)


def test_an_unknown_field_is_refused(desk):
    with pytest.raises(SettingError, match="no field"):
        desk.open("nothing")


def test_a_disk_that_refuses_leaves_everything_as_it_was(desk, monkeypatch):
    before, mask = desk.open(NAME), desk.working_mask(NAME).copy()
    connection = sqlite3.connect(desk.project.folder / DATABASE, timeout=0.1)
    desk.project._connection.execute("PRAGMA busy_timeout = 50")
    connection.execute("BEGIN IMMEDIATE")  # another program holds the database
    with pytest.raises(ProjectError):
        desk.apply(NAME, brush())
    connection.close()
    assert desk.open(NAME) == before and np.array_equal(desk.working_mask(NAME), mask)
    assert desk.apply(NAME, brush())["seq"] == 1


def test_a_second_program_that_corrects_the_same_field_is_followed(desk):
    desk.open(NAME)
    with Desk(desk.project.folder, author="Bo") as other:
        other.apply(NAME, brush())
    answer = desk.apply(NAME, brush(at=(60, 60)))
    assert answer["seq"] == 2
    assert np.array_equal(reopened(desk)[1], desk.working_mask(NAME))


def test_the_mask_is_its_base_and_the_live_differences(desk):
    """An independent replay: straight from the tables, without the desk."""
    desk.open(NAME)
    for k in range(8):
        desk.apply(NAME, brush(at=(10 * k, 10 * k), radius=6.0 - k % 2))
    desk.apply(NAME, operation("undo", 1))
    with Project.open(desk.project.folder) as project:
        mask = project.read_mask(project.masks()[NAME])
        rows = project._connection.execute(
            "SELECT difference FROM gesture WHERE standing = 'live' AND difference <> x''"
        ).fetchall()
    assert len(rows) >= 6  # the last stroke may fall on a defect
    for row in rows:
        toggle(mask, row["difference"])
    assert np.array_equal(mask, desk.working_mask(NAME))


def test_reduced_tiles_show_every_defect_and_hide_none_behind_ignored_pixels():
    mask = np.zeros((5, 6), np.uint8)
    mask[0, 1], mask[2:4, :2], mask[4, 5] = 2, 255, 1
    mask[2, 2] = 255
    assert reduced(mask, 2).tolist() == [[2, 0, 0], [255, 0, 0], [0, 0, 1]]


def test_tiles_are_cut_from_the_working_mask(desk):
    desk.open(NAME)
    mask = desk.working_mask(NAME)
    assert np.array_equal(desk.mask_tile(NAME, (64, 64, 128, 128)), mask[64:96, 64:112])
    assert np.array_equal(desk.mask_tile(NAME, (0, 0, 96, 112), 4), reduced(mask, 4))


def test_drafts_not_used_for_longest_are_let_go(desk, monkeypatch):
    monkeypatch.setattr("sorby.workflow.annotating.MOST_OPEN_PX", 2 * 96 * 112)
    desk.open("p0")
    desk.apply("p0", brush())
    mask = desk.working_mask("p0").copy()
    for name in ("p1", "p2", "p1"):
        desk.open(name)
    assert [name for name, _ in desk._open] == ["p2", "p1"]
    assert np.array_equal(desk.working_mask("p0"), mask)


def test_outlines_are_cut_anew_and_still_wait(desk):
    draft = desk.open(NAME)
    mask = desk.working_mask(NAME).copy()
    assert draft["can_recut"]
    answer = desk.apply(NAME, operation("recut", 1, threshold=0.8))
    assert (desk.working_mask(NAME) == 1).sum() < (mask == 1).sum()
    assert answer["n_to_check"] == len(desk.open(NAME)["defects"])
    assert np.array_equal(reopened(desk)[1], desk.working_mask(NAME))
    desk.apply(NAME, operation("undo", 1))
    assert np.array_equal(desk.working_mask(NAME), mask)
    desk.open(NAME, "from_nothing")
    with pytest.raises(ReviewError, match="probability"):
        desk.apply(NAME, operation("recut", 0, mode="from_nothing", threshold=0.8))


def test_click_adds_a_missed_pore_and_wand_takes_like_gray(desk):
    draft = desk.open(NAME)
    mask = desk.working_mask(NAME).copy()
    missed = max(draft["defects"], key=lambda one: one["area_px"])
    box = missed["box"]
    desk.apply(
        NAME,
        operation(
            "lasso",
            1,
            value=0,
            points=[
                [box[0] - 1, box[1] - 1],
                [box[0] - 1, box[3]],
                [box[2], box[3]],
                [box[2], box[1] - 1],
            ],
        ),
    )
    answer = desk.apply(NAME, operation("click", 1, point=missed["point"], value=1))
    (found,) = answer["changed"]
    assert found["state"] == "added" and found["id"] > missed["id"]
    both = (desk.working_mask(NAME) == 1) & (mask == 1)
    assert both.sum() >= 0.7 * ((desk.working_mask(NAME) == 1) | (mask == 1)).sum()
    answer = desk.apply(NAME, operation("wand", 1, point=missed["point"], tolerance=0.3, value=0))
    assert answer["removed"] == [found["id"]] and answer["changed"] == []
    with pytest.raises(SettingError, match="96 x 112"):
        desk.apply(NAME, operation("click", 1, point=[200, 5], value=1))
    with pytest.raises(SettingError, match="tolerance"):
        desk.apply(NAME, operation("wand", 1, point=[20, 5], tolerance=2, value=1))


JSON = [
    None, True, 0, 1, -1, 3, 2.5, float("nan"), float("inf"), 10**400, "", "1", "nan", [], {},
    [[]], [1], [[1, 2]], [[1, 2], [3, 4]], [[1, 2], [3, 90], [50, 50]], [[1, 2, 3]], [["a", {}]],
    [0, 0, 90, 90], [0, 0, 1e9, "x"], [[10**400, 1]], {"a": [1]}, [True, False],
]  # fmt: skip
NAMES = [
    "points", "radius_px", "value", "unignore", "point", "tolerance", "defects", "defect", "line",
    "box", "max_area_px", "max_confidence", "ghost", "threshold", "keep",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_sent_is_done_or_refused_and_leaves_a_sound_draft(desk, seed):
    rng = np.random.default_rng(seed)
    desk.open(NAME)
    for _ in range(150):
        kind = str(rng.choice(sorted(KINDS)))
        said = {name: JSON[rng.integers(len(JSON))] for name in NAMES if rng.random() < 0.7}
        try:
            desk.apply(NAME, operation(kind, 1, **said))
        except (SettingError, ReviewError):
            continue
    whole, mask = reopened(desk)
    assert whole == desk.open(NAME) and np.array_equal(mask, desk.working_mask(NAME))
    found = label_instances(mask)
    assert len(whole["defects"]) == found.max()
    assert sum(defect["area_px"] for defect in whole["defects"]) == (found > 0).sum()
