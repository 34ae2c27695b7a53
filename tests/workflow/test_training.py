"""Training from the labels of a project: when, from what, stopped and gone on with."""

import itertools
import shutil
import types

import numpy as np
import pytest
import torch

from sorby.core.errors import ModelError, ProjectError, ReadError, SettingError
from sorby.io import write_mask
from sorby.learn import loop
from sorby.segment import load_segmenter
from sorby.workflow import import_masks, list_models, train_project
from sorby.workflow.training import train_model

pytestmark = pytest.mark.usefixtures("quick")


def weights(study, number):
    return load_segmenter(study.model(number).path)[0].network.state_dict()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def curve(study):
    return study.model(1).card.settings["training"]["curve"]


def checkpoints(study):
    return sorted((study.folder / "cache").rglob("training/*"))


# ---------------------------------------------------------------------- from what


def test_nothing_labelled_says_what_to_do(fresh):
    fresh.label("t0", "t1")  # test fields are nothing to learn from
    with pytest.raises(ProjectError, match=r"sorby select .*sorby masks import"):
        train_project(fresh.folder)
    assert fresh.model() is None


def test_answer_says_what_the_model_saw(taught_once):
    answer = taught_once.made
    assert (answer["model"], answer["is_new"]) == (1, True)
    assert len(answer["trained_on"]) == 3
    assert len(answer["validated_on"]) == 1
    assert {*answer["trained_on"], *answer["validated_on"]} == set(taught_once.picks())
    assert 0.85 < answer["validation_macro_f1"] <= 1
    assert 0.2 <= answer["threshold"] <= 0.8
    assert answer["best_step"] > 0  # it did learn, so equal weights below say something
    assert taught_once.model().number == 1


def test_card_holds_the_hashes_of_what_was_learnt(taught_once):
    card = taught_once.model().card
    with taught_once.open() as project:
        hashes = project.picture_hashes()
    learnt = card.settings["training"]
    assert learnt["images"] == {name: hashes[name] for name in taught_once.picks()}
    assert card.classes == ("defect",)
    assert (card.settings["preset"], card.settings["seed"]) == ("fast", 0)
    assert card.settings["started_from"] is None
    assert [entry["step"] for entry in learnt["curve"]] == list(range(9))
    inside = load_segmenter(taught_once.model().path)[1]
    assert inside.settings["training"] == learnt


def test_history_leads_from_the_model_back_to_its_masks(taught_once):
    (step,) = taught_once.steps("train")
    model = taught_once.model()
    assert step.settings["labelled"] == sorted(taught_once.picks())
    assert step.inputs == model.card.settings["training"]["masks"]
    assert step.outputs == {"model 1": model.sha256}
    (used,) = taught_once.steps("use model")
    assert used.settings == {"model": 1}


def test_same_labels_again_are_the_same_model(taught):
    for _ in range(2):
        again = train_project(taught.folder)
        assert (again["model"], again["is_new"]) == (1, False)
        said = {k: v for k, v in again.items() if k not in ("is_new", "previous")}
        assert said == {k: taught.made[k] for k in said}
        assert again["previous"] == 1


def test_more_labels_make_another_model_that_starts_from_the_box_again(taught):
    (name, *_) = sorted({f"p{n}" for n in range(8)} - set(taught.picks()))
    taught.label(name)
    answer = train_project(taught.folder)
    assert (answer["model"], answer["is_new"]) == (2, True)
    assert taught.model().card.settings["started_from"] is None
    assert taught.model().card.settings["began"] == taught.model(1).card.settings["began"]
    assert len(answer["trained_on"]) + len(answer["validated_on"]) == 5
    assert train_project(taught.folder)["model"] == 2


def test_training_after_a_roll_back_finds_the_model_on_the_shelf(taught):
    taught.label(*(f"p{n}" for n in range(8)))
    train_project(taught.folder)
    list_models(taught.folder, use=1)
    assert taught.model().number == 1
    again = train_project(taught.folder)
    assert (again["model"], again["is_new"]) == (2, False)
    assert taught.model().number == 2


def test_corrected_label_makes_another_model(taught, tmp_path):
    name = taught.picks()[0]
    mask = taught.pixels_of(taught.masks()[name])
    mask[:30, :30] = 1 - mask[:30, :30]
    write_mask(tmp_path / f"{name}.png", mask)
    import_masks(taught.folder, [tmp_path / f"{name}.png"])
    assert train_project(taught.folder)["is_new"]


def test_same_project_elsewhere_gives_the_same_weights(taught_once, fresh):
    fresh.label(*taught_once.picks())
    answer = train_project(fresh.folder)
    assert same(weights(fresh, 1), weights(taught_once, 1))
    for key in ("trained_on", "validated_on", "validation_macro_f1", "threshold", "best_step"):
        assert answer[key] == taught_once.made[key]


def test_another_seed_gives_other_weights(taught):
    masks, fields = taught.masks(), taught.fields()
    labels = {fields[name]: taught.pixels_of(masks[name]) for name in taught.picks()}
    with taught.open() as project:
        model, is_new = train_model(project, labels, seed=1)
    assert is_new
    assert not same(weights(taught, model.number), weights(taught, 1))
    assert taught.model().number == 1  # nothing is put in use


def test_labels_without_a_defect_are_refused(fresh, tmp_path):
    for name in ("p0", "p1"):
        write_mask(tmp_path / "none" / f"{name}.png", np.zeros((96, 112), np.uint8))
    import_masks(fresh.folder, [tmp_path / "none"])
    with pytest.raises(SettingError, match="None of the 2 labelled fields holds a defect"):
        train_project(fresh.folder)
    assert fresh.model() is None


def test_one_labelled_field_is_enough_and_said_to_be_little(fresh):
    fresh.label("p0")
    answer = train_project(fresh.folder)
    assert answer["trained_on"] == answer["validated_on"] == ["p0"]
    assert "Only one labelled field" in " ".join(answer["notes"])


def test_unknown_preset_is_refused(taught):
    with pytest.raises(SettingError, match=r"'slow' is not a preset.*fast, best, paper"):
        train_project(taught.folder, preset="slow")


# ---------------------------------------------------------------------- classes


def two_classes(labs, home, *, value=2, **options):
    """Four fields with dark discs of class 1, and discs of middle gray of another class."""
    samples = []
    for n in range(4):
        pixels, mask = labs.metal(n, gray=40)
        other, second = labs.metal(70 + n, gray=120, value=value)
        seen = (second > 0) & (mask == 0)
        merged = np.where(seen, other, pixels).astype(np.uint8)
        samples.append(labs.Sample(f"p{n}", merged, np.where(seen, second, mask), f"S{n}", "pool"))
    samples.append(labs.Sample("t0", *labs.metal(99), "T", "test"))
    return labs.write_study(home, samples, **options)


def test_classes_come_from_the_labels(labs, tmp_path):
    study = two_classes(labs, tmp_path, labelled=["p0", "p1", "p2"])
    train_project(study.folder)
    model = study.model()
    assert model.card.classes == ("class_1", "class_2")
    segmenter, _ = load_segmenter(model.path)
    with study.open() as project:
        found = segmenter(project.read_picture(study.fields()["p3"]))
    assert found.shape == (96, 112, 2)


def test_classes_are_called_as_the_project_calls_them(labs, tmp_path):
    names = ["pore", "oxide"]
    study = two_classes(labs, tmp_path, labelled=["p0", "p1"], classes=names)
    train_project(study.folder)
    assert study.model().card.classes == ("pore", "oxide")


def test_value_that_no_class_has_is_refused_at_the_door(labs, tmp_path):
    study = two_classes(labs, tmp_path, value=3, labelled=["p0"], classes=["pore", "oxide"])
    (problem,) = study.made["problems"]
    assert "p0.png holds the values [3]. The project knows 2 classes (pore, oxide)" in problem
    assert study.masks() == {}
    with pytest.raises(ReadError, match=r"holds the values \[3\]"):
        study.label("p1", "p2")
    assert study.masks() == {}


def test_black_and_white_values_are_not_taken_for_many_classes(taught):
    field = taught.fields()["p0"]
    with taught.open() as project, pytest.raises(ProjectError, match="--mask-values binary"):
        train_model(project, {field: np.full(field.shape, 200, np.uint8)}, seed=0)


def test_mask_of_another_size_is_refused_and_nothing_is_lost(taught, tmp_path):
    name = taught.picks()[0]
    before = taught.masks()
    write_mask(tmp_path / f"{name}.png", np.ones((50, 60), np.uint8))
    with pytest.raises(ReadError, match="60 x 50 px and the image 112 x 96 px"):
        import_masks(taught.folder, [tmp_path / f"{name}.png"])
    assert taught.masks() == before
    field = taught.fields()[name]
    with taught.open() as project, pytest.raises(SettingError, match="They must be equal"):
        train_model(project, {field: np.ones((50, 60), np.uint8)}, seed=0)
    assert not train_project(taught.folder)["is_new"]


# ---------------------------------------------------------------------- stopped and gone on with


@pytest.fixture
def restless_clock(monkeypatch):
    """A minute passes at each look at the clock, so that every step leaves a checkpoint."""
    ticks = itertools.count(step=60)
    monkeypatch.setattr(loop, "time", types.SimpleNamespace(monotonic=lambda: float(next(ticks))))


def stop_at(step):
    def stop(done, total, **values):
        if done == step:
            raise KeyboardInterrupt

    return stop


@pytest.fixture
def labelled(fresh, taught_once):
    """The project of `taught_once` just before its training."""
    fresh.label(*taught_once.picks())
    return fresh


@pytest.mark.parametrize("step", [1, 5])
def test_killed_training_gone_on_with_is_bit_identical(labelled, taught_once, restless_clock, step):
    with pytest.raises(KeyboardInterrupt):
        train_project(labelled.folder, on_step=stop_at(step))
    assert labelled.model() is None
    assert len(checkpoints(labelled)) == 1
    seen = []
    answer = train_project(
        labelled.folder, resume=True, on_step=lambda done, total, **_: seen.append(done)
    )
    assert seen == list(range(step + 1, 9))
    assert same(weights(labelled, 1), weights(taught_once, 1))
    for key in ("threshold", "validation_macro_f1", "best_step"):
        assert answer[key] == taught_once.made[key]
    assert curve(labelled) == curve(taught_once)
    assert checkpoints(labelled) == []


def test_training_killed_twice_is_bit_identical(labelled, taught_once, restless_clock):
    for step in (3, 6):
        with pytest.raises(KeyboardInterrupt):
            train_project(labelled.folder, resume=True, on_step=stop_at(step))
    train_project(labelled.folder, resume=True)
    assert same(weights(labelled, 1), weights(taught_once, 1))


def first_step(study, **options):
    """Number of the step with which a training begins; it is stopped there."""
    seen = []

    def note_and_stop(done, total, **values):
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_project(study.folder, on_step=note_and_stop, **options)
    return seen[0]


def test_stopped_training_is_gone_on_with_only_when_told_and_never_thrown_away(
    labelled, restless_clock
):
    with pytest.raises(KeyboardInterrupt):
        train_project(labelled.folder, on_step=stop_at(4))
    with pytest.raises(SettingError, match="--resume"):
        train_project(labelled.folder)
    assert first_step(labelled, resume=True) == 5


def test_checkpoint_of_other_labels_is_not_gone_on_with(labelled, restless_clock):
    assert first_step(labelled) == 1
    (rest, *_) = sorted({f"p{n}" for n in range(8)} - set(labelled.masks()))
    labelled.label(rest)
    assert first_step(labelled, resume=True) == 1


def test_damaged_checkpoint_is_named(labelled, restless_clock):
    assert first_step(labelled) == 1
    (file,) = checkpoints(labelled)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ModelError, match=f"{file} is damaged.* Delete that file"):
        train_project(labelled.folder, resume=True)
    file.unlink()
    assert first_step(labelled) == 1


def test_quick_training_leaves_no_checkpoint_and_starts_anew(labelled, taught_once):
    with pytest.raises(KeyboardInterrupt):
        train_project(labelled.folder, on_step=stop_at(2))
    assert checkpoints(labelled) == []
    train_project(labelled.folder, resume=True)
    assert same(weights(labelled, 1), weights(taught_once, 1))


# ---------------------------------------------------------------------- what lies in the folder


def test_project_folder_holds_no_pickle(labelled, tmp_path, restless_clock):
    with pytest.raises(KeyboardInterrupt):
        train_project(labelled.folder, on_step=stop_at(5))
    stopped = tmp_path / "stopped"
    shutil.copytree(labelled.folder, stopped)
    train_project(labelled.folder, resume=True)
    files = [
        path for top in (stopped, labelled.folder) for path in top.rglob("*") if path.is_file()
    ]
    kinds = {path.suffix for path in files}
    assert ".safetensors" in kinds
    known = {".safetensors", ".npy", ".png", ".tif", ".db", ".db-wal", ".db-shm", ".csv", ".html"}
    assert kinds <= known
    for path in files:
        content = path.read_bytes()
        assert content[:2] not in {b"PK", *(bytes([0x80, version]) for version in range(2, 6))}
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)


def test_a_stopped_training_gives_a_model_that_is_never_taken_for_the_whole(labelled, quick):
    from sorby.workflow import train_project

    steps = []
    stopped = train_project(
        labelled.folder,
        promote=False,
        on_step=lambda done, total, **values: steps.append(done),
        should_stop=lambda: len(steps) >= 2,
    )
    assert stopped["stopped_at"] == 3 and stopped["is_new"]
    assert labelled.model() is None  # nothing was put in use
    whole = train_project(labelled.folder, resume=True, promote=False)
    assert whole["model"] == 2 and whole["stopped_at"] is None and whole["is_new"]
    again = train_project(labelled.folder, promote=False)
    assert again["model"] == 2 and not again["is_new"]


def test_a_stopped_model_in_use_is_gone_on_with_by_resume_alone(labelled, quick):
    from sorby.workflow import train_project

    train_project(labelled.folder, should_stop=lambda: True)
    with pytest.raises(SettingError, match="--resume"):
        train_project(labelled.folder)
    answer = train_project(labelled.folder, resume=True)
    assert answer["is_new"] and answer["previous"] == 1
