"""Rounds of learning with known masks in the place of a person."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from sorby.core.errors import ProjectError, SettingError
from sorby.segment import load_segmenter, presets
from sorby.workflow import ensembling, evaluate, run_rounds

pytestmark = pytest.mark.usefixtures("quick")

POOL = [f"p{n}" for n in range(8)]
TESTS = ["t0", "t1", "t2", "t3"]
KEYS = {
    "round", "strategy", "annotator", "seed", "preset", "picks", "reasons", "n_labelled", "model",
    "threshold", "training_was_known", "training_cpu_seconds", "training_seconds", "seconds",
    "notes", "n", "macro_f1", "defect_f1", "precision", "recall", "pooled", "classes",
    "baselines", "images", "per_round", "inputs", "tested_on", "time",
}  # fmt: skip
TWO_OF_THREE = {"annotator": "truth", "rounds": 2, "per_round": 3}
TIMES = {"time", "seconds", "training_seconds", "training_cpu_seconds"}


@pytest.fixture
def known(fresh):
    """The project with the truth of every field."""
    fresh.label(*POOL, *TESTS)
    return fresh


def models(study):
    with study.open() as project:
        return project.models.all()


def put_mask(study, name, mask):
    with study.open() as project:
        project.add_mask(study.fields()[name], mask, source="person", method="drawn")


def without_times(rounds):
    return [{k: v for k, v in one.items() if k not in TIMES} for one in rounds]


def weights(study, number):
    state = load_segmenter(study.model(number).path)[0].network.state_dict()
    return {name: value.numpy().tobytes() for name, value in state.items()}


@pytest.fixture(scope="module")
def played_once(fresh_once, short_trainings, tmp_path_factory):
    """Two rounds of three, at once, in a project that knows the truth of every field."""
    study = type(fresh_once)(tmp_path_factory.mktemp("played") / "study", fresh_once.truth)
    shutil.copytree(fresh_once.folder, study.folder)
    study.label(*POOL, *TESTS)
    told = study.made["told"] = []
    with short_trainings():
        study.made["answer"] = run_rounds(
            study.folder,
            **TWO_OF_THREE,
            on_step=lambda done, total, **values: told.append((values.get("step"), done, total)),
        )
    return study


@pytest.fixture
def played(played_once, tmp_path):
    """Own copy of the project in which two rounds were played."""
    shutil.copytree(played_once.folder, tmp_path / "played")
    return type(played_once)(tmp_path / "played", played_once.truth, played_once.made)


def test_rounds_add_up_and_never_choose_a_field_twice(played_once):
    rounds = played_once.made["answer"]["rounds"]
    assert [one["round"] for one in rounds] == [1, 2]
    assert [one["n_labelled"] for one in rounds] == [3, 6]
    picks = [name for one in rounds for name in one["picks"]]
    assert len(set(picks)) == 6
    assert set(picks) <= set(POOL)
    assert [one["model"] for one in rounds] == [1, 2]
    assert played_once.model().number == 2
    told = [t for t in played_once.made["told"] if t[0] == "round"]
    assert told == [("round", 1, 2), ("round", 2, 2)]


def test_each_round_is_one_json_object_with_scores_picks_and_seconds(played_once):
    answer = played_once.made["answer"]
    assert set(answer) == {"strategy", "annotator", "seed", "preset", "rounds", "notes"}
    for one in json.loads(json.dumps(answer, allow_nan=False))["rounds"]:
        assert set(one) == KEYS
        assert set(one["macro_f1"]) == {"mean", "sd"}
        assert set(one["baselines"]) == {"otsu", "flatfield_otsu", "base"}
        assert set(one["seconds"]) == {"select", "label", "train", "evaluate"}
        assert len(one["picks"]) == len(one["reasons"]) == 3
        assert one["n"] == 4
        for way in (one, *one["baselines"].values()):
            assert 0 <= way["defect_f1"]["mean"] <= 1
            assert np.isfinite(way["macro_f1"]["sd"])


def test_model_of_a_round_learnt_from_the_labels_until_then(played_once):
    rounds = played_once.made["answer"]["rounds"]
    first, second = (played_once.model(one["model"]).card.settings for one in rounds)
    assert set(first["training"]["images"]) == set(rounds[0]["picks"])
    assert set(second["training"]["images"]) == {*rounds[0]["picks"], *rounds[1]["picks"]}
    assert (first["started_from"], second["started_from"]) == (None, None)


def test_scores_of_a_round_are_those_that_evaluate_gives(played):
    last = played.made["answer"]["rounds"][-1]
    answer = evaluate(played.folder)
    for key in ("n", "macro_f1", "defect_f1", "precision", "recall", "pooled", "baselines"):
        assert answer[key] == last[key]


def test_run_says_in_the_history_which_model_it_put_in_use(played_once):
    assert played_once.steps("use model")[-1].settings == {"model": 2}


def test_run_again_is_the_stored_run(played):
    assert run_rounds(played.folder, **TWO_OF_THREE) == played.made["answer"]
    assert len(models(played)) == 2
    assert len(played.steps("train")) == 2


def test_fewer_rounds_of_a_stored_run_are_its_first(played):
    first = run_rounds(played.folder, **TWO_OF_THREE | {"rounds": 1})["rounds"]
    assert first == played.made["answer"]["rounds"][:1]


def test_run_leaves_the_model_in_use_and_says_so(played):
    answer = run_rounds(played.folder, **TWO_OF_THREE | {"rounds": 1}, seed=1)
    assert played.model().number == 2
    said = f"Model 3 was made; model 2 stays in use: sorby models {played.folder} --use 3"
    assert said in answer["notes"]
    assert len(played.steps("use model")) == 1


@pytest.mark.parametrize("name", ["p0", "t0"])
def test_changed_mask_makes_a_new_run_and_the_same_mask_goes_on_with_the_old(played, name):
    stored = played.made["answer"]["rounds"][:1]
    one_round = TWO_OF_THREE | {"rounds": 1}
    drawn = played.pixels_of(played.masks()[name])
    put_mask(played, name, 1 - drawn)
    assert run_rounds(played.folder, **one_round)["rounds"] != stored
    with played.open() as project:
        assert len(project.rounds.all()) == 3  # two of the old run, one of the new
    put_mask(played, name, drawn)
    assert run_rounds(played.folder, **one_round)["rounds"] == stored


def test_changed_preset_makes_a_new_run(played, monkeypatch):
    fast = dataclasses.replace(presets.PRESETS["fast"], n_steps=9)
    monkeypatch.setattr(presets, "PRESETS", presets.PRESETS | {"fast": fast})
    one_round = TWO_OF_THREE | {"rounds": 1}
    (again,) = run_rounds(played.folder, **one_round)["rounds"]
    assert not again["training_was_known"]
    assert again["model"] == 3


def test_run_stopped_after_a_round_ends_like_one_that_was_not(known, played_once):
    run_rounds(known.folder, **TWO_OF_THREE | {"rounds": 1})
    gone_on = run_rounds(known.folder, **TWO_OF_THREE)
    assert without_times(gone_on["rounds"]) == without_times(played_once.made["answer"]["rounds"])
    assert weights(known, 2) == weights(played_once, 2)


def test_run_stopped_in_the_middle_of_a_training_goes_on(known, played_once):
    def stop(done, total, **values):
        if "loss" in values and len(models(known)) == 1 and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_rounds(known.folder, **TWO_OF_THREE, on_step=stop)
    gone_on = run_rounds(known.folder, **TWO_OF_THREE)
    assert without_times(gone_on["rounds"]) == without_times(played_once.made["answer"]["rounds"])
    assert len(models(known)) == 2


def test_accepting_run_that_goes_on_has_the_labels_it_accepted_before(fresh, tmp_path):
    fresh.label(*TESTS)
    whole = type(fresh)(tmp_path / "whole", fresh.truth)
    shutil.copytree(fresh.folder, whole.folder)
    accept = TWO_OF_THREE | {"annotator": "accept"}
    at_once = run_rounds(whole.folder, **accept)
    run_rounds(fresh.folder, **accept | {"rounds": 1})
    gone_on = run_rounds(fresh.folder, **accept)
    assert without_times(gone_on["rounds"]) == without_times(at_once["rounds"])
    assert weights(fresh, 2) == weights(whole, 2)
    assert [one["n_labelled"] for one in gone_on["rounds"]] == [3, 6]
    by_person = {n for n, m in fresh.masks().items() if m.source == "person"}
    assert by_person == set(TESTS)  # an accepted prediction is not put down as a person's


def test_other_strategy_or_seed_is_another_run(played):
    smile = played.made["answer"]["rounds"][0]
    one_round = TWO_OF_THREE | {"rounds": 1}
    kcenter = run_rounds(played.folder, **one_round, strategy="kcenter")["rounds"][0]
    assert kcenter["picks"] == smile["picks"]  # none has a model to ask yet
    assert kcenter["training_was_known"]
    assert kcenter["model"] == smile["model"]
    other = run_rounds(played.folder, **one_round, seed=1)["rounds"][0]
    assert other["model"] not in {1, 2}


def test_pool_that_is_used_up_ends_the_run_and_is_said(played):
    answer = run_rounds(played.folder, **TWO_OF_THREE | {"rounds": 5})
    assert [one["n_labelled"] for one in answer["rounds"]] == [3, 6, 8]
    assert "The pool is used up after 3 rounds." in answer["notes"]


def test_truth_only_chooses_fields_whose_truth_is_known(fresh):
    fresh.label("p1", "p4", "p5", *TESTS)
    answer = run_rounds(fresh.folder, annotator="truth", rounds=1, per_round=8)
    assert set(answer["rounds"][0]["picks"]) == {"p1", "p4", "p5"}


def test_accept_learns_from_what_was_predicted_and_not_from_the_truth(played):
    truth = played.made["answer"]["rounds"][0]
    one_round = TWO_OF_THREE | {"rounds": 1, "annotator": "accept"}
    accept = run_rounds(played.folder, **one_round)["rounds"][0]
    assert accept["picks"] == truth["picks"]
    ways = [played.model(one["model"]).card.settings["training"] for one in (accept, truth)]
    assert not set(ways[0]["masks"].values()) & set(ways[1]["masks"].values())
    assert truth["macro_f1"]["mean"] > accept["macro_f1"]["mean"]


def test_doubt_of_the_rounds_own_model_chooses_where_it_is_asked(fresh):
    fresh.label(*fresh.fields())
    answer = run_rounds(fresh.folder, **TWO_OF_THREE, strategy="smile+uncertainty")
    first, second = answer["rounds"]
    assert not {*first["picks"]} & {*second["picks"]}
    assert all("in uncertainty" in reason for reason in second["reasons"])


def test_ensemble_asks_its_members_from_the_second_round_on(played, monkeypatch):
    monkeypatch.setattr(ensembling, "N_MEMBERS", 2)
    answer = run_rounds(played.folder, **TWO_OF_THREE, strategy="ensemble")
    first, second = answer["rounds"]
    assert first["picks"] == played.made["answer"]["rounds"][0]["picks"]
    members = [m for m in models(played) if m.card.settings["is_member"]]
    assert len(members) == 2
    for member in members:
        assert set(member.card.settings["training"]["images"]) == set(first["picks"])
    assert not set(first["picks"]) & set(second["picks"])
    assert not played.model().card.settings["is_member"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"strategy": "manual"}, "nobody picks"),
        ({"strategy": "oracle"}, "'oracle' is not one of the strategies"),
        ({"annotator": "me"}, "'me' is no annotator.*truth, accept"),
        ({"rounds": 0}, "both must be at least 1"),
        ({"per_round": 0}, "both must be at least 1"),
        ({"preset": "slow"}, "'slow' is not a preset"),
        ({"seed": -1}, "The seed is -1"),
    ],
)
def test_wrong_option_is_refused_before_anything_is_done(known, options, told):
    with pytest.raises(SettingError, match=told):
        run_rounds(known.folder, **{"annotator": "truth", **options})
    assert models(known) == []


def test_truth_without_a_labelled_pool_is_refused(fresh):
    fresh.label(*TESTS)
    with pytest.raises(ProjectError, match="--annotator accept"):
        run_rounds(fresh.folder, annotator="truth")


def test_run_without_truth_on_test_fields_is_refused(fresh):
    fresh.label(*POOL)
    with pytest.raises(ProjectError, match="no truth to compare with"):
        run_rounds(fresh.folder, annotator="truth")
    assert models(fresh) == []


def test_classes_are_those_of_the_pool_from_the_first_round_on(labs, tmp_path):
    samples = labs.pool_and_test()
    in_pool = [one for one in samples if one.name in POOL]
    in_pool[-1].mask *= 2  # the second class is in one field of the pool only
    study = labs.write_study(tmp_path, samples, labelled=[one.name for one in samples])
    answer = run_rounds(study.folder, annotator="truth", rounds=2, per_round=2)
    for one in answer["rounds"]:
        assert list(one["classes"]) == ["class_1", "class_2"]
        assert study.model(one["model"]).card.classes == ("class_1", "class_2")
    (step,) = study.steps("set classes")
    assert step.settings == {"classes": ["class_1", "class_2"]}
    assert run_rounds(study.folder, annotator="truth", rounds=2, per_round=2) == answer


def test_class_that_only_a_test_mask_holds_teaches_nothing_and_is_refused(labs, tmp_path):
    samples = labs.pool_and_test()
    samples[-1].mask *= 2
    assert samples[-1].name in TESTS
    study = labs.write_study(tmp_path, samples, labelled=[one.name for one in samples])
    with pytest.raises(ProjectError, match=r"true mask of test field .* holds the value 2"):
        run_rounds(study.folder, annotator="truth", rounds=1, per_round=2)
    assert study.steps("set classes") == []


def test_project_of_one_class_gets_no_list_of_classes(played_once):
    with played_once.open() as project:
        assert project.note("classes") is None
