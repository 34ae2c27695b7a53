"""The exam of every classifier: form, range, same seed same answer, input untouched, documented."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

from sorby.classify import CLASSIFIERS
from sorby.core.errors import SettingError
from sorby.learn import has_weights

NAMES = [
    pytest.param(
        name,
        marks=[] if name != "network" or has_weights() else pytest.mark.skip("no pretrained extra"),
    )
    for name in CLASSIFIERS
]


@pytest.fixture(scope="module")
def patches():
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:128, :128] - 64
    drawn = []
    for radius in (6, 7, 9, 11):
        drawn.append(np.where(np.hypot(row, column) < radius, 20, 190))
        drawn.append(np.where((abs(row) < 3) & (abs(column) < 2 * radius), 20, 190))
    return (np.stack(drawn) + rng.integers(0, 9, (8, 128, 128))).astype(np.uint8)


LABELS = ["porosity", "lack_of_fusion"] * 4


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_have_the_stated_form(name, patches):
    model = CLASSIFIERS[name](patches, LABELS, rng=np.random.default_rng(0))
    assert model.classes == ("lack_of_fusion", "porosity")
    probability = model.predict_probability(patches)
    assert probability.shape == (8, 2)
    assert probability.min() >= 0
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert (np.array(model.classes)[probability.argmax(axis=1)] == LABELS).mean() >= 7 / 8
    assert model.predict_probability(patches[:0]).shape == (0, 2)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_model_and_the_input_stays(name, patches):
    before = patches.copy()
    first, second = (
        CLASSIFIERS[name](patches, LABELS, groups=range(8), rng=np.random.default_rng(5))
        for _ in range(2)
    )
    np.testing.assert_array_equal(
        first.predict_probability(patches), second.predict_probability(patches)
    )
    np.testing.assert_array_equal(patches, before)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_patches_does_not_matter(name, patches):
    model = CLASSIFIERS[name](patches, LABELS, rng=np.random.default_rng(0))
    np.testing.assert_allclose(
        model.predict_probability(patches[::-1])[::-1], model.predict_probability(patches)
    )


@pytest.mark.parametrize("name", NAMES)
def test_more_than_two_classes_and_other_sizes_are_taken(name, patches):
    labels = ["a", "b", "c", "b", "a", "b", "c", "b"]
    small = [patch[::2, ::2] for patch in patches]
    model = CLASSIFIERS[name](small, labels, rng=np.random.default_rng(0))
    assert model.classes == ("a", "b", "c")
    assert model.predict_probability(small).shape == (8, 3)


@pytest.mark.parametrize("name", NAMES)
def test_too_little_to_learn_from_is_refused(name, patches):
    with pytest.raises(SettingError, match="two defect types"):
        CLASSIFIERS[name](patches[:2], ["a", "a"], rng=np.random.default_rng(0))
    with pytest.raises(SettingError, match="two defect types"):
        CLASSIFIERS[name](patches[:0], [], rng=np.random.default_rng(0))
    two = CLASSIFIERS[name](patches[:2], ["a", "b"], rng=np.random.default_rng(0))
    assert np.isfinite(two.predict_probability(patches)).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_classifier_is_documented_and_has_an_example(name):
    text = inspect.getdoc(CLASSIFIERS[name]) or ""
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"{section}\n---" in text
    for option in CLASSIFIERS.options(name):
        assert f"{option} : " in text


def test_importing_the_room_imports_neither_torch_nor_scikit_learn():
    code = (
        "import sys, sorby.classify, sorby.learn;"
        "assert not {'torch', 'sklearn', 'skimage'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
