"""The regression equals scikit-learn's, whatever is folded into its weights."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sorby.classify.linear import LinearClassifier, fit_linear
from sorby.classify.registries import DESCRIPTIONS
from sorby.core.errors import SettingError


def probability(model: LinearClassifier, features: np.ndarray) -> np.ndarray:
    """Softmax of the linear scores, without patches."""
    odds = np.exp((features - model.mean) / model.scale @ model.weights + model.intercept)
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_folding_the_components_into_the_weights_changes_nothing(n_classes, rng):
    features = rng.normal(size=(60, 8)) * rng.uniform(0.1, 9, 8) + rng.normal(size=8)
    codes = np.arange(60) % n_classes
    features[:, 0] += 3 * codes
    labels = np.array(["x", "y", "z"])[codes]
    reference = make_pipeline(
        StandardScaler(),
        PCA(4, svd_solver="full"),
        LogisticRegression(C=0.7, class_weight="balanced", max_iter=5000),
    ).fit(features, labels)
    model = fit_linear(
        "shape",
        features[:, None],
        labels,
        inverse_penalty=0.7,
        reduce=lambda rows: PCA(4, svd_solver="full").fit(rows).components_,
    )
    assert model.classes == tuple(reference.classes_)
    np.testing.assert_allclose(
        probability(model, features), reference.predict_proba(features), atol=1e-3
    )
    np.testing.assert_allclose(model.weights.sum(axis=1), 0, atol=1e-5)


def test_probabilities_are_the_mean_over_the_copies(monkeypatch, rng):
    copies = rng.normal(size=(5, 3, 2)).astype(np.float32)
    monkeypatch.setitem(DESCRIPTIONS._own, "told", "json:dumps")
    monkeypatch.setattr("json.dumps", lambda patches: copies[patches[:, 0, 0]])
    one, zero = np.ones(2, np.float32), np.zeros(2, np.float32)
    model = LinearClassifier("told", ("a", "b"), zero, one, np.eye(2, dtype=np.float32), zero)
    patches = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 128, 128), np.uint8)
    odds = np.exp(copies)
    expected = (odds / odds.sum(axis=2, keepdims=True)).mean(axis=1)
    np.testing.assert_allclose(model.predict_probability(patches), expected, rtol=1e-6)


def test_what_cannot_be_fitted_is_said():
    features = np.zeros((4, 1, 3))
    with pytest.raises(SettingError, match="only 'a'"):
        fit_linear("shape", features, ["a"] * 4, inverse_penalty=1.0)
    with pytest.raises(SettingError, match="labels hold none"):
        fit_linear("shape", features[:0], [], inverse_penalty=1.0)
    with pytest.raises(SettingError, match="2 labels for 4 patches"):
        fit_linear("shape", features, ["a", "b"], inverse_penalty=1.0)
    with pytest.raises(SettingError, match="inverse_penalty is -1"):
        fit_linear("shape", features, list("aabb"), inverse_penalty=-1)
