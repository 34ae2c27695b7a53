"""Masks from the model in use: for which fields, which version, with their probability."""

import numpy as np
import pytest

from sorby.core.errors import ModelError, ProjectError, SettingError
from sorby.io import read_mask
from sorby.project.masks import probability_of
from sorby.segment import SEGMENTERS, mask_from_probability
from sorby.workflow import list_models, predict, train_project

POOL = {f"p{n}" for n in range(8)}


def about(study):
    return {n: (m.version, m.source, m.method) for n, m in study.masks().items()}


@pytest.fixture
def first_guess(fresh):
    """Every field has a mask of the method that needs no labels; then four were corrected."""
    predict(fresh.folder)
    fresh.label("p0", "p2", "p3", "p6")
    return fresh


def test_without_a_model_every_field_without_a_mask_gets_one(fresh):
    answer = predict(fresh.folder)
    assert answer == {"n_predicted": 12, "n_fields": 12, "method": "base"}
    assert set(about(fresh).values()) == {(1, "model", "base")}
    assert predict(fresh.folder)["n_predicted"] == 0


def test_model_replaces_what_no_person_made_and_nothing_else(first_guess, quick):
    by_person = {n: m for n, m in first_guess.masks().items() if m.source == "person"}
    train_project(first_guess.folder)
    answer = predict(first_guess.folder)
    assert (answer["n_predicted"], answer["method"]) == (8, "model 1")
    found = first_guess.masks()
    assert {n: found[n] for n in by_person} == by_person
    others = {n: kind for n, kind in about(first_guess).items() if n not in by_person}
    assert set(others.values()) == {(2, "model", "model 1")}


def test_older_versions_stay_on_the_disk(first_guess, quick):
    before = {n: (m.path, m.path.read_bytes()) for n, m in first_guess.masks().items()}
    train_project(first_guess.folder)
    predict(first_guess.folder)
    for path, content in before.values():
        assert path.read_bytes() == content


def test_mask_is_cut_from_the_probability_beside_it(taught):
    predict(taught.folder)
    threshold = taught.made["threshold"]
    made = {n: m for n, m in taught.masks().items() if m.source == "model"}
    assert len(made) == 4
    for name, stored in made.items():
        probability = probability_of(stored)
        assert probability.shape == (96, 112, 1)
        mask = taught.pixels_of(stored)
        assert set(np.unique(mask)) == {0, 1}
        # kept in steps of 1/254, so a pixel within a step of the threshold may fall either way
        sure = np.abs(probability[:, :, 0] - threshold) > 1 / 254
        assert np.array_equal(
            mask_from_probability(probability, threshold=threshold)[sure], mask[sure]
        )
        assert sure.mean() > 0.98, name


def test_prediction_has_learnt_the_persons_habit(taught):
    predict(taught.folder)
    wrong = {"model": 0, "no labels": 0}
    for name, stored in taught.masks().items():
        if stored.source == "model":
            truth = read_mask(taught.truth / f"{name}.png")
            with taught.open() as project:
                seen = project.read_picture(taught.fields()[name])
            guess = mask_from_probability(SEGMENTERS["flatfield_otsu"](seen))
            wrong["no labels"] += np.count_nonzero(guess != truth)
            wrong["model"] += np.count_nonzero(taught.pixels_of(stored) != truth)
    assert wrong["model"] < 0.8 * wrong["no labels"]  # half of the start is kept


def test_second_time_changes_nothing(taught):
    predict(taught.folder)
    before, steps = taught.masks(), len(taught.steps("predict"))
    answer = predict(taught.folder)
    assert answer["n_predicted"] == 0
    assert taught.masks() == before
    assert len(taught.steps("predict")) == steps == 4


def test_prediction_follows_the_model_in_use(taught, quick):
    taught.label(*sorted(POOL - set(taught.picks()))[:2])
    train_project(taught.folder)
    predict(taught.folder)
    rest = {n for n, m in taught.masks().items() if m.source == "model"}
    assert {about(taught)[n] for n in rest} == {(1, "model", "model 2")}
    list_models(taught.folder, use=1)
    assert predict(taught.folder)["n_predicted"] == len(rest) == 2
    assert {about(taught)[n] for n in rest} == {(2, "model", "model 1")}
    list_models(taught.folder, use=2)
    predict(taught.folder)
    assert {about(taught)[n] for n in rest} == {(3, "model", "model 2")}


def test_history_and_author_name_the_model(taught):
    predict(taught.folder)
    model = taught.model()
    step = taught.steps("predict")[0]
    assert step.settings == {"method": "model 1", "model sha256": model.sha256}
    authors = {m.author for m in taught.masks().values() if m.source == "model"}
    assert len(authors) == 1
    assert authors.pop().endswith(", model 1")


def test_method_without_labels_only_fills_what_has_no_mask(taught):
    (one, *rest) = sorted(POOL - set(taught.picks()))
    with taught.open() as project:
        field = taught.fields()[one]
        project.add_mask(field, np.zeros(field.shape, np.uint8), source="model", method="model 1")
    before = about(taught)
    answer = predict(taught.folder, method="otsu")
    assert (answer["n_predicted"], answer["method"]) == (3, "otsu")
    found = about(taught)
    assert {n: found[n] for n in before} == before
    assert {found[n] for n in rest} == {(1, "model", "otsu")}


def test_unknown_method_is_refused(taught):
    with pytest.raises(SettingError, match=r"'magic' is not one of the segmenters"):
        predict(taught.folder, method="magic")


def test_interrupted_prediction_keeps_what_it_did_and_goes_on(taught):
    def stop(done, total, **values):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(taught.folder, on_step=stop)
    kept = {n: m for n, m in taught.masks().items() if m.source == "model"}
    assert len(kept) == 3
    assert predict(taught.folder)["n_predicted"] == 1
    assert {n: taught.masks()[n] for n in kept} == kept


def test_mask_that_somebody_gave_in_the_meantime_is_not_counted_as_predicted(taught):
    rest = sorted(POOL - set(taught.picks()))

    def label(done, total, **values):
        if done == 1:
            taught.label(rest[1])

    assert predict(taught.folder, on_step=label)["n_predicted"] == 3
    assert taught.masks()[rest[1]].source == "person"


def test_progress_counts_what_is_to_be_done(taught):
    told = []
    predict(taught.folder, on_step=lambda done, total, **values: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_changed_model_file_is_named_before_anything_is_predicted(taught):
    path = taught.model().path
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    before = taught.masks()
    with pytest.raises(ModelError, match=r"0001.safetensors is gone or was changed"):
        predict(taught.folder)
    assert taught.masks() == before


def test_changed_probability_file_is_not_taken_for_the_stored_one(taught):
    predict(taught.folder)
    stored = next(m for m in taught.masks().values() if m.source == "model")
    stored.probability.write_bytes(b"something else")
    with pytest.raises(ProjectError, match="changed outside Sorby"):
        probability_of(stored)
