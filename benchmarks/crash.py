"""Kill a process that corrects a mask, again and again, and count what is lost.

    python benchmarks/crash.py [KILLS] [--check]

A child process applies strokes, erasures, acceptances, undo, redo, done and reopen to a field and
says the name of each gesture once it is acknowledged. It is killed (SIGKILL) at a random moment.
The journal is then read without Sorby: every acknowledged gesture must be there, and the mask that
Sorby opens must be the one that the live gestures give when they are painted again, pixel by pixel.
The same project goes on through all kills. With --check, exit 1 if a goal is missed.
"""

from __future__ import annotations

import json
import os
import select
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import numpy as np

SHAPE = (160, 200)
FIELD = "field"


def make_project(folder: Path) -> None:
    from sorby.io import write_micrograph
    from sorby.workflow import new_project

    rng = np.random.default_rng(0)
    rows, columns = np.indices(SHAPE)
    gray = rng.normal(190, 4, SHAPE)
    for _ in range(12):
        row, column = rng.integers(15, 145), rng.integers(15, 185)
        gray[np.hypot(rows - row, columns - column) <= rng.integers(4, 9)] = 50
    write_micrograph(folder / "images" / f"{FIELD}.png", gray.clip(0, 255).astype(np.uint8))
    new_project(folder / "project", [folder / "images"])


# ---------------------------------------------------------------------- the child


def gestures(rng: np.random.Generator, defects: list[int]):  # type: ignore[no-untyped-def]
    """Kind and content of gestures, for ever."""
    while True:
        kind = rng.choice(["brush", "brush", "brush", "accept", "undo", "redo", "done"])
        if kind == "brush":
            points = rng.uniform(0, SHAPE, (int(rng.integers(1, 6)), 2))
            points = (np.rint(points * 4) / 4).tolist()
            radius, value = float(rng.integers(2, 40)) / 4, int(rng.choice([0, 1, 1]))
            yield "brush", {"points": points, "radius_px": radius, "value": value}
        elif kind == "accept":
            yield "accept", {"defects": [int(rng.choice(defects))] if defects else [1]}
        elif kind == "done":
            yield from (("accept_rest", {}), ("done", {}), ("reopen", {}))
        else:
            yield str(kind), {}


def correct_for_ever(folder: Path, seed: int) -> None:
    from sorby.core.errors import SorbyError
    from sorby.workflow.annotating import Desk

    rng = np.random.default_rng(seed)
    with Desk(folder, author="child") as desk:
        draft = desk.open(FIELD)
        defects = [defect["id"] for defect in draft["defects"]]
        print("ready", flush=True)
        if draft["state"] == "done":
            send(desk, draft["base"], "reopen", {})
        for kind, content in gestures(rng, defects):
            try:
                print(send(desk, draft["base"], kind, content), flush=True)
            except SorbyError:
                continue  # nothing to undo, a defect that is gone: refused, not lost


def send(desk, base: int, kind: str, content: dict) -> str:  # type: ignore[no-untyped-def, type-arg]
    name = str(uuid.uuid4())
    desk.apply(
        FIELD,
        {"uuid": name, "kind": kind, "seconds": 0.5, "n_actions": 1, "mode": "correct",
         "base": base, "gesture": content},
    )  # fmt: skip
    return name


# ---------------------------------------------------------------------- the parent


def kill_once(folder: Path, seed: int, delay_s: float) -> list[str]:
    """Start a child, kill it, and return the gestures that it said were acknowledged."""
    child = subprocess.Popen(
        [sys.executable, __file__, "--child", str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    if child.stdout.readline() != "ready\n":
        raise SystemExit(f"the child did not start: exit code {child.wait()}")
    until = time.monotonic() + delay_s
    while time.monotonic() < until:
        select.select([], [], [], max(0.0, until - time.monotonic()))
    child.kill()
    rest = child.stdout.read()
    child.wait()
    return [line for line in rest.splitlines() if len(line) == 36]  # a last line may be cut short


def painted_again(folder: Path) -> np.ndarray:
    """Mask that the live gestures of the journal give: read and painted without Sorby's editor."""
    from sorby.io import read_mask

    connection = sqlite3.connect(folder / "sorby.db")
    base = connection.execute(
        "SELECT path FROM mask JOIN draft ON mask.field_id = draft.field_id"
        " AND mask.version = draft.base WHERE state <> 'parked'"
    ).fetchone()[0]
    strokes = connection.execute(
        "SELECT operation FROM gesture JOIN draft ON draft.id = draft_id WHERE kind = 'brush'"
        " AND standing = 'live' AND state <> 'parked' ORDER BY number"
    ).fetchall()
    connection.close()
    mask = read_mask(folder / base)
    for (text,) in strokes:
        told = json.loads(text)
        covered = covered_by(np.array(told["points"]), told["radius_px"])
        mask[covered & (mask != 255)] = told["value"]
    return mask


def covered_by(points: np.ndarray, radius_px: float) -> np.ndarray:
    """Pixels within a radius of a polyline: the rule of the brush, over the whole image."""
    pixels = 4 * np.stack(np.indices(SHAPE), axis=-1)
    corners, radius2 = np.rint(4 * points).astype(int), round(4 * radius_px) ** 2
    covered = np.zeros(SHAPE, bool)
    for a, b in zip(corners, corners[1:] if len(corners) > 1 else corners, strict=False):
        d, v = b - a, pixels - a
        along, length2 = (v * d).sum(axis=-1), int((d * d).sum())
        cross = v[..., 0] * d[1] - v[..., 1] * d[0]
        covered |= ((v * v).sum(axis=-1) <= radius2) | (((v - d) ** 2).sum(axis=-1) <= radius2)
        if length2:
            covered |= (along >= 0) & (along <= length2) & (cross**2 <= radius2 * length2)
    return covered


def examine(folder: Path, acknowledged: set[str]) -> dict[str, int]:
    """What is wrong after a kill: acknowledged gestures lost, a mask that differs, no opening."""
    from sorby.core.errors import SorbyError
    from sorby.project import Project
    from sorby.workflow.annotating import Desk

    wrong = {"lost": 0, "differs": 0, "does not open": 0}
    try:
        with Desk(folder, author="parent") as desk:
            desk.open(FIELD)
            mask = desk.working_mask(FIELD).copy()
        with Project.open(folder) as project:
            for stored in project.mask_versions(FIELD):
                project.read_mask(stored)
    except SorbyError as error:
        print(error, file=sys.stderr)
        return wrong | {"does not open": 1}
    connection = sqlite3.connect(folder / "sorby.db")
    known = {name for (name,) in connection.execute("SELECT uuid FROM gesture")}
    connection.close()
    wrong["lost"] = len(acknowledged - known)
    wrong["differs"] = int(not np.array_equal(mask, painted_again(folder)))
    return wrong


def run(folder: Path, kills: int, *, seed: int = 0, most_s: float = 0.4) -> dict[str, int]:
    """Kill a child many times; sums of what was acknowledged and what was wrong."""
    rng = np.random.default_rng(seed)
    acknowledged: set[str] = set()
    totals = {"lost": 0, "differs": 0, "does not open": 0}
    for kill in range(kills):
        said = kill_once(folder, seed * 10_000 + kill, float(rng.uniform(0, most_s)))
        acknowledged |= set(said)
        for name, count in examine(folder, acknowledged).items():
            totals[name] += count
    return {"kills": kills, "acknowledged": len(acknowledged), **totals}


def main(words: list[str]) -> int:
    if words[:1] == ["--child"] and len(words) == 3:
        correct_for_ever(Path(words[1]), int(words[2]))
    numbers = [word for word in words if word.isdigit()]
    if [word for word in words if word != "--check" and not word.isdigit()] or len(numbers) > 1:
        print(__doc__)
        return 2
    kills = int(numbers[0]) if numbers else 200
    with tempfile.TemporaryDirectory() as home:
        make_project(Path(home))
        found = run(Path(home) / "project", kills)
    goals = {"lost": 0, "differs": 0, "does not open": 0}
    print(f"{'':36}{'measured':>10}{'goal':>8}")
    print(f"{'kills':36}{found['kills']:>10}{'':>8}")
    print(f"{'gestures acknowledged':36}{found['acknowledged']:>10}{'':>8}")
    print(f"{'projects that do not open':36}{found['does not open']:>10}{0:>8}")
    print(f"{'masks that differ from the journal':36}{found['differs']:>10}{0:>8}")
    print(f"{'acknowledged gestures lost':36}{found['lost']:>10}{0:>8}")
    missed = any(found[name] != goal for name, goal in goals.items()) or not found["acknowledged"]
    return int(missed and "--check" in words)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main(sys.argv[1:]))
