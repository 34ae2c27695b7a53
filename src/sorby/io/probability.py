"""Probabilities on disk: one gray page a class, in steps of 1/254, 255 where there is no sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sorby.core.errors import ReadError, SettingError
from sorby.core.files import atomic_path
from sorby.io.limits import check_size, checked_file, decoding

_STEPS = 254
_NO_SAMPLE = 255


def write_probability(path: Path, probability: np.ndarray) -> None:
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
    steps = np.rint(np.nan_to_num(probability, nan=0.0).clip(0, 1) * _STEPS).astype(np.uint8)
    steps[np.isnan(probability)] = _NO_SAMPLE
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            np.ascontiguousarray(steps.transpose(2, 0, 1)),
            compression="zlib",
            predictor=True,
            photometric="minisblack",
            metadata=None,
        )


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
        steps = np.stack([page.asarray() for page in stream.pages])
    if steps.dtype != np.uint8 or steps.ndim != 3:
        raise ReadError(
            f"{path} holds {steps.dtype} of shape {steps.shape}: no probability map of Sorby's. "
            "Predict the field anew."
        )
    return steps
