"""The shelf of models: promote, roll back, export, and use of one outside its project."""

import numpy as np
import pytest

from sorby.cli import learnt
from sorby.core.errors import ModelError, ProjectError, SettingError
from sorby.core.records import ModelCard
from sorby.io import read_mask
from sorby.learn import save_checkpoint
from sorby.segment import load_segmenter
from sorby.workflow import (
    evaluate,
    list_models,
    predict,
    segment_images,
    train_project,
)
from sorby.workflow.training import train_model


@pytest.fixture
def two_models(taught, quick):
    taught.label("p0", "p1", "p2", "p3")
    train_project(taught.folder)
    return taught


def test_models_are_listed_with_the_one_in_use(two_models):
    answer = list_models(two_models.folder)
    assert (answer["current"], answer["exported"]) == (2, None)
    assert [m["number"] for m in answer["models"]] == [1, 2]
    assert [m["started_from"] for m in answer["models"]] == [None, None]
    first = answer["models"][0]
    assert first["n_trained_on"] + first["n_validated_on"] == 4
    assert first["threshold"] == two_models.made["threshold"]
    assert first["classes"] == ["defect"]
    assert first["sha256"] == two_models.model(1).sha256


def test_project_without_models_has_an_empty_shelf(fresh):
    assert list_models(fresh.folder) == {"current": None, "models": [], "exported": None}


def test_shelf_is_shown_where_the_file_of_the_model_in_use_is_lost(two_models):
    two_models.model(2).path.unlink()
    answer = list_models(two_models.folder)
    assert answer["current"] == 2
    assert [m["is_whole"] for m in answer["models"]] == [True, False]
    (line,) = [s for s in learnt.shelved(answer, "study").splitlines() if s.split()[0] == "2"]
    assert "in use, file lost" in line
    with pytest.raises(ModelError, match="gone or was changed"):
        list_models(two_models.folder, export=two_models.folder.parent / "out.safetensors")


def test_roll_back_and_promotion_are_recorded(two_models):
    assert list_models(two_models.folder, use=1)["current"] == 1
    assert list_models(two_models.folder)["current"] == 1
    assert list_models(two_models.folder, use=2)["current"] == 2
    assert [step.settings["model"] for step in two_models.steps("use model")] == [1, 2, 1, 2]


def test_unknown_model_is_named_and_the_old_one_stays(two_models):
    with pytest.raises(ModelError, match=r"no model 7\. Its models: 1, 2"):
        list_models(two_models.folder, use=7)
    assert two_models.model().number == 2
    assert len(two_models.steps("use model")) == 2


def test_model_whose_file_was_changed_is_not_put_in_use(two_models):
    two_models.model(1).path.write_bytes(b"no model")
    with pytest.raises(ModelError, match="gone or was changed"):
        list_models(two_models.folder, use=1)
    assert two_models.model().number == 2


def test_lost_model_in_use_is_replaced_by_one_that_is_there(two_models):
    two_models.model(2).path.unlink()
    with pytest.raises(ModelError, match="use another model"):
        predict(two_models.folder)
    assert list_models(two_models.folder, use=1)["current"] == 1
    assert predict(two_models.folder)["method"] == "model 1"


def test_export_is_a_copy_of_the_model_in_use(two_models, tmp_path):
    answer = list_models(two_models.folder, use=1, export=tmp_path / "mine.safetensors")
    assert answer["exported"] == str(tmp_path / "mine.safetensors")
    exported = (tmp_path / "mine.safetensors").read_bytes()
    assert exported == two_models.model(1).path.read_bytes()
    assert two_models.model(1).path.is_file()


def test_export_without_a_model_says_how_to_get_one(fresh, tmp_path):
    with pytest.raises(ProjectError, match="sorby train"):
        list_models(fresh.folder, export=tmp_path / "mine.safetensors")
    assert list(tmp_path.glob("*.safetensors")) == []


def test_export_never_becomes_another_kind_of_file(taught, tmp_path):
    precious = tmp_path / "cube.tif"
    precious.write_bytes(b"an image")
    with pytest.raises(SettingError, match=r"does not end in \.safetensors.*cube\.safetensors"):
        list_models(taught.folder, export=precious)
    assert precious.read_bytes() == b"an image"


def test_export_replaces_a_model_and_nothing_else(two_models, tmp_path):
    mine, other = tmp_path / "mine.safetensors", tmp_path / "types.safetensors"
    list_models(two_models.folder, use=1, export=mine)
    list_models(two_models.folder, use=2, export=mine)
    assert mine.read_bytes() == two_models.model(2).path.read_bytes()
    other.write_bytes(b"weights of something else")
    with pytest.raises(SettingError, match=r"no segmentation model of Sorby's.*another file"):
        list_models(two_models.folder, use=1, export=other)
    assert other.read_bytes() == b"weights of something else"
    assert two_models.model().number == 2


def test_classifier_is_no_segmenter_and_is_not_overwritten(taught, tmp_path):
    target = tmp_path / "types.safetensors"
    save_checkpoint(target, {"a": np.zeros(2, np.float32)}, ModelCard("types", "defect types", ()))
    before = target.read_bytes()
    with pytest.raises(SettingError, match="no segmentation model"):
        list_models(taught.folder, export=target)
    assert target.read_bytes() == before


def test_member_of_an_ensemble_is_not_used_alone(taught, quick):
    masks, fields = taught.masks(), taught.fields()
    labels = {fields[name]: taught.pixels_of(masks[name]) for name in taught.picks()}
    with taught.open() as project:
        member, _ = train_model(project, labels, seed=5, is_member=True)
    with pytest.raises(ModelError, match=r"Model 2 is a member of an ensemble.*sorby models"):
        list_models(taught.folder, use=member.number)
    assert taught.model().number == 1
    assert taught.steps("use model")[-1].settings == {"model": 1}


def test_export_never_overwrites_a_model_of_the_project(two_models):
    first = two_models.model(1)
    before = first.path.read_bytes()
    with pytest.raises(SettingError, match="none of which is ever overwritten"):
        list_models(two_models.folder, export=first.path)
    assert first.path.read_bytes() == before


def test_training_heals_a_project_whose_only_model_is_lost(taught, quick):
    taught.model().path.unlink()
    answer = train_project(taught.folder)
    assert (answer["model"], answer["is_new"]) == (2, True)
    assert any("is lost: training started without it" in note for note in answer["notes"])
    assert answer["validation_macro_f1"] == taught.made["validation_macro_f1"]
    assert list_models(taught.folder)["current"] == 2


# ---------------------------------------------------------------------- outside the project


def test_exported_model_makes_the_masks_that_predict_makes(taught, tmp_path):
    predict(taught.folder)
    list_models(taught.folder, export=tmp_path / "mine.safetensors")
    stored = {n: taught.pixels_of(m) for n, m in taught.masks().items() if m.source == "model"}
    images = [taught.truth.parent / "images" / f"{name}.png" for name in stored]
    segment_images(images, tmp_path / "out", model=tmp_path / "mine.safetensors")
    assert len(stored) == 4
    for name, mask in stored.items():
        assert np.array_equal(read_mask(tmp_path / "out" / f"{name}.png"), mask)
        assert (mask == 1).any()


def test_model_and_method_together_are_refused(taught, tmp_path):
    model = taught.model().path
    image = taught.truth.parent / "images" / "p0.png"
    with pytest.raises(SettingError, match="give one"):
        segment_images([image], tmp_path / "out", model=model, method="otsu")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth", "missing.safetensors"])
def test_file_that_is_no_model_is_refused(taught, tmp_path, name):
    file = tmp_path / name
    if "missing" not in name:
        file.write_bytes(b"\x80\x02K\x01.")  # a pickle of the number 1
    image = taught.truth.parent / "images" / "p0.png"
    with pytest.raises(ModelError, match=name):
        segment_images([image], tmp_path / "out", model=file)


def test_model_brings_images_to_its_own_scale(labs, tmp_path, quick):
    samples = [
        labs.Sample(f"p{n}", *labs.metal(n), f"S{n}", um_per_px=str(scale))
        for n, scale in enumerate((1.0, 1.0, 2.0))
    ]
    study = labs.write_study(tmp_path, samples, labelled=["p0", "p1", "p2"])
    train_project(study.folder)
    segmenter, _ = load_segmenter(study.model().path)
    assert segmenter.um_per_px == 1.0  # the median
    with study.open() as project:
        found = segmenter(project.read_picture(study.fields()["p2"]))
    assert found.shape == (96, 112, 1)


def test_published_weights_segment_an_image(shared_data, tmp_path):
    weights = shared_data / "paper_seg_model.pth"
    image = next((shared_data / "polished_am" / "images").iterdir())
    answer = segment_images([image], tmp_path / "out", model=weights)
    found = read_mask(tmp_path / "out" / f"{image.stem}.png")
    assert answer["images"][0]["n_defects"] > 0
    assert 0 < (found == 1).mean() < 0.5


def test_scores_of_a_rolled_back_model_are_its_own(taught, quick):
    masks, fields = taught.masks(), taught.fields()
    labels = {fields[name]: taught.pixels_of(masks[name]) for name in taught.picks()}
    with taught.open() as project:
        train_model(project, labels, seed=5)
    scores = {}
    for number in (1, 2, 1):
        list_models(taught.folder, use=number)
        answer = evaluate(taught.folder)
        assert answer["model"] == number
        assert scores.setdefault(number, answer["images"]) == answer["images"]
    assert scores[1] != scores[2]
