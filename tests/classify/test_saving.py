"""Classifiers on disk, and those that ship."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from sorby.classify import (
    CLASSIFIERS,
    default,
    default_classifier,
    load_classifier,
    predict_types,
    save_classifier,
)
from sorby.core.errors import ModelError
from sorby.core.records import ModelCard
from sorby.learn import has_weights, load_checkpoint, pretrained, save_checkpoint

needs_weights = pytest.mark.skipif(not has_weights(), reason="the extra 'pretrained' is absent")


@pytest.fixture
def saved(drawn, tmp_path, rng):
    model = CLASSIFIERS["shape"](*drawn, rng=rng)
    card = ModelCard("test", "defect type", model.classes)
    path = tmp_path / "types.safetensors"
    save_classifier(model, path, card)
    return model, card, path


def test_a_saved_classifier_answers_exactly_as_before(saved, drawn):
    model, card, path = saved
    loaded, read = load_classifier(path)
    np.testing.assert_array_equal(
        loaded.predict_probability(drawn[0]), model.predict_probability(drawn[0])
    )
    assert read == replace(card, settings={"description": "shape"})


def test_a_card_with_other_classes_is_refused(saved):
    model, card, path = saved
    with pytest.raises(ModelError, match="names the classes"):
        save_classifier(model, path, replace(card, classes=("x", "y")))


def test_a_model_that_is_not_made_of_arrays_is_refused(saved):
    _, card, path = saved
    with pytest.raises(ModelError, match="A dict cannot be saved"):
        save_classifier({}, path, card)


def test_a_pickle_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_classifier(path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"arrays": {"weights": np.zeros((15, 3), np.float32)}}, "'weights' is float32 of shape"),
        ({"arrays": {"mean": np.float32(1)}}, "'mean' is"),
        ({"arrays": {"scale": np.zeros(15, np.float32)}}, "make no sense"),
        ({"arrays": {"intercept": np.full(2, np.nan)}}, "not finite"),
        ({"arrays": {"extra": np.zeros(1)}}, "it holds the arrays"),
        ({"settings": {"description": "os:system"}}, "asks for the description 'os:system'"),
        ({"settings": {"description": ["shape"]}}, "asks for the description"),
        ({"settings": {}}, "asks for the description None"),
    ],
)
def test_a_file_that_is_no_classifier_is_refused(saved, change, problem):
    _, _, path = saved
    arrays, card = load_checkpoint(path)
    card = replace(card, settings=change.get("settings", card.settings))
    save_checkpoint(path, {**arrays, **change.get("arrays", {})}, card)
    with pytest.raises(ModelError, match=problem):
        load_classifier(path)


def test_a_classifier_for_other_features_says_train_again(saved, drawn):
    _, _, path = saved
    arrays, card = load_checkpoint(path)
    short = {name: a[:7] if name != "intercept" else a for name, a in arrays.items()}
    save_checkpoint(path, short, card)
    with pytest.raises(ModelError, match="knows 7 features"):
        load_classifier(path)[0].predict_probability(drawn[0])


def test_the_shipped_files_are_small_and_their_cards_complete():
    for path in sorted(default.MODELS.iterdir()):
        _, card = load_classifier(path)
        assert path.stat().st_size < 4e6
        assert card.classes == ("lack_of_fusion", "porosity")
        assert "MI-LAB-IITM" in card.licence and "MIT" in card.licence
        assert "Inconel 625" in card.trained_on and "indent" in card.limits
        assert card.scores["folds"] == 5 and card.scores["repeats"] == 5
        assert card.settings["description"] == path.stem


@needs_weights
def test_the_default_tells_drawn_pores_from_drawn_flat_voids(drawn):
    patches, labels = drawn
    model, card = default_classifier()
    assert card.settings["classifier"] == "network"
    assert card.scores["macro_f1"]["mean"] >= 0.82
    table = predict_types(model, patches)
    decided = table["defect_type"] != "uncertain"
    assert decided.mean() > 0.3
    assert (table["defect_type"] == labels)[decided].mean() > 0.9


@needs_weights
def test_the_default_hardly_minds_exposure_and_contrast(drawn):
    model, _ = default_classifier()
    patches = drawn[0][:8]
    dim = (patches * 0.5 + 30).astype(np.uint8)
    change = model.predict_probability(dim) - model.predict_probability(patches)
    assert np.abs(change).max() < 0.05


def test_without_the_extra_the_shape_classifier_is_the_default(drawn, monkeypatch):
    monkeypatch.setattr(pretrained, "_PACKAGE", "sorby_no_such_package")
    model, card = default_classifier()
    assert card.settings["classifier"] == "shape"
    assert "pretrained" in card.settings["about"]
    assert model.predict_probability(drawn[0][:3]).shape == (3, 2)
