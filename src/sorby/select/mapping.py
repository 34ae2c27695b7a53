"""The map that SMILE looks at: t-SNE coordinates of every image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

_FEWEST_FOR_TSNE = 5
_PERPLEXITY = 30.0


def tsne_map(embedding: ArrayLike, *, rng: np.random.Generator) -> np.ndarray:
    """Place every image on a plane so that images that look alike lie close together.

    t-SNE [1]_ that starts from the first two principal components, with perplexity 30, or a
    third of the number of images where that is less. Fewer than five different images are
    placed by their principal components alone. One thread computes, so that the number of
    cores does not change the map.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, finite, on comparable axes.
    rng : numpy.random.Generator
        For the randomised principal components.

    Returns
    -------
    ndarray of shape (n, 2)
        float64, without unit.

    References
    ----------
    .. [1] van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 9, 2008.

    Examples
    --------
    >>> tsne_map(np.eye(3)[[0, 0, 1]], rng=np.random.default_rng(0)).shape
    (3, 2)
    """
    from sklearn.manifold import TSNE

    rows = np.asarray(embedding, np.float64)
    seed = int(rng.integers(2**31))
    if len(np.unique(rows, axis=0)) < _FEWEST_FOR_TSNE:
        return _two_components(rows)
    if rows.shape[1] < 2:
        rows = np.pad(rows, ((0, 0), (0, 1)))
    tsne = TSNE(perplexity=min(_PERPLEXITY, (len(rows) - 1) / 3), init="pca", random_state=seed)
    with threadpool_limits(1):
        return tsne.fit_transform(rows).astype(np.float64)


def _two_components(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=0)
    left, size, axes = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    scores = (left * size * signs)[:, :2]
    return np.pad(scores, ((0, 0), (0, 2 - scores.shape[1])))
