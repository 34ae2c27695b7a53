"""Versions of masks: who made them, what they were cut from, and that none is lost."""

import numpy as np
import pytest
from PIL import Image

from sorby.core.errors import ProjectError
from sorby.project import Field, Project, probability_of

FIELD = Field(name="A1", shape=(6, 8), ignore_boxes=((0, 0, 2, 3),))


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "A1.png"
    Image.fromarray(np.zeros(FIELD.shape, np.uint8)).save(path)
    with Project.create(tmp_path / "project") as made:
        made.add_field(FIELD, {"polished": (path, 0)}, copy=False)
        yield made


def mask_of(value):
    return np.full(FIELD.shape, value, np.uint8)


def probability(seed, n_classes=1):
    return np.random.default_rng(seed).random((*FIELD.shape, n_classes), dtype=np.float32)


def test_a_mask_keeps_its_author_and_the_probability_it_was_cut_from(project):
    given = probability(0, n_classes=3)
    given[0, 0] = np.nan
    project.add_mask(
        FIELD, mask_of(1), source="model", method="trained", author="model 3", probability=given
    )
    with Project.open(project.folder) as again:
        stored = again.masks()["A1"]
        found = probability_of(stored)
    assert (stored.source, stored.method, stored.author) == ("model", "trained", "model 3")
    np.testing.assert_allclose(found, given, atol=1 / 508 + 1e-6)


def test_a_mask_without_author_or_probability_has_none(project):
    stored = project.add_mask(FIELD, mask_of(0), source="person", method="drawn")
    assert (stored.author, stored.probability, stored.probability_sha256) == ("", None, None)
    assert probability_of(stored) is None


def test_every_version_stays_with_its_own_pixels_and_probability(project):
    stored = [
        project.add_mask(
            FIELD, mask_of(number), source="model", method="m", probability=probability(number)
        )
        for number in range(3)
    ]
    project.add_mask(FIELD, mask_of(1), source="person", method="corrected", author="Ada")
    assert [one.version for one in stored] == [1, 2, 3]
    for number, one in enumerate(stored):
        assert project.read_mask(one)[5, 7] == number
        found = probability_of(one)
        np.testing.assert_allclose(found, probability(number), atol=1 / 508 + 1e-6)
    current = project.masks()["A1"]
    assert (current.version, current.author, current.probability) == (4, "Ada", None)
    assert len({one.path for one in stored} | {current.path}) == 4


def test_the_probability_lies_beside_its_mask_in_the_project(project):
    stored = project.add_mask(
        FIELD, mask_of(1), source="model", method="m", probability=probability(0)
    )
    assert stored.probability.parent == stored.path.parent
    assert stored.probability.is_relative_to(project.folder / "masks")
    assert stored.probability.stem.partition(".")[0] == stored.path.stem


@pytest.mark.parametrize("damage", ["changed", "other", "gone"])
def test_a_probability_changed_on_disk_is_refused(project, damage):
    stored = project.add_mask(
        FIELD, mask_of(1), source="model", method="m", probability=probability(0)
    )
    other = project.add_mask(
        FIELD, mask_of(1), source="model", method="m", probability=probability(1)
    )
    if damage == "gone":
        stored.probability.unlink()
    else:
        good = damage == "other"
        stored.probability.write_bytes(other.probability.read_bytes() if good else b"edited")
    with pytest.raises(ProjectError, match=r"0001\.probability\.tif is gone or was changed"):
        probability_of(stored)
    assert project.read_mask(stored)[5, 7] == 1
    assert probability_of(other) is not None


@pytest.mark.parametrize("shape", [(6, 9, 1), (8, 6, 1), (5, 8, 2)])
def test_a_probability_of_another_size_is_refused_and_nothing_is_kept(project, shape):
    with pytest.raises(ProjectError, match=rf"\({shape[0]}, {shape[1]}.*\(6, 8\)"):
        project.add_mask(
            FIELD, mask_of(1), source="model", method="m", probability=np.zeros(shape, np.float32)
        )
    assert project.masks() == {}
    assert not (project.folder / "masks").exists()


def test_a_failure_after_the_files_are_written_keeps_the_older_mask(project):
    project.add_mask(FIELD, mask_of(2), source="person", method="drawn")
    with pytest.raises(RuntimeError), project.transaction():
        project.add_mask(FIELD, mask_of(1), source="model", method="m", probability=probability(0))
        raise RuntimeError
    current = project.masks()["A1"]
    assert (current.version, project.read_mask(current)[5, 7]) == (1, 2)
    again = project.add_mask(FIELD, mask_of(3), source="person", method="drawn")
    assert (again.version, project.read_mask(again)[5, 7], again.probability) == (2, 3, None)
