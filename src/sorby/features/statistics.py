"""Embedding without a network: wavelet energies, co-occurrence of gray levels, quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph
from sorby.features.fields import Tile, field_tiles, paired_fields

_LEVELS = 5
_GRAYS = 32
_DISTANCES_PX = (1, 3, 8)
_ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
_PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy")
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_DARK, _BRIGHT = 64, 191
_FLOOR = 1.0
_SMALLEST_TILE = 64


def statistics(
    micrographs: Iterable[Micrograph],
    *,
    rng: np.random.Generator,
    valid: Sequence[np.ndarray | None] | None = None,
    um_per_px: float | None = None,
    tile_px: int = 1024,
) -> np.ndarray:
    """Wavelet energies, co-occurrence properties and robust gray statistics of each field.

    Each field is brought to the common scale and its median gray to 127. Then follow

    - 15 energies of the undecimated Haar wavelet [1]_, 5 scales (2 to 32 px) and 3 directions, as
      ln(1 + mean square);
    - 18 properties of the co-occurrence matrix [2]_ of 32 gray levels at 1, 3 and 8 px, four
      directions taken together: contrast, dissimilarity, homogeneity, energy, correlation,
      entropy;
    - 7 quantiles of gray, the median absolute deviation, the dark share (below half the median)
      and the bright share (above one and a half).

    Only positions count whose pixels are all valid.

    Parameters
    ----------
    micrographs : iterable of Micrograph
        The fields; at least one. Taken one at a time (a generator may read them from disk).
    rng : numpy.random.Generator
        Not used: nothing is drawn.
    valid : sequence of (ndarray of shape (M, N) or None), optional
        Pixels that are sample, one mask or None for each field.
    um_per_px : float, optional
        Common scale; by default the median of those known. A field without scale, and one whose
        factor would leave 1/4 to 4, is resized no further.
    tile_px : int
        Edge of the tiles that large fields are cut into, in px; at least 64.

    Returns
    -------
    ndarray of shape (n, 43)
        float32.

    Raises
    ------
    SettingError
        If there is no field, one is not a gray plane, masks do not fit, or fields of a generator
        have different scales and ``um_per_px`` is not given.

    References
    ----------
    .. [1] Unser, "Texture classification and segmentation using wavelet frames", IEEE
       Transactions on Image Processing 4, 1995.
    .. [2] Haralick, Shanmugam and Dinstein, "Textural features for image classification", IEEE
       Transactions on Systems, Man and Cybernetics 3, 1973.

    Examples
    --------
    >>> flat = Micrograph(np.full((64, 64), 200, np.uint8))
    >>> row = statistics([flat], rng=np.random.default_rng(0))[0]
    >>> row[:15].tolist() == [0.0] * 15, row[36].item()
    (True, 127.0)
    """
    if tile_px < _SMALLEST_TILE:
        raise SettingError(f"Tiles of {tile_px} px are too small. Use {_SMALLEST_TILE} or more.")
    rows = [
        _described(field_tiles(micrograph, mask, factor, size=tile_px))
        for micrograph, mask, factor in paired_fields(micrographs, valid, um_per_px)
    ]
    if not rows:
        raise SettingError("There is no field to embed. Import at least one image.")
    return np.stack(rows).astype(np.float32)


def _described(tiles: Iterable[Tile]) -> np.ndarray:
    energy = np.zeros((2, _LEVELS, 3))  # sum of squares and number of positions
    pairs = np.zeros((_GRAYS, _GRAYS, len(_DISTANCES_PX)))
    counts = np.zeros(256)
    for tile in tiles:
        for level, squares in enumerate(haar_energies(tile.gray, tile.counted, _LEVELS)):
            energy[:, level] += squares
        pairs += _co_occurrences(tile)
        counts += np.bincount(np.rint(tile.gray[tile.counted]).astype(int), minlength=256)
    wavelet = np.log(_FLOOR + energy[0] / np.maximum(energy[1], 1))
    return np.concatenate([wavelet.ravel(), _texture(pairs), _gray(counts)])


def haar_energies(gray: np.ndarray, counted: np.ndarray, levels: int) -> Iterator[np.ndarray]:
    """Energy of the undecimated Haar wavelet at each scale.

    Parameters
    ----------
    gray : ndarray of shape (M, N)
        Gray values.
    counted : ndarray of bool of shape (M, N)
        Pixels that count; a position counts if all its pixels do.
    levels : int
        Scales 2, 4, 8, ... px; fewer where the image is smaller.

    Yields
    ------
    ndarray of shape (2, 3)
        Sum of squares and number of positions, for details across rows, across columns and
        across both.

    Examples
    --------
    >>> stripes = np.tile([[0.0], [2.0]], (4, 8))
    >>> sums = next(haar_energies(stripes, np.ones((8, 8), bool), 1))
    >>> (sums[0] / sums[1]).tolist()
    [1.0, 0.0, 0.0]
    """
    low, usable = gray.astype(np.float64), counted
    for level in range(levels):
        step = 2**level
        if min(low.shape) <= step:
            return
        upper, lower = low[:-step], low[step:]
        mean, rise = (upper + lower) / 2, (lower - upper) / 2
        usable = usable[:-step] & usable[step:]
        usable = usable[:, :-step] & usable[:, step:]
        details = (
            (rise[:, :-step] + rise[:, step:]) / 2,
            (mean[:, step:] - mean[:, :-step]) / 2,
            (rise[:, step:] - rise[:, :-step]) / 2,
        )
        number = int(usable.sum())
        yield np.array([[float((d[usable] ** 2).sum()) for d in details], [number] * 3])
        low = (mean[:, :-step] + mean[:, step:]) / 2


def _co_occurrences(tile: Tile) -> np.ndarray:
    """How often two gray levels meet at each distance, in any direction and order."""
    from skimage.feature import graycomatrix

    levels = (tile.gray * (_GRAYS / 256)).astype(np.uint8)
    levels[~tile.counted] = _GRAYS  # a level of its own, left out of what is returned
    matrix = graycomatrix(levels, _DISTANCES_PX, _ANGLES, levels=_GRAYS + 1)
    one_way = matrix[:_GRAYS, :_GRAYS].sum(axis=3, dtype=np.float64)
    return one_way + one_way.transpose(1, 0, 2)


def _texture(pairs: np.ndarray) -> np.ndarray:
    from skimage.feature import graycoprops

    share = pairs / np.maximum(pairs.sum(axis=(0, 1)), 1)
    return np.concatenate([graycoprops(share[..., None], name).ravel() for name in _PROPERTIES])


def _gray(counts: np.ndarray) -> np.ndarray:
    if not counts.any():
        counts = np.bincount([127], minlength=256)
    share = counts / counts.sum()
    quantiles = np.searchsorted(share.cumsum(), np.array(_QUANTILES) - 1e-12)
    away = np.abs(np.arange(256) - quantiles[_QUANTILES.index(0.5)])
    order = np.argsort(away, kind="stable")
    deviation = away[order][np.searchsorted(share[order].cumsum(), 0.5 - 1e-12)]
    return np.array([*quantiles, deviation, share[:_DARK].sum(), share[_BRIGHT:].sum()], float)
