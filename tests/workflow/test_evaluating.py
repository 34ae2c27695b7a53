"""Scores on the locked test fields: equal to those worked out by hand, baselines beside them."""

import json
import shutil

import numpy as np
import pytest

from sorby.core.errors import ProjectError
from sorby.io import read_mask
from sorby.metrics import METRICS
from sorby.segment import SEGMENTERS, load_segmenter, mask_from_probability
from sorby.workflow import evaluate, list_models, train_project
from sorby.workflow.evaluating import _notes, plain

KEYS = {
    "n", "macro_f1", "defect_f1", "precision", "recall", "pooled", "classes", "baselines",
    "images", "model", "notes",
}  # fmt: skip
SCORES = ("macro_f1", "defect_f1", "precision", "recall")
TESTS = ["t0", "t1", "t2", "t3"]


@pytest.fixture(scope="module")
def examined(taught_once, tmp_path_factory):
    """Own copy for this file of the project with one model, to be evaluated."""
    folder = tmp_path_factory.mktemp("examined") / "study"
    shutil.copytree(taught_once.folder, folder)
    return type(taught_once)(folder, taught_once.truth, taught_once.made)


@pytest.fixture(scope="module")
def scored(examined):
    return evaluate(examined.folder)


@pytest.fixture(scope="module")
def by_hand(examined):
    """Masks of the test fields from the model and the baselines, and the truth, made here."""
    model, _ = load_segmenter(examined.model().path)
    ways = {
        "model": (model, model.threshold),
        "otsu": (SEGMENTERS["otsu"], 0.5),
        "flatfield_otsu": (SEGMENTERS["flatfield_otsu"], 0.5),
        "base": (SEGMENTERS["base"], 0.5),
    }
    truth = {name: read_mask(examined.truth / f"{name}.png") for name in TESTS}
    called = {}
    with examined.open() as project:
        for field in project.fields():
            for way, (segmenter, threshold) in ways.items():
                if field.name in TESTS:
                    seen = segmenter(project.read_picture(field), valid=field.valid())
                    mask = mask_from_probability(seen, valid=field.valid(), threshold=threshold)
                    called[way, field.name] = np.where(mask == 255, 0, mask)
    return called, truth


def expected(by_hand, way):
    called, truth = by_hand
    return {
        score: [METRICS[score](called[way, name], truth[name]) for name in TESTS]
        for score in SCORES
    }


def test_answer_has_these_entries_and_no_others(scored):
    assert set(scored) == KEYS
    for score in SCORES:
        assert set(scored[score]) == {"mean", "sd"}
    assert set(scored["baselines"]) == {"otsu", "flatfield_otsu", "base"}
    for one in scored["baselines"].values():
        assert set(one) == {"n", *SCORES, "pooled", "classes"}
        assert one["n"] == 4
    assert (scored["n"], scored["model"]) == (4, 1)
    assert json.loads(json.dumps(scored)) == scored


def test_scores_of_each_field_are_those_of_the_metrics(scored, by_hand):
    truth = expected(by_hand, "model")
    assert [one["image"] for one in scored["images"]] == TESTS
    for score in SCORES:
        assert [one[score] for one in scored["images"]] == pytest.approx(truth[score])


@pytest.mark.parametrize("way", ["model", "otsu", "flatfield_otsu", "base"])
def test_mean_and_sample_sd_are_over_fields(scored, by_hand, way):
    found = scored if way == "model" else scored["baselines"][way]
    for score, each in expected(by_hand, way).items():
        assert found[score]["mean"] == pytest.approx(np.mean(each))
        assert found[score]["sd"] == pytest.approx(np.std(each, ddof=1))


@pytest.mark.parametrize("way", ["model", "otsu", "flatfield_otsu", "base"])
def test_pooled_scores_are_those_of_all_pixels_in_one_heap(scored, by_hand, way):
    called, truth = by_hand
    heap = np.concatenate([called[way, name].ravel() for name in TESTS])
    true = np.concatenate([truth[name].ravel() for name in TESTS])
    found = scored if way == "model" else scored["baselines"][way]
    for score in SCORES:
        assert found["pooled"][score] == pytest.approx(METRICS[score](heap, true))


def test_model_that_learnt_is_better_than_what_needs_no_labels(scored):
    assert scored["macro_f1"]["mean"] > scored["baselines"]["flatfield_otsu"]["macro_f1"]["mean"]
    assert not any("no better than" in note for note in scored["notes"])


def test_few_fields_are_said(scored):
    assert "4 test fields: these scores say little of other images." in scored["notes"]


def test_evaluation_is_in_the_history_with_what_it_compared(examined, scored):
    step = examined.steps("evaluate")[-1]
    masks = examined.masks()
    assert step.settings["model"] == 1
    assert step.settings["scores"] == pytest.approx(scored["pooled"])
    assert step.inputs == {
        "model 1": examined.model().sha256,
        **{f"{name} mask": masks[name].sha256 for name in TESTS},
    }


def test_evaluation_changes_no_mask_and_no_model(taught):
    before = taught.masks(), taught.model()
    evaluate(taught.folder)
    assert (taught.masks(), taught.model()) == before


def test_evaluation_follows_the_model_in_use(taught, quick, scored):
    taught.label("p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7")
    train_project(taught.folder)
    assert evaluate(taught.folder)["model"] == 2
    list_models(taught.folder, use=1)
    assert evaluate(taught.folder) == scored


def test_only_test_fields_that_a_person_labelled_count(fresh, quick):
    fresh.label("p0", "p2", "t1", "t3")
    train_project(fresh.folder)
    with fresh.open() as project:  # a model's mask is no truth
        field = fresh.fields()["t0"]
        project.add_mask(field, np.ones(field.shape, np.uint8), source="model", method="model 1")
    answer = evaluate(fresh.folder)
    assert [one["image"] for one in answer["images"]] == ["t1", "t3"]
    said = "2 of 4 test fields have no mask by a person and were not scored: t0, t2."
    assert said in answer["notes"]


def test_pixels_that_the_truth_ignores_do_not_count(taught):
    with taught.open() as project:
        for name in TESTS:
            truth = read_mask(taught.truth / f"{name}.png")
            truth[:, :56] = 255
            project.add_mask(taught.fields()[name], truth, source="person", method="drawn")
    assert evaluate(taught.folder)["macro_f1"]["mean"] > 0.85


def test_one_field_has_no_sd(fresh, quick):
    fresh.label("p0", "p2", "t1")
    train_project(fresh.folder)
    answer = evaluate(fresh.folder)
    assert answer["n"] == 1
    assert np.isnan(answer["macro_f1"]["sd"])
    assert plain(answer)["macro_f1"]["sd"] is None


def test_no_model_says_how_to_get_one(fresh):
    fresh.label("t0")
    with pytest.raises(ProjectError, match=r"has no model yet.*sorby train"):
        evaluate(fresh.folder)


def test_no_truth_names_the_test_fields(fresh, quick):
    fresh.label("p0", "p2")
    train_project(fresh.folder)
    with pytest.raises(ProjectError, match=r"Test fields: t0, t1, t2, t3\..*sorby masks import"):
        evaluate(fresh.folder)
    assert fresh.steps("evaluate") == []


def test_model_no_better_than_no_labels_is_called_that(taught):
    with taught.open() as project:
        for field in project.fields():
            if field.name in TESTS:  # here the truth is what the baseline says
                seen = SEGMENTERS["flatfield_otsu"](project.read_picture(field))
                mask = mask_from_probability(seen)
                project.add_mask(field, mask, source="person", method="drawn")
    answer = evaluate(taught.folder)
    assert answer["baselines"]["flatfield_otsu"]["macro_f1"]["mean"] == 1
    (note,) = (note for note in answer["notes"] if "no better than flatfield_otsu" in note)
    assert note.endswith("sorby predict --method flatfield_otsu.")


def test_scores_are_kept_as_those_of_the_round(taught):
    answer = evaluate(taught.folder)
    with taught.open() as project:
        (kept,) = project.rounds.all()
    assert (kept["round"], kept["strategy"], kept["n_labelled"]) == (1, "smile", 4)
    assert kept["picks"] == taught.picks()
    assert kept["macro_f1"] == answer["macro_f1"]
    evaluate(taught.folder)
    with taught.open() as project:
        assert len(project.rounds.all()) == 1


def test_several_classes_are_scored_each_and_said(labs, tmp_path, quick):
    samples = []
    for n in range(5):
        pixels, mask = labs.metal(n, gray=40)
        mask[:, 56:] *= 2  # the two classes look alike and lie apart
        samples.append(labs.Sample(f"f{n}", pixels, mask, f"S{n}", "test" if n > 2 else "pool"))
    study = labs.write_study(tmp_path, samples, labelled=[s.name for s in samples])
    train_project(study.folder)
    answer = evaluate(study.folder)
    assert list(answer["classes"]) == ["class_1", "class_2"]
    assert any("The baselines know one class" in note for note in answer["notes"])
    of_fields = [one["macro_f1"] for one in answer["images"]]
    assert answer["macro_f1"]["mean"] == pytest.approx(np.mean(of_fields))


def test_class_that_the_model_does_not_know_is_refused_by_field_and_value(taught):
    with taught.open() as project:
        field = taught.fields()["t2"]
        mask = np.zeros(field.shape, np.uint8)
        mask[40:60, 40:60] = 3
        project.add_mask(field, mask, source="person", method="drawn")
    with pytest.raises(ProjectError, match=r"t2 holds the value 3.*model 1 knows 1.*--classes"):
        evaluate(taught.folder)


@pytest.mark.parametrize(("classes", "is_worse"), [(("defect",), True), (("a", "b"), False)])
def test_several_classes_are_compared_by_defect_f1(classes, is_worse):
    def scores(macro_f1, defect_f1):
        return {"macro_f1": {"mean": macro_f1}, "defect_f1": {"mean": defect_f1}}

    answer = {
        **scores(0.5, 0.9),
        "n": 9,
        "classes": {name: {} for name in classes},
        "baselines": {"flatfield_otsu": scores(0.6, 0.8)},
    }
    assert any("no better than" in note for note in _notes(answer)) == is_worse
