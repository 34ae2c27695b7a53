"""Frozen EfficientNet-lite0 features at several scales and a balanced logistic regression.

The recipe (crops around the defect, mid-level and last-layer features, turned copies, principal
components, logistic regression) and its alternatives were measured in the project's notes on
the paper's etched patches. Contrast is normalised first, so that exposure and depth of etching
matter less.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sorby.classify.described import described
from sorby.classify.linear import LinearClassifier, fit_linear
from sorby.classify.patches import PATCH_PX, as_patches, stretched

if TYPE_CHECKING:
    from torch import Tensor

_CROPS_PX = (48, 64, 128)
_TURNS = 4


def fit(
    patches: np.ndarray,
    labels: Sequence[str] | np.ndarray,
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    rng: np.random.Generator,
    n_components: int = 150,
    inverse_penalty: float = 1e-3,
) -> LinearClassifier:
    """Train a classifier on frozen network features.

    Parameters
    ----------
    patches : ndarray of shape (n, 128, 128)
        uint8, each centred on its defect; other forms are converted.
    labels : sequence of str of length n
        Defect types, two or more different ones.
    groups : sequence of length n, optional
        Not used: the penalty is fixed, nothing is chosen by validation.
    rng : numpy.random.Generator
        For the randomised principal components.
    n_components : int
        Principal components that are kept, fewer where there are fewer patches.
    inverse_penalty : float
        C of the logistic regression. The default gave the best calibrated probabilities of
        the five decades 1e-5..1e-1.

    Returns
    -------
    LinearClassifier
        Ready to predict and to save.

    Raises
    ------
    SettingError
        If there is one class only, or labels and patches differ in number.
    ModelError
        If the extra ``pretrained`` is not installed.

    References
    ----------
    .. [1] Navaratna et al., arXiv 2603.13831, stage 2: the task and the patches.

    Examples
    --------
    >>> row, column = np.mgrid[:128, :128] - 64
    >>> discs = [np.where(row**2 + column**2 < r * r, 10, 200) for r in (5, 6, 7)]
    >>> flats = [np.where((abs(row) < 3) & (abs(column) < r), 10, 200) for r in (9, 12, 14)]
    >>> patches = np.stack(discs + flats).astype(np.uint8)
    >>> labels = ["porosity"] * 3 + ["lack_of_fusion"] * 3
    >>> model = fit(patches, labels, rng=np.random.default_rng(0))
    >>> model.predict_probability(patches).round().astype(int)[:, 1].tolist()
    [1, 1, 1, 0, 0, 0]
    """

    def principal_axes(rows: np.ndarray) -> np.ndarray:
        from sklearn.decomposition import PCA

        kept = max(1, min(n_components, len(rows) - 1, rows.shape[1]))
        return PCA(kept, random_state=int(rng.integers(2**31))).fit(rows).components_

    return fit_linear(
        "network",
        described("network", as_patches(patches)),
        labels,
        inverse_penalty=inverse_penalty,
        reduce=principal_axes,
    )


def describe(patches: np.ndarray) -> np.ndarray:
    """Features of each patch, seen in four quarter turns.

    The centre 48 px, the centre 64 px and the whole patch, each enlarged to 128 px, give the
    centre-weighted mean of the 112 mid-level maps (stride 16) and the mean of the 1280 maps of
    the last layer.

    Parameters
    ----------
    patches : ndarray of shape (n, 128, 128)
        uint8.

    Returns
    -------
    ndarray of shape (n, 4, 4176)
        float16.

    Raises
    ------
    ModelError
        If the extra ``pretrained`` is not installed.
    """
    import torch

    from sorby.learn.efficientnet import normalised

    with torch.inference_mode():
        images = normalised(stretched(patches))
        copies = [
            torch.cat([_features(torch.rot90(images, turn, (2, 3)), crop) for crop in _CROPS_PX], 1)
            for turn in range(_TURNS)
        ]
        return torch.stack(copies, 1).numpy().astype(np.float16)


def _features(images: Tensor, crop_px: int) -> Tensor:
    import torch
    from torch.nn import functional

    from sorby.learn.efficientnet import frozen_lite0

    start = (PATCH_PX - crop_px) // 2
    centre = images[:, :, start : start + crop_px, start : start + crop_px]
    enlarged = functional.interpolate(centre, size=(PATCH_PX, PATCH_PX), mode="bilinear")
    maps = frozen_lite0().maps(enlarged)
    middle = (maps.stride16 * _centre_weight(maps.stride16.shape[-1])).sum(dim=(2, 3))
    return torch.cat([middle, maps.last.mean(dim=(2, 3))], dim=1)


@functools.cache
def _centre_weight(edge: int) -> Tensor:
    """Gaussian with a standard deviation of a quarter of the map, summing to 1."""
    import torch

    offset = (np.arange(edge) + 0.5) / edge - 0.5
    profile = np.exp(-0.5 * (offset / 0.25) ** 2)
    return torch.from_numpy(np.outer(profile, profile) / profile.sum() ** 2).float()
