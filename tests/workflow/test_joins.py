"""Where steps meet: names that look like numbers, types and labels, steps that overlap."""

import multiprocessing
import time

import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import ProjectError, SettingError
from sorby.io import write_mask, write_micrograph
from sorby.project import Project, history
from sorby.workflow import (
    import_labels,
    import_masks,
    measure,
    new_project,
    predict,
    segment_images,
)
from sorby.workflow.measuring import current_tables

CENTRES = [(40, 40), (40, 120), (90, 80)]


def discs(rng, centres=CENTRES, shape=(130, 160)):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    gray = 200 + rng.normal(0, 3, shape)
    for row, column in centres:
        gray[np.hypot(rows - row, columns - column) <= 10] = 40
    return gray.clip(0, 255).astype(np.uint8)


def project_of(tmp_path, rng, names, table=None):
    for name in names:
        write_micrograph(tmp_path / "images" / f"{name}.png", discs(rng))
    fields = None
    if table is not None:
        fields = tmp_path / "fields.csv"
        fields.write_text(table)
    new_project(tmp_path / "study", [tmp_path / "images"], fields_table=fields)
    return tmp_path / "study"


def measured(tmp_path, rng, names, table=None):
    folder = project_of(tmp_path, rng, names, table)
    predict(folder)
    measure(folder)
    return folder


def tables(folder):
    with Project.open(folder) as project:
        return current_tables(project)


def test_names_that_look_like_numbers_or_nothing_stay_names(tmp_path, rng):
    names = ["001", "002", "NA", "1e5"]
    rows = "001,01,718\n002,1,\nNA,NA,718\n1e5,1,718\n"
    folder = measured(tmp_path, rng, names, "image,specimen,alloy\n" + rows)
    found = tables(folder)
    assert sorted(found.fields["image"]) == sorted(names)
    assert set(found.defects["image"]) == set(names)
    assert set(found.fields["specimen"]) == {"01", "1", "NA"}
    assert set(found.fields["alloy"].dropna()) == {"718"}


def test_defects_that_nobody_typed_are_not_uncertain(tmp_path, rng):
    folder = measured(tmp_path, rng, ["a"])
    labels = tmp_path / "types.csv"
    labels.write_text("image,x,y,label\na,40,40,crack\n")
    import_labels(folder, labels)
    found = tables(folder)
    assert found.defects["defect_type"].notna().sum() == 1
    assert found.conditions["n_uncertain"].iloc[0] == 0
    assert found.conditions["n_crack"].iloc[0] == 1


@pytest.mark.parametrize("word", ["counted", "Defects", "uncertain"])
def test_types_never_take_the_name_of_a_column(tmp_path, rng, word):
    folder = measured(tmp_path, rng, ["a"])
    labels = tmp_path / "types.csv"
    labels.write_text(f"image,x,y,label\na,40,40,{word}\n")
    with pytest.raises(SettingError, match=r"line 2.*choose another word"):
        import_labels(folder, labels)
    assert tables(folder).fields["n_counted"].iloc[0] == 3


def test_persons_mask_that_comes_during_predict_stays_current(tmp_path, rng):
    folder = project_of(tmp_path, rng, ["a", "b"])
    corrected = tmp_path / "corrected" / "b.png"
    corrected.parent.mkdir()
    write_mask(corrected, np.zeros((130, 160), np.uint8))

    def correct(done, total, **values):
        if done == 1:
            import_masks(folder, [corrected])

    predict(folder, on_step=correct)
    with Project.open(folder) as project:
        masks = project.masks()
    assert (masks["a"].source, masks["b"].source) == ("model", "person")
    assert masks["b"].version == 1


def test_types_belong_to_the_masks_they_were_read_with(tmp_path, rng):
    folder = measured(tmp_path, rng, ["a"])
    with Project.open(folder) as project:
        made_from = project.fingerprint()
        types = pd.DataFrame({"image": ["a"], "defect": [1], "defect_type": ["porosity"]})
        record = history.new_record("classify")
        project.put_results({"types": types}, made_from=made_from, record=record)
        field = project.fields()[0]
        project.add_mask(field, np.eye(130, 160, dtype=np.uint8), source="person", method="drawn")
    measure(folder)
    assert "defect_type" not in tables(folder).defects


def test_segment_never_overwrites_another_image(tmp_path, rng):
    write_micrograph(tmp_path / "A1.png", discs(rng))
    before = (tmp_path / "A1.png").read_bytes()
    (tmp_path / "other").mkdir()
    write_micrograph(tmp_path / "other" / "A1.png", discs(rng))
    with pytest.raises(SettingError, match="may be your image"):
        segment_images([tmp_path / "other" / "A1.png"], tmp_path)
    assert (tmp_path / "A1.png").read_bytes() == before


def test_resin_is_no_sample_and_not_in_the_area(tmp_path, rng):
    gray = discs(rng, centres=[(60, 200), (120, 260)], shape=(200, 320))
    gray[:, :90] = rng.normal(25, 3, (200, 90)).clip(0, 255)
    write_micrograph(tmp_path / "mount.png", gray)
    answer = segment_images([tmp_path / "mount.png"], tmp_path / "out")
    found = answer["images"][0]
    assert "28 % of mount" in answer["notes"][0]
    truth = 2 * np.pi * 10**2 / (200 * 230)
    assert found["n_defects"] == 2
    assert found["area_fraction"] == pytest.approx(truth, rel=0.07)


def test_damaged_twin_leaves_the_polished_image_in(tmp_path, rng):
    write_micrograph(tmp_path / "p" / "a.png", discs(rng))
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "a.png").write_bytes((tmp_path / "p" / "a.png").read_bytes()[:200])
    made = new_project(tmp_path / "study", [tmp_path / "p"], etched=[tmp_path / "e"])
    assert (made["n_fields"], made["n_etched"]) == (1, 0)
    assert "without its etched twin" in made["problems"][0]


def _import_slowly(folder, image):
    def slow(done, total, **values):
        time.sleep(0.2)

    new_project(folder, [image], on_step=slow)


def test_two_imports_into_one_folder_make_one_project(tmp_path, rng):
    for name in "ab":
        write_micrograph(tmp_path / f"{name}.png", discs(rng))
    context = multiprocessing.get_context("spawn")
    both = [
        context.Process(target=_import_slowly, args=(tmp_path / "study", tmp_path / f"{name}.png"))
        for name in "ab"
    ]
    for one in both:
        one.start()
    for one in both:
        one.join(120)
    assert sorted(one.exitcode for one in both) == [0, 1]
    with Project.open(tmp_path / "study") as project:
        assert len(project.fields()) == 1


def test_second_import_finds_the_project_of_the_first(tmp_path, rng):
    folder = project_of(tmp_path, rng, ["a"])
    with pytest.raises(ProjectError, match="is a project already"):
        new_project(folder, [tmp_path / "images"])
    with Project.open(folder) as project:
        assert len(project.fields()) == 1
