"""Long steps beside the page: a queue, progress, time left, stop and resume."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sorby.core.errors import SettingError, SorbyError, UnknownFieldError
from sorby.workflow.children import Child
from sorby.workflow.joblist import keep_jobs, kept_jobs


@dataclass(frozen=True)
class Kind:
    """What can run beside the page.

    Attributes
    ----------
    place : str
        ``"module:function"``.
    options : mapping of str to type
        What may be said, and what it must be.
    fixed : mapping
        What the page always says.
    lane : str
        Kinds of one lane wait for one another: one training runs at a time.
    keeps_best : bool
        Whether it can be asked to stop and still gives an answer.
    """

    place: str
    options: Mapping[str, type] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    lane: str = "steps"
    keeps_best: bool = False


KINDS: Mapping[str, Kind] = {
    "sample": Kind("sorby.workflow.adding:add_sample"),
    "embed": Kind("sorby.workflow.choosing:embed_project"),
    "select": Kind(
        "sorby.workflow.selecting:select", {"strategy": str, "n_select": int, "images": list}
    ),
    "predict": Kind("sorby.workflow.predicting:predict", {"method": str}),
    "train": Kind(
        "sorby.workflow.training:train_project",
        {"preset": str},
        {"resume": True, "promote": False},
        "training",
        keeps_best=True,
    ),
    "compare": Kind(
        "sorby.workflow.comparing:keep_comparison", {"new": int, "old": int}, lane="scores"
    ),
    "evaluate": Kind("sorby.workflow.evaluating:evaluate", lane="scores"),
    "measure": Kind("sorby.workflow.measuring:measure"),
    "classify": Kind("sorby.workflow.classifying:classify_project"),
    "map": Kind("sorby.workflow.mapping:map_project"),
    "report": Kind("sorby.workflow.reporting:report_project"),
}

OVER = ("done", "failed", "stopped", "interrupted")
MOST_KEPT = 100
MOST_POINTS = 2000


@dataclass
class Job:
    """One run of a kind.

    Attributes
    ----------
    id, kind, options : int, str and dict
        Which it is.
    state : str
        "waiting", "running", "done", "failed", "stopped", or "interrupted": the server ended first.
    done, total, step : int, int and str
        How far it is.
    began, first : float
        Time of the start, and (time, done) of the first progress of this step.
    """

    id: int
    kind: str
    options: dict[str, Any]
    state: str = "waiting"
    done: int = 0
    total: int | None = None
    step: str | None = None
    began: float | None = None
    ended: float | None = None
    first: tuple[float, int] | None = None
    curve: list[dict[str, float | None]] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    error: str | None = None
    child: Child | None = None
    is_asked: bool = False

    def row(self) -> dict[str, Any]:
        """What the page is told."""
        said = ("id", "kind", "options", "state", "done", "total", "step", "answer", "error")
        now = time.monotonic() if self.ended is None else self.ended
        return {
            **{name: getattr(self, name) for name in said},
            "seconds": 0.0 if self.began is None else round(now - self.began, 1),
            "seconds_left": self._seconds_left(now),
            "curve": list(self.curve),
        }

    def _seconds_left(self, now: float) -> float | None:
        if self.state != "running" or self.first is None or not self.total:
            return None
        since, start = self.first
        if self.done <= start:
            return None
        return round((self.total - self.done) * (now - since) / (self.done - start), 1)

    def take(self, told: dict[str, Any]) -> None:
        """Note a progress."""
        step = told.get("step") or told.get("image")
        if self.first is None or told["done"] < self.done or told["total"] != self.total:
            self.first = (time.monotonic(), told["done"])
        self.done, self.total, self.step = told["done"], told["total"], step and str(step)
        if "loss" in told and len(self.curve) < MOST_POINTS:
            point = {"step": told["done"], "loss": told["loss"]}
            score = {"validation_macro_f1": told["valid_f1"]} if "valid_f1" in told else {}
            while self.curve and self.curve[-1]["step"] >= told["done"]:  # gone on from earlier
                self.curve.pop()
            self.curve.append(point | score)


class Jobs:
    """The jobs of a project, see `KINDS`; those of an earlier server are still told.

    Parameters
    ----------
    folder : Path
        The project.
    on_change : callable
        Told the row of a job that changed, from another thread.
    """

    def __init__(self, folder: Path, on_change: Callable[[dict[str, Any]], None]) -> None:
        self._folder, self._on_change = Path(folder), on_change
        self._jobs = {row["id"]: _earlier(row) for row in kept_jobs(self._folder, KINDS)}
        self._numbers = itertools.count(max(self._jobs, default=0) + 1)
        self._is_closed = False
        self._lock = threading.Lock()
        self._lanes: dict[str, queue.SimpleQueue[Job | None]] = {}
        for lane in sorted({kind.lane for kind in KINDS.values()}):
            self._lanes[lane] = queue.SimpleQueue()
            threading.Thread(target=self._work, args=(lane,), daemon=True, name=lane).start()

    def start(self, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Put a job in its queue.

        Raises
        ------
        SettingError
            If the kind or an option is unknown.
        """
        _check(kind, options)
        with self._lock:
            job = Job(next(self._numbers), kind, dict(options))
            self._jobs[job.id] = job
            over = [j.id for j in self._jobs.values() if j.state in OVER]
            for number in over[: max(0, len(self._jobs) - MOST_KEPT)]:
                del self._jobs[number]
        self._lanes[KINDS[kind].lane].put(job)
        return self._changed(job)

    def all(self) -> list[dict[str, Any]]:
        """Every job, oldest first."""
        return [job.row() for job in list(self._jobs.values())]

    def stop(self, number: int) -> dict[str, Any]:
        """Stop a job: a training keeps its best when asked once, and ends at once when again."""
        job = self._get(number)
        with self._lock:
            if job.state == "waiting":
                job.state = "stopped"
            elif job.state == "running" and job.child is not None:
                if KINDS[job.kind].keeps_best and not job.is_asked:
                    job.child.ask_to_stop()
                else:
                    job.child.terminate()
                job.is_asked = True
        return self._changed(job)

    def resume(self, number: int) -> dict[str, Any]:
        """Go on with a job that was stopped, interrupted or failed; others stay what they are."""
        job = self._get(number)
        with self._lock:
            if job.state not in OVER or job.state == "done":
                return job.row()
            fresh = Job(job.id, job.kind, job.options, curve=job.curve)
            self._jobs[job.id] = fresh
        self._lanes[KINDS[job.kind].lane].put(fresh)
        return self._changed(fresh)

    def close(self) -> None:
        """End what runs and take nothing new; the next server tells it as interrupted."""
        with self._lock:
            self._is_closed = True
            for job in self._jobs.values():
                if job.state == "waiting":
                    job.state = "stopped"
                if job.child is not None and job.state == "running":
                    job.is_asked = True
                    job.child.terminate()
        for lane in self._lanes.values():
            lane.put(None)

    def _get(self, number: int) -> Job:
        job = self._jobs.get(number)
        if job is None:
            raise UnknownFieldError(f"There is no job {number}. The list keeps {MOST_KEPT} jobs.")
        return job

    def _changed(self, job: Job) -> dict[str, Any]:
        """Tell of a job that is in another state, and keep the list for the next server."""
        with self._lock:
            if not self._is_closed:
                keep_jobs(self._folder, [one.row() for one in self._jobs.values()])
        return self._told(job)

    def _told(self, job: Job) -> dict[str, Any]:
        row = job.row()
        self._on_change(row)
        return row

    def _work(self, lane: str) -> None:
        while (job := self._lanes[lane].get()) is not None:
            with self._lock:
                if job.state != "waiting":
                    continue
                job.state, job.began = "running", time.monotonic()
                kind = KINDS[job.kind]
                options = {**job.options, **kind.fixed}
                job.child = Child(kind.place, self._folder, options, can_stop=kind.keeps_best)
            self._run(job, job.child)

    def _run(self, job: Job, child: Child) -> None:
        def on_step(told: dict[str, Any]) -> None:
            job.take(told)
            self._told(job)

        self._changed(job)
        try:
            job.answer = child.wait(on_step)
            state = "stopped" if job.is_asked and job.answer.get("stopped_at") else "done"
        except SorbyError as error:
            state, job.error = ("stopped", None) if job.is_asked else ("failed", str(error))
        with self._lock:
            job.state, job.ended, job.child = state, time.monotonic(), None
        self._changed(job)


def _earlier(row: dict[str, Any]) -> Job:
    """Job as an earlier server left it."""
    said = ("id", "kind", "options", "state", "done", "total", "step", "answer", "error", "curve")
    job = Job(**{name: row[name] for name in said})
    if row["seconds"]:
        job.began, job.ended = -float(row["seconds"]), 0.0
    return job


def _check(kind: str, options: Mapping[str, Any]) -> None:
    if kind not in KINDS:
        raise SettingError(f"{kind!r} cannot be run here. Choose from: {', '.join(KINDS)}.")
    allowed = KINDS[kind].options
    for name, value in options.items():
        if name not in allowed:
            raise SettingError(
                f"{kind} has no option {name!r}. It has: {', '.join(allowed) or 'none'}."
            )
        fits = isinstance(value, allowed[name]) and not isinstance(value, bool)
        if not fits or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
            raise SettingError(f"{name} is {value!r}. It must be a {allowed[name].__name__}.")
