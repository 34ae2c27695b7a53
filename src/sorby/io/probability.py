"""Probabilities on disk: one gray page a class, in steps of 1/254, 255 where there is no sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sorby.core.errors import ReadError, SettingError
from sorby.core.files import atomic_path
from sorby.core.planes import WHOLE_PX, Plane
from sorby.io.limits import check_size, checked_file, decoding

_STEPS = 254
_TILE = 512
_NO_SAMPLE = 255


def write_probability(path: Path, probability: Plane) -> None:
    """Write probabilities as a compressed TIFF that any viewer opens; whole or not at all.

    Parameters
    ----------
    path : Path
        File to write.
    probability : ndarray of shape (M, N, classes)
        0 to 1, NaN where there is no sample. Rounded to 1/254.

    Raises
    ------
    SettingError
        If it has not three axes.
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "p.tif"
    >>> write_probability(path, np.array([[[0.5], [1.0], [np.nan]]]))
    >>> read_probability(path)[..., 0].tolist()
    [[0.5, 1.0, nan]]
    """
    import tifffile

    if probability.ndim != 3:
        raise SettingError(
            f"The probability has shape {probability.shape}. It must be (rows, columns, classes)."
        )
    n_rows, n_columns, n_classes = probability.shape
    options: dict[str, Any] = {}
    if n_rows * n_columns <= WHOLE_PX:
        content: Any = np.ascontiguousarray(_steps(probability[:]).transpose(2, 0, 1))
    else:
        content = _tiles(probability)
        shape = (n_classes, n_rows, n_columns)
        options = {"shape": shape, "dtype": np.uint8, "tile": (_TILE, _TILE), "maxworkers": 1}
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            content,
            **options,
            compression="zlib",
            predictor=True,
            photometric="minisblack",
            metadata=None,
        )


def _steps(values: np.ndarray) -> np.ndarray:
    steps = np.rint(np.nan_to_num(values, nan=0.0).clip(0, 1) * _STEPS).astype(np.uint8)
    steps[np.isnan(values)] = _NO_SAMPLE
    return steps


def _tiles(probability: Plane) -> Iterator[np.ndarray]:
    """Tiles of each class in the order of the file; only a row of them is held."""
    width = probability.shape[1]
    for number in range(probability.shape[2]):
        for top in range(0, probability.shape[0], _TILE):
            band = _steps(probability[top : top + _TILE][..., number])
            whole = np.zeros((_TILE, -(-width // _TILE) * _TILE), np.uint8)
            whole[: len(band), :width] = band
            for left in range(0, width, _TILE):
                yield np.ascontiguousarray(whole[:, left : left + _TILE])


def read_probability(path: Path) -> np.ndarray:
    """Read what `write_probability` wrote.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ndarray of shape (M, N, classes), float32
        NaN where there is no sample.

    Raises
    ------
    ReadError
        If it is not such a file.
    """
    steps = read_probability_steps(path)
    values = steps.transpose(1, 2, 0).astype(np.float32) / _STEPS
    values[steps.transpose(1, 2, 0) == _NO_SAMPLE] = np.nan
    return values


def read_probability_steps(path: Path) -> np.ndarray:
    """Probabilities as they lie on the disk.

    Parameters
    ----------
    path : Path
        From `write_probability`.

    Returns
    -------
    ndarray of shape (classes, M, N), uint8
        In steps of 1/254; 255 where there is no sample.

    Raises
    ------
    ReadError
        If it is not such a file.
    """
    import tifffile

    path = checked_file(path)
    with decoding(path, "a probability map"), tifffile.TiffFile(path) as stream:
        for page in stream.pages:
            height, width = page.shape[:2]
            check_size(path, height=height, width=width, bytes_per_pixel=len(stream.pages))
        pages = [page.asarray(maxworkers=1) for page in stream.pages]
        steps = pages[0][None] if len(pages) == 1 else np.stack(pages)
    if steps.dtype != np.uint8 or steps.ndim != 3:
        raise ReadError(_no_map(path, steps))
    return steps


def probability_step_bands(path: Path, height: int) -> Iterator[np.ndarray]:
    """What `read_probability_steps` reads, a band of rows after the other.

    Parameters
    ----------
    path : Path
        From `write_probability`.
    height : int
        Rows of a band; the last may have fewer.

    Yields
    ------
    ndarray of shape (classes, m, N), uint8
        In steps of 1/254; 255 where there is no sample.

    Raises
    ------
    ReadError
        If it is not such a file.
    """
    from sorby.io.tiff import count_tiff_pages, tiff_bands

    path = checked_file(path)
    pages = (tiff_bands(path, page=n, height=height) for n in range(count_tiff_pages(path)))
    for bands in zip(*pages, strict=True):
        if any(band.dtype != np.uint8 for band in bands):
            raise ReadError(_no_map(path, bands[0]))
        yield np.stack(bands)


def _no_map(path: Path, found: np.ndarray) -> str:
    return (
        f"{path} holds {found.dtype} of shape {found.shape}: no probability map of Sorby's. "
        "Predict the field anew."
    )
