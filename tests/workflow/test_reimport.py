"""An exported folder comes back: only what a person changed becomes a person's mask."""

import numpy as np
import pytest
from PIL import Image

from sorby.core.errors import ProjectError
from sorby.io import read_mask, write_mask
from sorby.workflow import accept_masks, export_masks, import_masks, predict


@pytest.fixture
def exported(fresh, tmp_path):
    """Predictions lie in a folder; since then the project has two newer versions of each."""
    predict(fresh.folder)
    export_masks(fresh.folder, tmp_path / "masks")
    for number in (1, 2):
        put_newer_versions(fresh, number)
    return fresh


def put_newer_versions(study, number):
    with study.open() as project:
        for field in project.fields():
            mask = np.zeros(field.shape, np.uint8)
            mask[:number, :5] = 1
            project.add_mask(field, mask, source="model", method=f"model {number}")


def correct(file):
    mask = read_mask(file).copy()
    mask[40:50, 40:50] = 1 - mask[40:50, 40:50]
    write_mask(file, mask)
    return mask


def by_person(study):
    return {name for name, mask in study.masks().items() if mask.source == "person"}


def test_stale_predictions_stay_predictions_and_the_corrected_one_is_a_persons(exported, tmp_path):
    before = exported.masks()
    mask = correct(tmp_path / "masks" / "p3.png")
    answer = import_masks(exported.folder, [tmp_path / "masks"])
    assert (answer["n_masks"], answer["n_unchanged"], answer["problems"]) == (1, 11, [])
    assert by_person(exported) == {"p3"}
    after = exported.masks()
    assert np.array_equal(exported.pixels_of(after["p3"]), mask)
    assert {n: m for n, m in after.items() if n != "p3"} == {
        n: m for n, m in before.items() if n != "p3"
    }


def test_versions_are_listed_oldest_first_and_end_with_the_current_one(exported):
    with exported.open() as project:
        found = project.mask_versions("p3")
        assert [one.version for one in found] == [1, 2, 3]
        assert found[-1] == project.masks()["p3"]
        assert project.mask_versions("nobody") == []


def test_damaged_version_does_not_keep_a_corrected_mask_out(exported, tmp_path):
    exported.masks()["p3"].path.unlink()
    correct(tmp_path / "masks" / "p3.png")
    assert import_masks(exported.folder, [tmp_path / "masks"])["n_masks"] == 1
    assert by_person(exported) == {"p3"}


def test_export_replaces_older_versions(exported, tmp_path):
    export_masks(exported.folder, tmp_path / "masks")
    for name, stored in exported.masks().items():
        assert (tmp_path / "masks" / f"{name}.png").read_bytes() == stored.path.read_bytes()


def test_export_never_overwrites_an_edit_that_was_not_taken_in(exported, tmp_path):
    file = tmp_path / "masks" / "p3.png"
    correct(file)
    before = {one: one.read_bytes() for one in (tmp_path / "masks").iterdir()}
    told = r"p3\.png was edited since it was exported\. Take it in first: sorby masks import"
    with pytest.raises(ProjectError, match=told):
        export_masks(exported.folder, tmp_path / "masks")
    assert {one: one.read_bytes() for one in before} == before
    import_masks(exported.folder, [tmp_path / "masks"])
    export_masks(exported.folder, tmp_path / "masks")
    assert file.read_bytes() == exported.masks()["p3"].path.read_bytes()


def test_export_over_a_mask_of_another_program_says_both_ways_out(exported, tmp_path):
    file = tmp_path / "masks" / "p3.png"
    Image.fromarray(read_mask(file)).save(file)
    with pytest.raises(ProjectError, match=r"another folder.*take it in first: sorby masks import"):
        export_masks(exported.folder, tmp_path / "masks")


# ---------------------------------------------------------------------- accepted as they are


def test_accepted_prediction_is_a_persons_with_the_same_pixels(fresh):
    predict(fresh.folder)
    before = {name: fresh.pixels_of(mask) for name, mask in fresh.masks().items()}
    answer = accept_masks(fresh.folder, ["p1", "t0", "p1"], author="Ada")
    assert answer == {"n_accepted": 2, "n_by_person": 0}
    assert by_person(fresh) == {"p1", "t0"}
    after = fresh.masks()
    for name in ("p1", "t0"):
        assert (after[name].version, after[name].author) == (2, "Ada")
        assert np.array_equal(fresh.pixels_of(after[name]), before[name])
    assert [step.settings["version"] for step in fresh.steps("masks accept")] == [1, 1]


def test_mask_of_a_person_is_not_accepted_a_second_time(fresh):
    predict(fresh.folder)
    accept_masks(fresh.folder, ["p1"])
    version = fresh.masks()["p1"].version
    assert accept_masks(fresh.folder, ["p1", "p2"]) == {"n_accepted": 1, "n_by_person": 1}
    assert fresh.masks()["p1"].version == version


def test_unknown_name_accepts_none(fresh):
    predict(fresh.folder)
    with pytest.raises(ProjectError, match="nobody: no mask"):
        accept_masks(fresh.folder, ["p1", "nobody"])
    assert by_person(fresh) == set()
