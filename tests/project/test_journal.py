"""Drafts and gestures in the database: written before they are told, found again, never mixed."""

import sqlite3

import numpy as np
import pytest

from sorby.core.errors import ProjectError, ReviewError
from sorby.project import DATABASE, Field, Gesture, Project, schema


@pytest.fixture
def project(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((6, 8), 9, np.uint8)).save(tmp_path / "a.png")
    with Project.create(tmp_path / "project") as project:
        for name in ("A1", "A2"):
            pictures = {"polished": (tmp_path / "a.png", 0)}
            project.add_field(Field(name, (6, 8)), pictures, copy=True)
        yield project


def started(project, name="A1", mode="correct"):
    return project.journal.start(
        name, mode, base=0, state="open", n_defects=3, n_to_check=3, author="Ada"
    )


def gesture(uuid, kind="brush", **more):
    made = {
        "operation": {"value": 1}, "seconds": 1.0, "n_actions": 1, "author": "Ada",
        "time": "now", "difference": b"x", "changes": [[], []], "answer": {"seq": uuid},
    }  # fmt: skip
    return Gesture(uuid, kind, **(made | more))


def test_every_commit_waits_for_the_disk(project):
    assert project._connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    assert project._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_gestures_come_back_as_they_were_written(project):
    draft = started(project)
    draft = project.journal.append(draft, gesture("a"), drops_redo=True)
    draft = project.journal.append(draft, gesture("b", changes=[[[1]], []]), drops_redo=True)
    assert draft.counter == 2
    with Project.open(project.folder) as other:
        assert other.journal.current("A1").counter == 2
        found = other.journal.gestures(other.journal.current("A1"))
        assert [(one.number, one.uuid, one.difference) for one in found] == [
            (1, "a", b"x"), (2, "b", b"x"),
        ]  # fmt: skip
        assert found[1].changes == [[[1]], []]
        assert other.journal.answered("b") == ("A1", {"seq": "b"})
        assert other.journal.answered("c") is None


def test_undo_redo_and_what_follows_are_marked_on_the_gestures(project):
    draft = started(project)
    for name in "ab":
        draft = project.journal.append(draft, gesture(name), drops_redo=True)

    def standings():
        return [one.standing for one in project.journal.gestures(draft)]

    draft = project.journal.append(draft, gesture("c", "undo", target=2), drops_redo=False)
    assert standings() == ["live", "undone", "live"]
    draft = project.journal.append(draft, gesture("d", "redo", target=2), drops_redo=False)
    assert standings()[1] == "live"
    draft = project.journal.append(draft, gesture("e", "undo", target=2), drops_redo=False)
    draft = project.journal.append(draft, gesture("f"), drops_redo=True)
    assert standings() == ["live", "dropped", "live", "live", "live", "live"]


def test_a_draft_that_another_program_went_on_with_is_not_overwritten(project):
    draft = started(project)
    project.journal.append(draft, gesture("a"), drops_redo=True)
    with pytest.raises(ReviewError, match="Another program"):
        project.journal.append(draft, gesture("b"), drops_redo=True)
    assert len(project.journal.gestures(draft)) == 1


def test_a_name_is_used_once_in_the_whole_project(project):
    first, second = started(project), started(project, "A2")
    project.journal.append(first, gesture("a"), drops_redo=True)
    with pytest.raises(ReviewError, match="already"):
        project.journal.append(second, gesture("a"), drops_redo=True)
    assert project.journal.current("A2").counter == 0  # nothing of it was kept


def test_numbers_of_defects_go_on_from_draft_to_draft(project):
    assert (started(project).first_id, started(project).first_id) == (1, 4)
    assert started(project, mode="from_nothing").first_id == 7
    assert started(project, "A2").first_id == 1


def test_a_new_draft_parks_the_one_before_of_its_mode(project):
    first = started(project)
    nothing = started(project, mode="from_nothing")
    second = started(project)
    assert project.journal.current("A1").id == second.id
    assert project.journal.current("A1", "from_nothing").id == nothing.id
    assert [d.state for d in project.journal.of_field("A1")] == ["parked", "open"]
    project.journal.switch(first)
    assert project.journal.current("A1").id == first.id


def test_a_draft_knows_the_latest_mask_of_its_field(project):
    draft = started(project)
    assert (draft.latest, draft.is_in_conflict) == (0, False)
    field = project.fields()[0]
    project.add_mask(field, np.zeros((6, 8), np.uint8), source="model", method="m")
    assert project.journal.current("A1").latest == 1
    assert not project.journal.current("A1").is_in_conflict  # nothing would be lost


def test_damage_in_the_journal_is_told(project):
    draft = started(project)
    project.journal.append(draft, gesture("a"), drops_redo=True)
    project._connection.execute("UPDATE gesture SET changes = x'00'")
    with pytest.raises(ProjectError, match="damaged"):
        project.journal.gestures(draft)


def test_a_project_of_version_2_gets_a_journal_and_keeps_its_masks(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE)
    for script in schema.MIGRATIONS[:2]:
        connection.executescript(script)
    connection.execute("PRAGMA user_version = 2")
    connection.execute("INSERT INTO field (name, n_rows, n_columns) VALUES ('A1', 6, 8)")
    connection.execute(
        "INSERT INTO mask VALUES (1, 1, 'person', 'drawn', 'masks/x.png', 'y', 'then', 'Bo',"
        " NULL, NULL)"
    )
    connection.commit()
    connection.close()
    with Project.open(folder) as project:
        assert project.masks()["A1"].author == "Bo"
        assert project.journal.drafts() == []
        draft = started(project)
        project.journal.append(draft, gesture("a"), drops_redo=True)
        assert len(project.journal.effort()) == 1
    assert (folder / f"{DATABASE}.version2").is_file()
