"""What the pages other than the editor ask: truth in, truth out, and nothing absurd taken."""

import json
import time

import pytest

from sorby.project import Project
from sorby.workflow import measure, predict


def test_the_overview_says_what_the_project_holds(page, study):
    told = page.get("/api/project").json()
    rows = {row["name"]: row for row in told["fields"]}
    assert told["name"] == "study" and told["classes"] == ["defect"] and told["models"] == []
    assert told["status"]["n_fields"] == 6 and told["status"]["root"] == str(study.parent)
    assert rows["p0"]["has_etched"] and not rows["p1"]["has_etched"]
    assert (rows["p0"]["state"], rows["p2"]["state"]) == ("done", "new")
    assert (rows["p0"]["um_per_px"], rows["p0"]["laser_power_w"]) == (1.5, 200)
    assert rows["a/p4"]["um_per_px"] is None


def test_an_edit_is_kept_and_recorded(page, study):
    change = {"um_per_px": 0.8, "scan_speed_mm_s": "1200", "alloy": "IN718", "specimen": None}
    row = page.patch("/api/fields/a%2Fp4", json=change).json()
    assert row["um_per_px"] == 0.8 and row["scale_source"] == "a person"
    assert row["scan_speed_mm_s"] == 1200 and row["alloy"] == "IN718" and row["specimen"] is None
    with Project.open(study) as project:
        step = project.history()[-1]
        assert step.step == "edit field" and step.settings["field"] == "a/p4"
        field = next(f for f in project.fields() if f.name == "a/p4")
    assert field.um_per_px == 0.8 and field.split == "pool"
    assert page.patch("/api/fields/a%2Fp4", json={"um_per_px": None}).json()["um_per_px"] is None


ABSURD = [
    ("um_per_px", "NaN"),
    ("um_per_px", "Infinity"),
    ("um_per_px", -1),
    ("um_per_px", 0),
    ("um_per_px", 1e9),
    ("um_per_px", "1e-300"),
    ("um_per_px", True),
    ("um_per_px", [1]),
    ("laser_power_w", -200),
    ("laser_power_w", 0.2),
    ("scan_speed_mm_s", 1.2),
    ("scan_speed_mm_s", "fast"),
    ("scan_speed_mm_s", 10**400),
    ("objective_na", 40),
    ("preheat_c", -400),
    ("alloy", "x" * 500),
    ("alloy", "IN\u0000625"),
    ("split", "pool"),
    ("name", "other"),
    ("copy_of", "p1"),
]


@pytest.mark.parametrize(("name", "value"), ABSURD, ids=lambda v: str(v)[:20])
def test_absurd_values_are_refused_with_a_reason_and_change_nothing(page, study, name, value):
    bare = value in ("NaN", "Infinity")
    body = f'{{"{name}": {value}}}' if bare else json.dumps({name: value, "specimen": "S9"})
    answer = page.patch(
        "/api/fields/p0", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert name in answer.json()["error"]
    row = next(r for r in page.get("/api/project").json()["fields"] if r["name"] == "p0")
    assert (row["um_per_px"], row["specimen"], row["split"]) == (1.5, "S0", "pool")


def test_a_scale_bar_that_is_not_there_cannot_be_confirmed(page):
    answer = page.post("/api/fields/p0/confirm_scale", json={})
    assert answer.status_code == 422 and answer.json()["code"] == "ScaleError"


def test_results_are_empty_until_measured_and_then_the_tables(page, study):
    told = page.get("/api/results").json()
    assert (told["measured"], told["defects"], told["can_report"]) == ("no", [], False)
    predict(study)
    measure(study)
    told = page.get("/api/results").json()
    assert told["measured"] == "yes" and len(told["fields"]) == 6
    first = told["defects"][0]
    assert {"image", "area_px2", "area_um2", "row_min"} <= set(first)
    assert told["conditions"] and told["process_map_svg"] is None
    page.patch("/api/fields/p0", json={"um_per_px": 2})
    assert page.get("/api/results").json()["measured"] == "out of date"


def test_a_report_that_is_not_there_is_said_and_one_that_is_is_a_download(page, study):
    assert page.get("/api/report.html").status_code == 409
    (study / "results").mkdir()
    (study / "results" / "report.html").write_text("<script>alert(1)</script>")
    answer = page.get("/api/report.html")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["content-security-policy"]


def finished(page, job, *, seconds=120):
    for _ in range(seconds * 5):
        row = next(r for r in page.get("/api/jobs").json() if r["id"] == job["id"])
        if row["state"] in ("done", "failed", "stopped"):
            return row
        time.sleep(0.2)
    raise AssertionError(f"{row} did not end")


def test_a_job_runs_beside_the_page_and_tells_what_came_of_it(page, study):
    job = page.post("/api/jobs", json={"kind": "predict"}).json()
    assert job["state"] in ("waiting", "running")
    row = finished(page, job)
    assert row["state"] == "done", row
    assert row["answer"]["n_predicted"] == 4 and row["done"] == row["total"] == 4
    rows = page.get("/api/project").json()["fields"]
    assert {r["state"] for r in rows} == {"done", "predicted", "locked for test"}


def test_the_map_of_the_images_and_picks_by_hand(page, study):
    assert page.get("/api/embedding").json()["points"] == []
    row = finished(page, page.post("/api/jobs", json={"kind": "embed"}).json())
    assert row["state"] == "done", row
    told = page.get("/api/embedding").json()
    assert len(told["points"]) == 6 and not told["stale"]
    from sorby.select import SUMMARIES

    said = {one["name"]: one["summary"] for one in told["strategies"]}
    assert {name: said[name] for name in SUMMARIES} == SUMMARIES
    roles = {point["name"]: point["role"] for point in told["points"]}
    free = next(name for name, role in roles.items() if role == "pool")
    chosen = page.post("/api/picks", json={"images": [free]})
    assert chosen.status_code == 200, chosen.text
    assert [pick["image"] for pick in chosen.json()["picks"]] == [free]
    points = {p["name"]: p for p in page.get("/api/embedding").json()["points"]}
    assert points[free]["role"] == "pick" and points[free]["round"] == 1
    unknown = page.post("/api/picks", json={"images": ["../none"]})
    assert unknown.status_code == 422


def test_jobs_that_cannot_be_are_refused(page):
    for body in (
        {"kind": "os.system"},
        {"kind": "train", "options": {"promote": True}},
        {"kind": "select", "options": {"n_select": "4"}},
        {"kind": "select", "options": {"images": [1]}},
        {"kind": "predict", "more": 1},
    ):
        assert page.post("/api/jobs", json=body).status_code == 422, body
    assert page.post("/api/jobs/99/stop", json={}).status_code == 404
    assert page.get("/api/jobs").json() == []


def test_a_training_is_stopped_keeps_its_best_and_promotes_nothing(page, study):
    job = page.post("/api/jobs", json={"kind": "train"}).json()
    for _ in range(600):
        row = page.get("/api/jobs").json()[0]
        if row["curve"] or row["state"] in ("failed", "done"):
            break
        time.sleep(0.2)
    assert row["state"] == "running" and row["curve"][0]["loss"] > 0, row
    page.post(f"/api/jobs/{job['id']}/stop", json={})
    row = finished(page, job)
    assert row["state"] == "stopped", row
    assert row["answer"]["model"] == 1 and row["answer"]["stopped_at"] > 0
    told = page.get("/api/project").json()
    assert told["current_model"] is None
    assert [model["stopped_at"] for model in told["models"]] == [row["answer"]["stopped_at"]]
    assert page.post("/api/models/1/use", json={}).json() == {"current_model": 1}
    where = "/api/models/compare?new=1&old=1"
    assert page.get(where).json() == {"comparison": None}  # to read starts nothing
    job = page.post("/api/jobs", json={"kind": "compare", "options": {"new": 1, "old": 1}}).json()
    row = finished(page, job)
    assert row["state"] == "done" and row["done"] == row["total"] == 2, row
    assert row["answer"] == {"new": 1, "old": 1, "gained": 0, "lost": 0, "n_changed": 0}
    told = page.get(where).json()["comparison"]
    assert [image["name"] for image in told["images"]] == ["p0", "p1"]
    assert (told["gained"], told["lost"], told["changed"]) == (0, 0, [])
    assert page.get("/api/models/compare?new=9&old=1").json()["code"] == "ModelError"
    scored_on_the_locked_test(page)


def scored_on_the_locked_test(page):
    told = page.get("/api/evaluation").json()
    assert told == {"tests": ["p3"], "without_mask": ["p3"], "scores": None}
    row = finished(page, page.post("/api/jobs", json={"kind": "evaluate"}).json())
    assert row["state"] == "failed" and "p3" in row["error"]
    draft = page.get("/api/fields/p3/draft").json()
    for kind in ("accept_rest", "done"):
        body = {"uuid": f"gesture {kind}", "kind": kind, "base": draft["base"]}
        assert page.post("/api/fields/p3/gestures", json=body).status_code == 200
    assert page.get("/api/evaluation").json()["without_mask"] == []
    row = finished(page, page.post("/api/jobs", json={"kind": "evaluate"}).json())
    assert row["state"] == "done", row
    scores = page.get("/api/evaluation").json()["scores"]
    assert (scores["model"], scores["n"], scores["is_current"]) == (1, 1, True)
    assert 0 <= scores["macro_f1"]["mean"] <= 1 and scores["macro_f1"]["sd"] is None
    assert set(scores["baselines"]) == {"otsu", "flatfield_otsu", "base"}
