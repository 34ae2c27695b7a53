"""A project of version 1 opens, keeps what it holds, and leaves a copy of what it was."""

import shutil
import sqlite3
import threading

import numpy as np
import pytest

from sorby.core.files import content_hash
from sorby.core.records import ModelCard, PixelSize
from sorby.io import write_mask
from sorby.project import DATABASE, Field, Project, probability_of, schema


@pytest.fixture
def old(tmp_path):
    """Folder of a project as version 1 wrote it: a field, a mask in two versions, a step."""
    folder = tmp_path / "old"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE)
    connection.executescript(schema.MIGRATIONS[0])
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA user_version = 1")
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(
        "INSERT INTO field (name, specimen, um_per_px, scale_source, n_rows, n_columns,"
        " ignore_boxes) VALUES ('A1', 'cube 3', 0.65, 'OME', 6, 8, '[[0, 0, 2, 3]]')"
    )
    for version in (1, 2):
        name = f"masks/A1/{version:04d}.png"
        write_mask(folder / name, np.full((6, 8), version, np.uint8))
        connection.execute(
            "INSERT INTO mask (field_id, version, source, method, path, sha256, time)"
            " VALUES (1, ?, 'person', 'drawn', ?, ?, '2024-01-01T00:00:00+00:00')",
            (version, name, content_hash(folder / name)),
        )
    connection.execute(
        "INSERT INTO step (step, time, settings, inputs, outputs, versions)"
        " VALUES ('import', '2024', '{\"seed\": 3}', '{}', '{}', '{}')"
    )
    connection.execute("INSERT INTO note VALUES ('synthetic', 'yes')")
    connection.commit()
    connection.close()
    return folder


def columns(path):
    """Columns of each table: name, type, whether it must be there, default, key."""
    connection = sqlite3.connect(path)
    names = connection.execute("SELECT name, type FROM sqlite_master ORDER BY name").fetchall()
    found = {
        (kind, name): sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({name})"))
        for name, kind in names
        if not name.startswith("sqlite_")
    }
    connection.close()
    return found


def version_of(path):
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def test_an_old_project_opens_and_keeps_all_it_holds(old):
    with Project.open(old) as project:
        assert project.fields() == [
            Field(
                name="A1",
                shape=(6, 8),
                specimen="cube 3",
                pixel_size=PixelSize(0.65, "OME"),
                ignore_boxes=((0, 0, 2, 3),),
            )
        ]
        stored = project.masks()["A1"]
        assert (stored.version, stored.source, stored.method) == (2, "person", "drawn")
        assert project.read_mask(stored)[5, 7] == 2
        assert [(one.step, one.settings) for one in project.history()] == [("import", {"seed": 3})]
        assert project.note("synthetic") == "yes"


def test_what_an_old_project_could_not_know_is_empty(old):
    with Project.open(old) as project:
        stored = project.masks()["A1"]
        assert (stored.author, stored.probability) == ("", None)
        assert probability_of(stored) is None
        assert project.fields()[0].copy_of is None
        assert project.models.all() == project.rounds.all() == []
        assert project.rounds.picks().empty


def test_an_old_project_can_do_what_a_new_one_can(old):
    with Project.open(old) as project:
        field = project.fields()[0]
        probability = np.full((6, 8, 1), 0.5, np.float32)
        stored = project.add_mask(
            field,
            np.ones((6, 8), np.uint8),
            source="model",
            method="trained",
            author="model 1",
            probability=probability,
        )
        assert (stored.version, stored.author) == (3, "model 1")
        assert np.array_equal(probability_of(stored), probability)
        project.models.add(
            lambda path: path.parent.mkdir() or path.write_bytes(b"model"),
            ModelCard("a", "defect segmentation", ("defect",)),
            made_from="x",
        )
        assert project.models.use(1).number == 1
        project.rounds.add_picks(1, ["A1"], ["first"], strategy="smile")
        assert len(project.rounds.picks()) == 1


def test_a_migrated_database_is_laid_out_like_a_new_one(old, tmp_path):
    Project.open(old).close()
    Project.create(tmp_path / "new").close()
    assert columns(old / DATABASE) == columns(tmp_path / "new" / DATABASE)
    assert version_of(old / DATABASE) == len(schema.MIGRATIONS)
    assert {"author", "probability_path", "probability_sha256"} <= {
        column[0] for column in columns(old / DATABASE)["table", "mask"]
    }


def test_a_copy_of_the_old_database_lies_beside_it_and_is_whole(old, tmp_path):
    before = columns(old / DATABASE)
    Project.open(old).close()
    copy = old / f"{DATABASE}.version1"
    assert columns(copy) == before
    assert version_of(copy) == 1
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT COUNT(*) FROM mask").fetchone()[0] == 2
    connection.close()
    # Put back, it is the old project again, and opens again.
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (old / name).unlink(missing_ok=True)
    shutil.copy(copy, old / DATABASE)
    with Project.open(old) as project:
        assert project.masks()["A1"].version == 2


def test_the_copy_holds_what_was_still_in_the_log_of_another_program(old):
    other = sqlite3.connect(old / DATABASE)
    other.execute("INSERT INTO note VALUES ('late', 'yes')")
    other.commit()  # in the write-ahead log, not yet in the file
    Project.open(old).close()
    other.close()
    connection = sqlite3.connect(old / f"{DATABASE}.version1")
    assert connection.execute("SELECT value FROM note WHERE name = 'late'").fetchone() == ("yes",)
    connection.close()


def test_the_copy_is_as_private_as_the_database(old):
    Project.open(old).close()
    assert (old / f"{DATABASE}.version1").stat().st_mode & 0o077 == 0


def test_a_current_project_is_not_copied(old):
    Project.open(old).close()
    copy = old / f"{DATABASE}.version1"
    copy.unlink()
    Project.open(old).close()
    assert not copy.exists()


@pytest.mark.parametrize("attempt", range(5))
def test_programs_that_open_an_old_project_at_once_all_get_it(old, attempt):
    barrier, outcomes = threading.Barrier(4), []

    def work():
        barrier.wait()
        try:
            with Project.open(old) as project:
                outcomes.append(project.masks()["A1"].version)
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [2, 2, 2, 2]
    assert version_of(old / DATABASE) == len(schema.MIGRATIONS)
    assert version_of(old / f"{DATABASE}.version1") == 1  # copied before the first of them
