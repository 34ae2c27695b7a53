"""The effort of scripted corrections, from the desk to the printed table."""

import csv
import json
import uuid

import pytest

from sorby.cli import main
from sorby.workflow import effort
from sorby.workflow.annotating import Desk


def gesture(kind, base, seconds, n_actions, *, mode="correct", **more):
    return {
        "uuid": str(uuid.uuid4()), "kind": kind, "seconds": seconds, "n_actions": n_actions,
        "mode": mode, "base": base, "gesture": more,
    }  # fmt: skip


@pytest.fixture
def worked(labs, tmp_path):
    """One field of round 1 corrected and drawn from nothing, one of no round looked at."""
    samples = [labs.Sample(f"p{n}", *labs.metal(n), "S", "pool") for n in range(2)]
    study = labs.write_study(tmp_path, samples)
    with study.open() as project:
        project.rounds.add_picks(1, ["p0"], ["first"], strategy="manual")
    with Desk(study.folder, author="Ada") as desk:
        first = desk.open("p0")["defects"][0]["id"]
        spot = {"points": [[4, 4]], "radius_px": 3, "value": 1}
        for one in (
            gesture("brush", 1, 4.0, 1, **spot),
            gesture("undo", 1, 1.0, 1),
            gesture("redo", 1, 1.0, 1),
            gesture("delete", 1, 2.0, 1, defects=[first]),
            gesture("look", 1, 10.0, 0),
            gesture("accept_rest", 1, 2.0, 1),
            gesture("done", 1, 0.0, 1),
        ):
            desk.apply("p0", one)
        desk.open("p0", "from_nothing")
        desk.apply("p0", gesture("brush", 0, 12.0, 4, mode="from_nothing", **spot))
        desk.open("p1")
        desk.apply("p1", gesture("look", 1, 3.0, 0))
    return study


def test_effort_is_counted_by_image_and_round(worked):
    answer = effort(worked.folder)
    drawn, corrected, looked = sorted(
        answer["images"], key=lambda one: (one["image"], one["mode"] == "correct")
    )
    assert (corrected["seconds"], corrected["n_actions"]) == (20.0, 6)
    assert corrected["n_corrected"] == 2 and corrected["is_done"] and corrected["author"] == "Ada"
    assert (drawn["n_defects"], drawn["seconds_per_defect"]) == (1, 12.0)
    assert looked["round"] is None and looked["n_actions"] == 0
    first = answer["rounds"][0]
    assert (first["round"], first["n_images"], first["seconds"]) == (1, 1, 20.0)
    assert first["nothing_actions_per_defect"] == 4.0
    n = corrected["n_defects"]
    assert corrected["n_in_bulk"] == n - 1 > 0  # all but the one that was painted
    assert (drawn["n_in_bulk"], looked["n_in_bulk"]) == (0, 0)
    assert (first["n_in_bulk"], first["n_images_in_bulk"]) == (n - 1, 1)
    assert first["saved_seconds"] == pytest.approx(1 - 20.0 / n / 12.0)


def test_effort_is_printed_and_written(worked, tmp_path, capsys):
    path = tmp_path / "effort.csv"
    assert main(["effort", str(worked.folder), "--csv", str(path)]) == 0
    said = capsys.readouterr().out
    assert "saved actions" in said and "in 1 images, were accepted in bulk" in said
    with path.open() as stream:
        assert [row["image"] for row in csv.DictReader(stream)] == ["p0", "p0", "p1"]
    assert main(["effort", str(worked.folder), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["images"]) == 3


def test_a_project_that_nobody_corrected_says_so(labs, tmp_path, capsys):
    study = labs.write_study(tmp_path, [labs.Sample("p0", *labs.metal(0), "S", "pool")])
    assert main(["effort", str(study.folder)]) == 0
    assert "sorby app" in capsys.readouterr().out


def test_a_defect_that_is_touched_after_bulk_is_not_in_bulk_any_more(worked):
    before = effort(worked.folder)["rounds"][0]["n_in_bulk"]
    with Desk(worked.folder, author="Ada") as desk:
        draft = desk.open("p0")
        desk.apply("p0", gesture("reopen", draft["base"], 0.0, 1))
        draft = desk.open("p0")
        chosen = next(one["id"] for one in draft["defects"] if one["state"] == "accepted")
        desk.apply("p0", gesture("delete", draft["base"], 1.0, 1, defects=[chosen]))
    assert effort(worked.folder)["rounds"][0]["n_in_bulk"] == before - 1
