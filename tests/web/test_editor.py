"""Gestures over HTTP: what was acknowledged is kept, two tabs do not fight, undo survives."""

import base64
import errno
import io
import os
import subprocess
import sys
import threading
import uuid
import zlib

import numpy as np
from PIL import Image

from sorby.project import Project
from sorby.web.app import create_app


def operation(kind, base, gesture=None, **more):
    return {
        "uuid": str(uuid.uuid4()),
        "kind": kind,
        "seconds": 1.0,
        "n_actions": 1,
        "mode": "correct",
        "base": base,
        "gesture": gesture or {},
        **more,
    }


def send(page, body, tab="one", name="p2"):
    return page.post(f"/api/fields/{name}/gestures", json=body, headers={"X-Tab": tab})


def mask_of(page, name="p2"):
    answer = page.get(f"/api/fields/{name}/mask/0/0/0")
    shape = tuple(map(int, answer.headers["x-shape"].split(",")))
    return np.frombuffer(zlib.decompress(answer.content), np.uint8).reshape(shape)


def opened(page, name="p2", tab="one"):
    answer = page.get(f"/api/fields/{name}/draft", headers={"X-Tab": tab})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_stroke_is_a_patch_and_survives_another_server(page, app, study, lab):
    draft = opened(page)
    assert draft["state"] == "predicted" and not draft["read_only"]
    before = mask_of(page)
    stroke = operation("brush", draft["base"], {"points": [[3, 3]], "radius_px": 2, "value": 1})
    answer = send(page, stroke).json()
    r0, c0, r1, c1 = answer["patch"]["box"]
    values = np.frombuffer(zlib.decompress(base64.b64decode(answer["patch"]["values"])), np.uint8)
    assert np.array_equal(values.reshape(r1 - r0, c1 - c0), mask_of(page)[r0:r1, c0:c1])
    rows, columns = np.indices(lab.SHAPE)
    disc = (rows - 3) ** 2 + (columns - 3) ** 2 <= 4
    assert np.array_equal(mask_of(page), np.where(disc, 1, before))
    assert send(page, stroke).json()["seq"] == answer["seq"]  # sent twice, done once
    app.state.house.close()
    again = create_app(study, secret=lab.SECRET)
    try:
        client = lab.browser(again)
        assert np.array_equal(mask_of(client), np.where(disc, 1, before))
        undone = send(client, operation("undo", draft["base"])).json()
        assert undone["can_redo"] and np.array_equal(mask_of(client), before)
    finally:
        again.state.house.close()


def test_a_second_tab_looks_until_it_takes_over(page):
    draft = opened(page, tab="one")
    assert opened(page, tab="two")["read_only"]
    look = operation("look", draft["base"])
    refused = send(page, look, tab="two")
    assert refused.status_code == 409 and refused.json()["code"] == "read_only"
    taken = page.post("/api/fields/p2/take_over", json={}, headers={"X-Tab": "two"})
    assert taken.json() == {"read_only": False}
    assert send(page, look, tab="two").status_code == 200
    assert send(page, operation("look", draft["base"]), tab="one").status_code == 409
    assert not opened(page, name="p3", tab="one")["read_only"]  # another field is free


def test_an_image_is_done_only_when_all_is_checked(page, study):
    draft = opened(page)
    assert draft["n_to_check"] > 0
    refused = send(page, operation("done", draft["base"]))
    assert refused.status_code == 409 and refused.json()["code"] == "ReviewError"
    assert send(page, operation("accept_rest", draft["base"])).json()["n_to_check"] == 0
    assert send(page, operation("done", draft["base"])).json()["state"] == "done"
    with Project.open(study) as project:
        assert project.masks()["p2"].source == "person"
    rows = {row["name"]: row for row in page.get("/api/project").json()["fields"]}
    assert rows["p2"]["state"] == "done" and rows["p2"]["mask_source"] == "person"


def test_the_mask_as_a_file_is_the_working_mask(page):
    draft = opened(page)
    send(page, operation("brush", draft["base"], {"points": [[3, 3]], "radius_px": 2, "value": 1}))
    png = Image.open(io.BytesIO(page.get("/api/fields/p2/export.png").content))
    assert np.array_equal(np.asarray(png), mask_of(page))
    assert png.text["Sorby"].startswith("label image")


def test_an_unknown_field_is_not_found(page):
    for answer in (
        page.get("/api/fields/none/draft"),
        page.get("/api/fields/none/mask/0/0/0"),
        send(page, operation("look", 1), name="none"),
        page.get("/api/fields/none/tile/0/0/0"),
        page.patch("/api/fields/none", json={"um_per_px": 1}),
    ):
        assert answer.status_code in (404, 422), answer.text


def test_painting_from_many_threads_while_a_step_writes_is_never_locked(page, study):
    """The desk's writer thread and another connection write at the same time."""
    draft = opened(page)
    problems = []

    def paint(seed):
        rng = np.random.default_rng(seed)
        for _ in range(15):
            point = [int(rng.integers(96)), int(rng.integers(112))]
            body = {"points": [point], "radius_px": 3, "value": int(rng.integers(2))}
            answer = send(page, operation("brush", draft["base"], body))
            if answer.status_code != 200:
                problems.append(answer.text)

    def write():
        for number in range(60):
            with Project.open(study) as project:
                project.set_note("written by another", str(number))

    workers = [threading.Thread(target=paint, args=(seed,)) for seed in range(3)]
    workers.append(threading.Thread(target=write))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert problems == []
    assert opened(page)["version"] == 45


def at_most(app, n_pages):
    """Let the database grow to so many pages: SQLite itself says then that the disk is full."""

    def limit(desk):
        connection = desk.project._connection
        connection.execute(f"PRAGMA max_page_count = {n_pages}")

    app.state.house.at_desk(limit)


def test_a_full_disk_loses_no_gesture_that_the_browser_keeps(app, page):
    """The database can grow no more: it is no refusal, and the same gesture is taken later."""
    draft = opened(page)
    before = mask_of(page)
    at_most(app, 1)  # SQLite takes the size that there is
    answers = []
    for number in range(400):
        body = {"points": [[3 + number % 90, 5]], "radius_px": 3, "value": 1 - number % 2}
        stroke = operation("brush", draft["base"], body)
        answers.append(send(page, stroke))
        if answers[-1].status_code != 200:
            break
    refused = answers[-1]
    assert refused.status_code == 503, refused.text  # the page tries again; 409 would drop it
    assert "full" in refused.json()["error"] and "space" in refused.json()["error"]
    kept = mask_of(page)
    assert opened(page)["version"] == len(answers) - 1
    assert send(page, stroke).status_code == 503 and np.array_equal(mask_of(page), kept)
    at_most(app, 2**30)
    assert send(page, stroke).status_code == 200
    assert opened(page)["version"] == len(answers)
    assert not np.array_equal(mask_of(page), before)


def test_a_file_that_finds_no_space_is_no_refusal(page, monkeypatch):
    """What is written beside the database: the mask of an image that is done."""
    draft = opened(page)
    assert send(page, operation("accept_rest", draft["base"])).status_code == 200
    done = operation("done", draft["base"])

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        answer = send(page, done)
        assert answer.status_code == 503, answer.text
    assert opened(page)["state"] != "done"
    answer = send(page, done)
    assert answer.status_code == 200 and answer.json()["state"] == "done"


WRITER = """
import sys, uuid
from pathlib import Path
from sorby.workflow import Desk

desk = Desk(Path(sys.argv[1]), author="other")
base = desk.open("p3", "correct")["base"]
print("ready", flush=True)
for number in range(25):
    stroke = {"points": [[4 + number, 9]], "radius_px": 2, "value": 1 - number % 2}
    desk.apply("p3", {"uuid": str(uuid.uuid4()), "kind": "brush", "seconds": 0, "n_actions": 1,
                      "mode": "correct", "base": base, "gesture": stroke})
desk.close()
"""


def test_two_programs_write_into_one_project_and_neither_loses_a_gesture(page, study):
    base = opened(page)["base"]
    words = [sys.executable, "-c", WRITER, str(study)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "ready\n", other.stderr.read()
        for number in range(25):
            body = {"points": [[4 + number, 9]], "radius_px": 2, "value": 1 - number % 2}
            answer = send(page, operation("brush", base, body))
            assert answer.status_code == 200, answer.text
        assert other.wait(60) == 0, other.stderr.read()
    assert opened(page)["version"] == opened(page, "p3")["version"] == 25
