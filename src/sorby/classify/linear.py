"""Balanced logistic regression on any description of a patch, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sorby.classify.described import described
from sorby.classify.patches import as_patches
from sorby.core.errors import ModelError, SettingError


@dataclass(frozen=True)
class LinearClassifier:
    """Logistic regression on a description of the patches.

    Attributes
    ----------
    description : str
        A name in `DESCRIPTIONS`.
    classes : tuple of str
        Defect types, sorted.
    mean, scale : ndarray of shape (features,)
        What standardises the description.
    weights : ndarray of shape (features, classes)
        Log odds for one standard deviation more of each feature; each row sums to zero.
    intercept : ndarray of shape (classes,)
        Log odds at the mean.
    """

    description: str
    classes: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray

    def predict_probability(self, patches: np.ndarray) -> np.ndarray:
        """Probability of each class, as if all classes were equally common.

        Parameters
        ----------
        patches : ndarray of shape (n, 128, 128)
            uint8; other forms are converted by `as_patches`.

        Returns
        -------
        ndarray of shape (n, classes)
            float64; rows sum to 1. The mean over the copies (turned views) of a patch.

        Raises
        ------
        ModelError
            If the model was made for other features.
        """
        patches = as_patches(patches)
        if len(patches) == 0:
            return np.zeros((0, len(self.classes)))
        features = described(self.description, patches).astype(np.float64)
        if features.shape[2] != len(self.mean):
            raise ModelError(
                f"The classifier knows {len(self.mean)} features, this version of Sorby computes "
                f"{features.shape[2]}. Train it again."
            )
        scores = ((features - self.mean) / self.scale) @ self.weights + self.intercept
        odds = np.exp(scores - scores.max(axis=2, keepdims=True))
        return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=1)


def fit_linear(
    description: str,
    features: np.ndarray,
    labels: Sequence[str] | np.ndarray,
    *,
    inverse_penalty: float,
    reduce: Callable[[np.ndarray], np.ndarray] | None = None,
) -> LinearClassifier:
    """Standardise, reduce, and fit a logistic regression with balanced classes.

    Parameters
    ----------
    description : str
        The name in `DESCRIPTIONS` of the function that made ``features``.
    features : ndarray of shape (n, copies, features)
        Description of each patch; every copy is one training row.
    labels : sequence of str of length n
        Defect types, two or more different ones.
    inverse_penalty : float
        C of the logistic regression. Positive.
    reduce : callable, optional
        ``f(standardised (rows, features)) -> axes (k, features)``: the regression then sees the
        projections on these axes.

    Returns
    -------
    LinearClassifier
        The axes are folded into its weights.

    Raises
    ------
    SettingError
        If there is one class only, labels and patches differ in number, or the penalty is not
        positive.

    Examples
    --------
    >>> features = np.array([[[0.0]], [[1.0]], [[4.0]], [[5.0]]])
    >>> model = fit_linear("shape", features, ["a", "a", "b", "b"], inverse_penalty=1.0)
    >>> model.classes, bool(model.weights[0, 1] > 0)
    (('a', 'b'), True)
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    names, codes = _checked(labels, len(features), inverse_penalty)
    copies = features.shape[1]
    rows = features.reshape(-1, features.shape[2]).astype(np.float64)
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    rows = (rows - mean) / scale
    regression = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=5000)
    with threadpool_limits(1):  # small matrices: more threads only wait for each other
        axes = None if reduce is None else reduce(rows)
        regression.fit(rows if axes is None else rows @ axes.T, np.repeat(codes, copies))
    coefficients = regression.coef_ if axes is None else regression.coef_ @ axes
    return LinearClassifier(
        description=description,
        classes=names,
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        weights=_centred(coefficients).T.astype(np.float32),
        intercept=_centred(regression.intercept_[:, None])[:, 0].astype(np.float32),
    )


def _checked(
    labels: Sequence[str] | np.ndarray, n: int, inverse_penalty: float
) -> tuple[tuple[str, ...], np.ndarray]:
    if len(labels) != n:
        raise SettingError(f"{len(labels)} labels for {n} patches: give one label for each patch.")
    names, codes = np.unique(np.asarray(labels, str), return_inverse=True)
    if len(names) < 2:
        found = f"only {str(names[0])!r}" if len(names) else "none"
        raise SettingError(
            f"The labels hold {found}. A classifier needs patches of two defect types or more."
        )
    if not inverse_penalty > 0:
        raise SettingError(f"inverse_penalty is {inverse_penalty}. It must be positive.")
    return tuple(str(name) for name in names), codes


def _centred(scores: np.ndarray) -> np.ndarray:
    """One row a class, rows summing to zero; scikit-learn gives one row for two classes."""
    if len(scores) == 1:
        return np.concatenate([-scores, scores]) / 2
    return scores - scores.mean(axis=0)
