import errno
import hashlib

import pytest

from sorby.core.errors import ProjectError
from sorby.core.files import atomic_path, content_hash, inside


def test_content_hash_is_sha256_of_the_bytes(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"pearlite")
    assert content_hash(path) == hashlib.sha256(b"pearlite").hexdigest()


def test_failure_inside_the_block_keeps_the_old_file_and_leaves_no_litter(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as writing:
        writing.write_text("half of the new")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_full_disk_is_a_project_error_that_says_so_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    told = r"table\.csv.*No space left.*Free some space"
    with pytest.raises(ProjectError, match=told), atomic_path(path) as writing:
        writing.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_success_replaces_and_makes_folders(tmp_path):
    path = tmp_path / "new" / "folder" / "table.csv"
    with atomic_path(path) as writing:
        writing.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "../project-evil/x"])
def test_paths_that_leave_the_folder_are_refused(tmp_path, name):
    root = tmp_path / "project"
    root.mkdir()
    with pytest.raises(ProjectError, match="leads out"):
        inside(root, name)


def test_link_that_points_outside_is_refused(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "door").symlink_to(tmp_path)
    with pytest.raises(ProjectError, match="leads out"):
        inside(root, "door/x")
    assert inside(root, "masks/a.png") == (root / "masks" / "a.png").resolve()
