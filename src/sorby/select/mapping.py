"""The map that SMILE looks at: t-SNE coordinates of every image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

EXACT_UP_TO = 5000
"""Images up to which t-SNE places each; beyond, some are placed and the others between them."""

_FEWEST_FOR_TSNE = 5
_PERPLEXITY = 30.0
_DRAWN, _ODD = 2500, 500
_NEAREST = 3
_CHUNK_ROWS = 4096


def tsne_map(embedding: ArrayLike, *, rng: np.random.Generator) -> np.ndarray:
    """Place every image on a plane so that images that look alike lie close together.

    t-SNE [1]_ that starts from the first two principal components, with perplexity 30, or a
    third of the number of images where that is less. Fewer than five different images are
    placed by their principal components alone. One thread computes, so that the number of
    cores does not change the map.

    Of more than 5000 images, whose t-SNE would take minutes to hours, 3000 are landmarks: 2500
    drawn at random, which keeps the density, and 500 each the farthest from those before, so that
    no rare kind goes missing. t-SNE places the landmarks; each other image gets the mean place of
    those of its 3 nearest landmarks (in the embedding) that lie close to the nearest on the map,
    weighted by the inverse squared distance, as out-of-sample images are placed in [2]_.

    Parameters
    ----------
    embedding : array_like of shape (n, d)
        One row an image, finite, on comparable axes.
    rng : numpy.random.Generator
        For the randomised principal components and the landmarks.

    Returns
    -------
    ndarray of shape (n, 2)
        float64, without unit.

    References
    ----------
    .. [1] van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 9, 2008.
    .. [2] Poličar, Stražar and Zupan, "Embedding to reference t-SNE space addresses batch effects
       in single-cell classification", Machine Learning 112, 2023: neighbours' places as start.

    Examples
    --------
    >>> tsne_map(np.eye(3)[[0, 0, 1]], rng=np.random.default_rng(0)).shape
    (3, 2)
    """
    rows = np.asarray(embedding, np.float64)
    seed = int(rng.integers(2**31))
    if len(np.unique(rows, axis=0)) < _FEWEST_FOR_TSNE:
        return _two_components(rows)
    if rows.shape[1] < 2:
        rows = np.pad(rows, ((0, 0), (0, 1)))
    if len(rows) <= EXACT_UP_TO:
        return _tsne(rows, seed)
    landmarks = landmark_rows(rows, rng)
    return _placed(rows, landmarks, _tsne(rows[landmarks], seed))


def landmark_rows(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows that t-SNE places, rising: most drawn at random, the others the odd ones.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        More rows than landmarks.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    ndarray of int of shape (3000,)
    """
    drawn = rng.choice(len(rows), _DRAWN, replace=False)
    squares = np.einsum("ij,ij->i", rows, rows)
    nearest = np.empty(len(rows))
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        nearest[part] = _squared(rows[part], rows[drawn]).min(axis=1)
    nearest[drawn] = -1.0
    odd = []
    for _ in range(_ODD):
        row = int(nearest.argmax())
        odd.append(row)
        np.minimum(nearest, squares - 2 * (rows @ rows[row]) + squares[row], out=nearest)
        nearest[row] = -1.0
    return np.sort(np.concatenate([drawn, odd]))


def _placed(rows: np.ndarray, landmarks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places of all rows from those of the landmarks."""
    reach = _reach(places)
    found = np.empty((len(rows), 2))
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        squared = _squared(rows[part], rows[landmarks])
        near = np.argpartition(squared, _NEAREST, axis=1)[:, :_NEAREST]
        own = np.take_along_axis(squared, near, axis=1)
        order = own.argsort(axis=1)
        near, own = np.take_along_axis(near, order, 1), np.take_along_axis(own, order, 1)
        at = places[near]
        is_close = np.linalg.norm(at - at[:, :1], axis=2) <= reach
        floor = max(float(own.max()), 1.0) * 1e-12
        weight = is_close / np.maximum(own, floor)
        found[part] = (at * weight[:, :, None]).sum(axis=1) / weight.sum(axis=1)[:, None]
    found[landmarks] = places
    return found


def _reach(places: np.ndarray) -> float:
    """Distance on the map within which landmarks belong together: a twentieth of its extent."""
    return float(np.ptp(places, axis=0).max()) / 20


def _squared(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances by one matrix product, not below 0."""
    own, theirs = (np.einsum("ij,ij->i", side, side) for side in (rows, others))
    squared = own[:, None] + theirs[None] - 2 * (rows @ others.T)
    return np.maximum(squared, 0, out=squared)


def _tsne(rows: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    tsne = TSNE(perplexity=min(_PERPLEXITY, (len(rows) - 1) / 3), init="pca", random_state=seed)
    with threadpool_limits(1):
        return tsne.fit_transform(rows).astype(np.float64)


def _two_components(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=0)
    left, size, axes = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    scores = (left * size * signs)[:, :2]
    return np.pad(scores, ((0, 0), (0, 2 - scores.shape[1])))
