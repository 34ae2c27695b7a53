"""Nothing is chosen, learnt or tuned on test fields, nor on copies of them: a try at each door."""

import dataclasses
import hashlib
import shutil

import numpy as np
import pytest
from scipy import ndimage

from sorby.core.errors import ProjectError, SettingError
from sorby.io import read_mask
from sorby.segment import load_segmenter
from sorby.workflow import ensembling, evaluate, predict, run_rounds, select, train_project
from sorby.workflow.splitting import lock_test_fields
from sorby.workflow.training import train_model

TESTS = {"t0", "t1", "t2", "t3"}
POOL = {f"p{n}" for n in range(8)}
STRATEGIES = ["smile", "ensemble", "kcenter", "uniform"]


@pytest.fixture(autouse=True)
def small(quick, monkeypatch):
    """Short trainings, and two models where the product takes ten."""
    monkeypatch.setattr(ensembling, "N_MEMBERS", 2)


def picked(study, **options):
    return {pick["image"] for pick in select(study.folder, **options)["picks"]}


def weights(model):
    """Hash of the numbers of a model alone: its card also holds the seconds it took."""
    segmenter, _ = load_segmenter(model.path)
    digest = hashlib.sha256()
    for name, value in sorted(segmenter.network.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


def truths(study, names):
    """Fields of a project with their person's masks, as a caller hands them to a training."""
    masks, fields = study.masks(), study.fields()
    return {fields[name]: study.pixels_of(masks[name]) for name in names}


def all_models(study):
    with study.open() as project:
        return project.models.all()


# ---------------------------------------------------------------------- what is chosen


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_field_that_is_left_may_be_picked_and_no_test_field(fresh, strategy):
    fresh.label("p0", "p3", "t0", "t1")  # of the test fields, two are labelled and two are not
    assert picked(fresh, strategy=strategy, n_select=99) == POOL - {"p0", "p3"}
    assert not TESTS & set(fresh.picks())


@pytest.mark.parametrize("known", [[], sorted(TESTS)])
def test_first_round_picks_no_test_field(fresh, known):
    if known:
        fresh.label(*known)
    assert picked(fresh, n_select=99) == POOL


def test_test_field_cannot_be_picked_by_name(fresh):
    with pytest.raises(SettingError, match=r"'t1'.*Test fields are locked"):
        select(fresh.folder, images=["p0", "t1"])
    assert fresh.picks() == []


def test_members_of_an_ensemble_learn_from_no_test_field(taught):
    select(taught.folder, strategy="ensemble", n_select=1)
    members = [m for m in all_models(taught) if m.card.settings["is_member"]]
    assert len(members) == 2
    for member in members:
        assert set(member.card.settings["training"]["images"]) == set(taught.picks()[:4])


def test_rounds_of_a_run_choose_and_learn_from_the_pool_alone(taught):
    taught.label(*POOL)
    done = run_rounds(taught.folder, annotator="truth", rounds=3, per_round=3)
    assert {name for one in done["rounds"] for name in one["picks"]} == POOL
    for model in all_models(taught):
        assert set(model.card.settings["training"]["images"]) <= POOL


# ---------------------------------------------------------------------- what is learnt from


def test_model_has_seen_no_test_field_though_persons_labelled_all(fresh):
    fresh.label(*POOL, *TESTS)
    answer = train_project(fresh.folder)
    assert {*answer["trained_on"], *answer["validated_on"]} == POOL
    with fresh.open() as project:
        hashes = project.picture_hashes()
    learnt = fresh.model().card.settings["training"]
    assert learnt["images"] == {name: hashes[name] for name in POOL}
    assert set(learnt["masks"]) == POOL
    assert not any(hashes[name] in str(fresh.model().card) for name in TESTS)


def test_training_and_validation_share_no_specimen(fresh):
    fresh.label(*POOL)
    labels = truths(fresh, sorted(POOL))
    specimens = {field.name: field.specimen for field in labels}
    validated = set()
    for seed in range(3):
        with fresh.open() as project:
            model, _ = train_model(project, labels, seed=seed)
        learnt = model.card.settings["training"]
        sides = [{specimens[n] for n in learnt[key]} for key in ("trained_on", "validated_on")]
        assert all(sides)
        assert not sides[0] & sides[1]
        validated |= sides[1]
    assert len(validated) > 1  # the split is drawn, so the claim was tried more than once


def test_no_model_is_validated_on_what_its_weights_learnt_from(taught):
    for number in range(8):
        if f"p{number}" not in taught.masks():
            taught.label(f"p{number}")
            answer = train_project(taught.folder)
            learnt = taught.model().card.settings["training"]["ever_trained_on"]
            assert set(learnt) == set(answer["trained_on"])  # from the box: it has no ancestor here
            assert not set(learnt) & set(answer["validated_on"])


def test_test_field_handed_to_a_training_is_refused(taught):
    labels = truths(taught, [*taught.picks(), "t2"])
    with taught.open() as project, pytest.raises(ProjectError, match="t2: locked for tests"):
        train_model(project, labels, seed=0)
    assert len(all_models(taught)) == 1


def test_test_field_dressed_as_a_pool_field_is_refused(taught):
    labels = truths(taught, taught.picks())
    (true_field,), (mask,) = zip(*truths(taught, ["t0"]).items(), strict=True)
    forged = dataclasses.replace(true_field, split="pool", copy_of=None, specimen="S0")
    assert not forged.is_locked
    with taught.open() as project, pytest.raises(ProjectError, match="t0: locked for tests"):
        train_model(project, {**labels, forged: mask}, seed=0)


def test_training_of_a_caller_cannot_come_before_the_split(labs, tmp_path):
    samples = [labs.Sample(f"f{k}", *labs.metal(k)) for k in range(5)]  # none is marked
    names = [one.name for one in samples]
    study = labs.write_study(tmp_path, samples, labelled=names)
    labels = truths(study, names)
    with study.open() as project, pytest.raises(ProjectError, match="locked for tests"):
        train_model(project, labels, seed=0)
    assert sum(field.split == "test" for field in study.fields().values()) == 3


def test_predictions_are_no_labels(taught):
    predict(taught.folder)
    assert set(taught.masks()) == POOL | TESTS
    answer = train_project(taught.folder)
    assert {*answer["trained_on"], *answer["validated_on"]} == set(taught.picks())
    assert not answer["is_new"]


# ---------------------------------------------------------------------- copies of test fields


@pytest.fixture(scope="module")
def with_copies_once(labs, tmp_path_factory):
    """A test field, of which the pool holds a crop and a smaller print; p4 has no label."""
    pixels, mask = labs.metal(50, n_discs=12, shape=(200, 240))
    smaller = ndimage.zoom(pixels.astype(float), 0.7, order=1).clip(0, 255).astype(np.uint8)
    samples = [
        *(labs.Sample(f"p{n}", *labs.metal(n), f"S{n}") for n in range(5)),
        labs.Sample("crop", pixels[40:, 60:], mask[40:, 60:], "other"),
        labs.Sample("small", smaller, ndimage.zoom(mask, 0.7, order=0), "another"),
        labs.Sample("test", pixels, mask, "T", "test"),
    ]
    home = tmp_path_factory.mktemp("copies")
    names = [one.name for one in samples if one.name != "p4"]
    study = labs.write_study(home, samples, labelled=names)
    with study.open() as project:
        study.made["lock"] = lock_test_fields(project)
    return study


def test_shifted_crop_and_smaller_print_of_a_test_field_are_locked_and_said(with_copies_once):
    fields = with_copies_once.fields()
    assert (fields["crop"].copy_of, fields["small"].copy_of) == ("test", "test")
    assert [name for name in fields if fields[name].is_locked] == ["crop", "small", "test"]
    (note,) = with_copies_once.made["lock"]
    assert "crop (of test), small (of test)" in note


def test_copies_of_test_fields_are_not_learnt_from(with_copies_once):
    answer = train_project(with_copies_once.folder)
    assert {*answer["trained_on"], *answer["validated_on"]} == {"p0", "p1", "p2", "p3"}
    assert "crop (of test)" in answer["notes"][0]
    labels = truths(with_copies_once, ["p0", "crop"])
    with with_copies_once.open() as project, pytest.raises(ProjectError, match="crop: locked"):
        train_model(project, labels, seed=0)


@pytest.mark.parametrize("name", ["crop", "small"])
def test_copies_of_test_fields_cannot_be_picked(with_copies_once, name):
    with pytest.raises(SettingError, match="locked and cannot be picked"):
        select(with_copies_once.folder, images=[name])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_copies_of_test_fields_are_not_chosen(with_copies_once, strategy):
    assert picked(with_copies_once, strategy=strategy, n_select=99) == {"p4"}


def test_copies_are_no_test_fields_either(with_copies_once):
    train_project(with_copies_once.folder)
    assert [one["image"] for one in evaluate(with_copies_once.folder)["images"]] == ["test"]


# ---------------------------------------------------------------------- what test fields change


def test_other_test_fields_change_neither_picks_nor_weights_nor_threshold(labs, tmp_path):
    found = []
    for name, test_seed in (("a", 100), ("b", 900)):
        samples = labs.pool_and_test(5, 2, test_seed=test_seed)
        study = labs.write_study(tmp_path / name, samples, labelled=["t0", "t1"])
        picks = select(study.folder, n_select=3)["picks"]
        study.label(*(pick["image"] for pick in picks))
        answer = train_project(study.folder)
        evaluate(study.folder)
        later = select(study.folder, strategy="smile", n_select=1)["picks"]
        found.append((picks, weights(study.model()), answer["threshold"], later))
    assert found[0] == found[1]


def test_other_truth_on_test_fields_changes_scores_and_nothing_else(fresh, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(fresh.folder, other)
    found, scores = [], []
    for folder, shift in ((fresh.folder, 0), (other, 9)):
        study = type(fresh)(folder, fresh.truth)
        with study.open() as project:
            for name in sorted(TESTS):
                mask = np.roll(read_mask(fresh.truth / f"{name}.png"), shift, axis=1)
                project.add_mask(study.fields()[name], mask, source="person", method="drawn")
        study.label("p0", "p2", "p5")
        train_project(folder)
        scores.append(evaluate(folder)["macro_f1"]["mean"])
        study.label("p7")
        threshold = train_project(folder)["threshold"]
        found.append((weights(study.model()), threshold))
    assert found[0] == found[1]
    assert scores[1] < scores[0] - 0.1
