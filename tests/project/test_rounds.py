"""Rounds of learning: what was chosen, and what came of it."""

import numpy as np
import pytest
from PIL import Image

from sorby.project import BY_HAND, Field, Project


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(path)
    with Project.create(tmp_path / "project") as made:
        for name in "ABCD":
            made.add_field(Field(name=name, shape=(4, 4)), {"polished": (path, 0)}, copy=False)
        yield made


def picked(project):
    return [tuple(row) for row in project.rounds.picks().itertuples(index=False)]


def test_picks_come_back_in_the_order_in_which_they_were_chosen(project):
    assert list(project.rounds.picks().columns) == ["image", "round", "strategy", "reason"]
    assert picked(project) == []
    project.rounds.add_picks(1, ["C", "A"], ["far from all", "next"], strategy="smile")
    project.rounds.add_picks(2, ["B"], ["uncertain"], strategy="ensemble")
    with Project.open(project.folder) as again:
        assert picked(again) == [
            ("C", 1, "smile", "far from all"),
            ("A", 1, "smile", "next"),
            ("B", 2, "ensemble", "uncertain"),
        ]


def test_picks_of_a_round_replace_its_earlier_ones_and_no_others(project):
    project.rounds.add_picks(1, ["A", "B"], ["a", "b"], strategy="smile")
    project.rounds.add_picks(2, ["C"], ["c"], strategy="smile")
    project.rounds.add_picks(1, ["D"], ["d"], strategy="uniform")
    assert sorted(picked(project)) == [("C", 2, "smile", "c"), ("D", 1, "uniform", "d")]
    project.rounds.add_picks(2, [], [], strategy="smile")
    assert picked(project) == [("D", 1, "uniform", "d")]


def test_picks_that_cannot_be_kept_leave_the_earlier_ones(project):
    project.rounds.add_picks(1, ["A"], ["a"], strategy="smile")
    with pytest.raises(ValueError, match="shorter"):
        project.rounds.add_picks(1, ["B", "C"], ["b"], strategy="smile")
    with pytest.raises(Exception, match="NOT NULL"):
        project.rounds.add_picks(1, ["B", "no such field"], ["b", "?"], strategy="smile")
    assert picked(project) == [("A", 1, "smile", "a")]


def test_rounds_come_back_in_order_whatever_the_order_they_ended_in(project):
    for number in (10, 2, 1):
        project.rounds.put("smile seed 0", number, {"round": number, "f1": number / 7})
    assert project.rounds.of("smile seed 0") == [{"round": n, "f1": n / 7} for n in (1, 2, 10)]


def test_a_round_that_is_put_again_replaces_the_earlier_one(project):
    project.rounds.put("run", 1, {"f1": 0.1})
    project.rounds.put("run", 1, {"f1": 0.2, "names": ["A", "ü"]})
    assert project.rounds.of("run") == [{"f1": 0.2, "names": ["A", "ü"]}]


def test_runs_do_not_mix(project):
    project.rounds.put("b", 1, {"run": "b"})
    project.rounds.put("a", 2, {"run": "a2"})
    project.rounds.put("a", 1, {"run": "a1"})
    project.rounds.put(BY_HAND, 1, {"run": "hand"})
    assert project.rounds.of("a") == [{"run": "a1"}, {"run": "a2"}]
    assert project.rounds.of("none") == []
    assert [one["run"] for one in project.rounds.all()] == ["b", "a1", "a2", "hand"]


def test_runs_are_ordered_by_the_time_of_their_last_round(project):
    for run, number, time in (("b", 2, "T9"), ("b", 1, "T1"), ("a", 1, "T5"), ("c", 1, None)):
        told = {} if time is None else {"time": time}
        project.rounds.put(run, number, {"run": run, **told})
    assert [one["run"] for one in project.rounds.all()] == ["c", "a", "b", "b"]


def test_a_number_that_is_none_is_not_kept(project):
    with pytest.raises(ValueError, match="JSON"):
        project.rounds.put("run", 1, {"f1": float("nan")})
    assert project.rounds.of("run") == []
