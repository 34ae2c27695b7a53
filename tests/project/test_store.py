import multiprocessing
import os
import sqlite3
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sorby.core.errors import ProjectError
from sorby.core.records import PixelSize, ProcessPoint
from sorby.project import Field, Project, history, schema


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "images" / "A1.png"
    path.parent.mkdir()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).save(path)
    return path


def field(name="A1", **known):
    return Field(name=name, shape=(6, 8), **known)


@pytest.fixture
def project(tmp_path, image):
    with Project.create(tmp_path / "project") as made:
        made.add_field(field(), {"polished": (image, 0)}, copy=False)
        yield made


def test_field_comes_back_as_it_was_given(tmp_path, image):
    known = field(
        specimen="cube 3",
        split="test",
        pixel_size=PixelSize(0.65, "OME", 0.001),
        process=ProcessPoint(200.0, 800.0, 100.0, 40.0, 80.0, 200.0, "IN625"),
        section_plane="XZ",
        build_direction_deg=90.0,
        objective_na=0.3,
        ignore_boxes=((4, 5, 6, 8),),
    )
    with Project.create(tmp_path / "p") as project:
        project.add_field(known, {"polished": (image, 0)}, copy=False)
    with Project.open(tmp_path / "p") as project:
        assert project.fields() == [known]


def test_image_is_read_with_the_scale_of_the_project(project, image):
    micrograph = project.read_picture(project.fields()[0])
    assert np.array_equal(micrograph.pixels, np.asarray(Image.open(image)))
    assert micrograph.pixel_size is None


def test_changed_image_is_refused(project, image):
    Image.fromarray(np.zeros((6, 8), np.uint8)).save(image)
    with pytest.raises(ProjectError, match=r"A1\.png has changed since"):
        project.read_picture(project.fields()[0])


def test_missing_image_says_where_it_was(project, image):
    image.unlink()
    with pytest.raises(ProjectError, match=r"A1\.png is gone.*--copy"):
        project.read_picture(project.fields()[0])


def test_project_and_images_may_move_together(tmp_path, image):
    home = tmp_path / "home"
    home.mkdir()
    image = image.rename(home / "A1.png")
    with Project.create(home / "project") as project:
        project.add_field(field(), {"polished": (image, 0)}, copy=False)
    home.rename(tmp_path / "elsewhere")
    with Project.open(tmp_path / "elsewhere" / "project") as project:
        assert project.read_picture(project.fields()[0]).pixels.shape == (6, 8)


def test_copied_image_survives_the_loss_of_the_original(tmp_path, image):
    with Project.create(tmp_path / "p") as project:
        project.add_field(field(), {"polished": (image, 0)}, copy=True)
        image.unlink()
        assert project.read_picture(project.fields()[0]).pixels.shape == (6, 8)


def test_masks_are_versions_and_the_ignore_boxes_win(tmp_path, image):
    with Project.create(tmp_path / "p") as project:
        known = field(ignore_boxes=((0, 0, 2, 3),))
        project.add_field(known, {"polished": (image, 0)}, copy=False)
        first = project.add_mask(known, np.ones((6, 8), np.uint8), source="model", method="otsu")
        project.add_mask(known, np.zeros((6, 8), np.uint8), source="person", method="drawn")
        current = project.masks()["A1"]
        assert (current.version, current.source) == (2, "person")
        pixels = project.read_mask(first)
        assert np.all(pixels[:2, :3] == 255)
        assert np.count_nonzero(pixels == 1) == 48 - 6


def test_mask_of_another_shape_is_refused(project):
    with pytest.raises(ProjectError, match="5 x 8 px and its image 6 x 8"):
        project.add_mask(field(), np.zeros((5, 8), np.uint8), source="person", method="drawn")


def test_mask_edited_in_place_is_refused(project):
    stored = project.add_mask(field(), np.zeros((6, 8), np.uint8), source="model", method="otsu")
    stored.path.write_bytes(b"edited")
    with pytest.raises(ProjectError, match="changed outside Sorby"):
        project.read_mask(stored)


def test_result_keeps_every_digit_and_its_record(project):
    table = pd.DataFrame({"image": ["A1"], "area_um2": [0.1 + 0.2], "counted": [True]})
    project.put_results(
        {"measurements": table}, made_from="abc", record=history.new_record("measure")
    )
    found, made_from = project.result("measurements")
    pd.testing.assert_frame_equal(found, table)
    assert made_from == "abc"
    assert project.history()[-1].outputs.keys() == {"measurements"}


def test_fingerprint_changes_with_a_mask(project):
    before = project.fingerprint()
    project.add_mask(field(), np.zeros((6, 8), np.uint8), source="model", method="otsu")
    assert project.fingerprint() != before


def test_history_cannot_be_rewritten(project):
    project.record(history.new_record("predict"))
    with sqlite3.connect(project.folder / "sorby.db") as connection:
        for sql in ("UPDATE step SET step = 'x'", "DELETE FROM step"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(sql)


def test_failed_transaction_leaves_nothing(project):
    with pytest.raises(ZeroDivisionError), project.transaction():
        project.record(history.new_record("predict"))
        raise ZeroDivisionError
    assert project.history() == []


def test_newer_project_is_refused_and_left_alone(project):
    path = project.folder / "sorby.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ProjectError, match=r"newer Sorby .project version 99.*Nothing was changed"):
        Project.open(project.folder)
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone()[0] == 99


def test_older_project_is_migrated_after_a_copy(project, monkeypatch):
    project.close()
    newer = (*schema.MIGRATIONS, "ALTER TABLE field ADD COLUMN microscope TEXT;")
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    with Project.open(project.folder) as opened:
        assert opened.fields() == [field()]
    with sqlite3.connect(project.folder / "sorby.db") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(field)")]
    assert "microscope" in columns
    old = sqlite3.connect(project.folder / f"sorby.db.version{len(newer) - 1}")
    assert "microscope" not in [row[1] for row in old.execute("PRAGMA table_info(field)")]


def test_failed_migration_leaves_the_old_version(project, monkeypatch):
    project.close()
    broken = (*schema.MIGRATIONS, "ALTER TABLE field ADD COLUMN microscope TEXT; NONSENSE;")
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(sqlite3.Error):
            Project.open(project.folder)
    with Project.open(project.folder) as opened:
        assert opened.fields() == [field()]


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough" * 50])
def test_damaged_database_is_refused_or_empty(tmp_path, content):
    (tmp_path / "sorby.db").write_bytes(content)
    if content:
        with pytest.raises(ProjectError, match="cannot be opened as a project database"):
            Project.open(tmp_path)
    else:
        with Project.open(tmp_path) as project:
            assert project.fields() == []


def test_folder_without_project_says_how_to_make_one(tmp_path):
    with pytest.raises(ProjectError, match="sorby new"):
        Project.open(tmp_path)


def test_database_is_private(project):
    if os.name == "posix":
        assert (project.folder / "sorby.db").stat().st_mode & 0o077 == 0


def test_mask_path_that_leaves_the_project_is_refused(project):
    project.add_mask(field(), np.zeros((6, 8), np.uint8), source="model", method="otsu")
    with sqlite3.connect(project.folder / "sorby.db") as connection:
        connection.execute("UPDATE mask SET path = '../../secret.png'")
    with pytest.raises(ProjectError, match="leads out"):
        project.masks()


def _write_many(folder, n):
    with Project.open(folder) as project:
        for _ in range(n):
            project.record(history.new_record("predict"))


def test_two_writers_at_once_lose_nothing(project):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(project.folder, 25)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(project.history()) == 50


def test_kill_while_writing_leaves_a_project_that_opens(project, rng):
    code = textwrap.dedent(f"""
        import numpy as np
        from sorby.project import Project, history
        with Project.open({str(project.folder)!r}) as project:
            field = project.fields()[0]
            print("ready", flush=True)
            while True:
                with project.transaction():
                    stored = project.add_mask(field, np.ones((6, 8), np.uint8),
                                              source="model", method="otsu")
                    project.record(history.new_record("predict", outputs={{"A1": stored.sha256}}))
    """)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        process.stdout.readline()
        try:
            process.wait(rng.uniform(0.01, 0.2))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        with Project.open(project.folder) as opened:
            masks = opened.masks()
            assert len(opened.history()) == (masks["A1"].version if masks else 0)
            for stored in masks.values():
                opened.read_mask(stored)
