"""Child processes: killed, they are told; the server gone, they are gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sorby.core.errors import SettingError
from sorby.workflow import children
from sorby.workflow.jobs import Job, Jobs


def ended(jobs, number, seconds=60):
    for _ in range(10 * seconds):
        row = next(row for row in jobs.all() if row["id"] == number)
        if row["state"] in ("done", "failed", "stopped"):
            return row
        time.sleep(0.1)
    raise AssertionError(row)


def test_an_error_of_a_step_comes_back_as_what_it_was(tmp_path):
    with pytest.raises(SettingError, match="folder"):
        children.run("sorby.workflow.adding:add_folder", tmp_path / "study", {"path": "/etc"})


def test_a_killed_child_is_told_and_the_queue_goes_on(tmp_path, labs):
    study = labs.write_study(tmp_path, [labs.Sample("p0", *labs.metal(0))])
    told = []
    jobs = Jobs(study.folder, told.append)
    try:
        first = jobs.start("predict", {})
        while jobs.all()[0]["state"] == "waiting":
            time.sleep(0.01)
        process = jobs._jobs[first["id"]].child._process
        os.kill(process.pid, signal.SIGKILL)
        assert ended(jobs, first["id"])["state"] == "failed"
        assert "without an answer" in ended(jobs, first["id"])["error"]
        again = jobs.resume(first["id"])
        assert again["id"] == first["id"] and ended(jobs, first["id"])["state"] == "done"
        assert study.masks()["p0"].source == "model"
        assert [row["state"] for row in told][-1] == "done"
    finally:
        jobs.close()


def test_a_waiting_job_is_stopped_without_being_started(tmp_path, labs):
    study = labs.write_study(tmp_path, [labs.Sample("p0", *labs.metal(0))])
    jobs = Jobs(study.folder, lambda row: None)
    try:
        jobs.start("predict", {})
        second = jobs.start("measure", {})
        assert jobs.stop(second["id"])["state"] == "stopped"
        ended(jobs, 1)
        assert jobs.all()[1]["seconds"] == 0.0
    finally:
        jobs.close()


def test_children_die_with_the_server(tmp_path, labs):
    """A server that is killed (not asked) leaves no child behind."""
    study = labs.write_study(tmp_path, [labs.Sample(f"p{n}", *labs.metal(n)) for n in range(4)])
    study.label("p0", "p1")
    code = (
        "import sys, time; from pathlib import Path; from sorby.workflow.jobs import Jobs\n"
        "if __name__ == '__main__':\n"
        "    jobs = Jobs(Path(sys.argv[1]), lambda row: None)\n"
        "    jobs.start('train', {})\n"
        "    while not jobs.all()[0]['curve']: time.sleep(0.1)\n"
        "    print(jobs._jobs[1].child._process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    script = tmp_path / "server.py"
    script.write_text(code)
    with subprocess.Popen(
        [sys.executable, script, study.folder], stdout=subprocess.PIPE, text=True
    ) as server:
        pid = int(server.stdout.readline())
        server.kill()
    for _ in range(100):
        if not is_alive(pid):
            return
        time.sleep(0.1)
    raise AssertionError(f"child {pid} outlived its server")


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # a zombie waits for nobody but its new parent
    return not stat.is_file() or stat.read_text().split(")")[1].split()[0] != "Z"


def test_time_left_follows_from_what_is_done():
    job = Job(1, "train", {}, state="running", began=time.monotonic() - 10)
    job.take({"done": 5, "total": 105, "loss": 0.5})
    job.first = (time.monotonic() - 10, 5)
    job.take({"done": 25, "total": 105, "loss": 0.4, "valid_f1": 0.7})
    row = job.row()
    assert row["seconds_left"] == pytest.approx(40, rel=0.02)
    assert row["curve"][-1] == {"step": 25, "loss": 0.4, "validation_macro_f1": 0.7}
    job.take({"done": 20, "total": 105, "loss": 0.6})  # gone on from a checkpoint before
    assert [point["step"] for point in job.row()["curve"]] == [5, 20]


def test_a_server_that_starts_again_tells_what_came_of_earlier_jobs(tmp_path, labs):
    study = labs.write_study(tmp_path, [labs.Sample("p0", *labs.metal(0))])
    jobs = Jobs(study.folder, lambda row: None)
    first = jobs.start("predict", {})
    done = ended(jobs, first["id"])
    jobs.start("predict", {})
    while jobs.all()[1]["state"] == "waiting":
        time.sleep(0.01)
    jobs.close()  # in the middle of it
    again = Jobs(study.folder, lambda row: None)
    try:
        rows = again.all()
        assert rows[0] == done
        assert [row["state"] for row in rows] == ["done", "interrupted"]
        assert "Resume" in rows[1]["error"] and rows[1]["seconds_left"] is None
        third = again.start("measure", {})
        assert third["id"] == 3 and ended(again, 3)["state"] == "done"
        assert again.resume(2)["id"] == 2 and ended(again, 2)["state"] == "done"
    finally:
        again.close()


HOSTILE = ["{", "[1]", '{"id": 1}', '[{"id": "1", "kind": "train"}]', '[{"kind": "os.system"}]', ""]


@pytest.mark.parametrize("content", HOSTILE)
def test_a_list_of_jobs_that_is_none_is_left_out(tmp_path, labs, content):
    study = labs.write_study(tmp_path, [labs.Sample("p0", *labs.metal(0))])
    (study.folder / "cache").mkdir(exist_ok=True)
    (study.folder / "cache" / "jobs.json").write_text(content)
    jobs = Jobs(study.folder, lambda row: None)
    assert jobs.all() == []
    jobs.close()


def test_a_list_that_cannot_be_kept_stops_no_job(tmp_path, labs):
    study = labs.write_study(tmp_path, [labs.Sample("p0", *labs.metal(0))])
    (study.folder / "cache" / "jobs.json" / "in the way").mkdir(parents=True)
    jobs = Jobs(study.folder, lambda row: None)
    try:
        assert ended(jobs, jobs.start("predict", {})["id"])["state"] == "done"
    finally:
        jobs.close()
