"""From decoded samples to the gray values of a micrograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sorby.core.errors import ReadError

LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green and blue in gray (ITU-R BT.601)."""

_BLOCK_PX = 4_000_000


def luminance(colours: np.ndarray) -> np.ndarray:
    """Gray values of a colour image.

    Parameters
    ----------
    colours : ndarray of shape (M, N, 3)
        Red, green, blue; integers or floats.

    Returns
    -------
    ndarray of shape (M, N)
        Weighted mean with the weights of ITU-R BT.601, of the same dtype; integers rounded.

    References
    ----------
    .. [1] ITU-R Recommendation BT.601-7, section 2.5.1.

    Examples
    --------
    >>> luminance(np.array([[[255, 0, 0], [9, 9, 9]]], dtype=np.uint8)).tolist()
    [[76, 9]]
    """
    gray = np.empty(colours.shape[:2], colours.dtype)
    rows = max(1, _BLOCK_PX // max(1, colours.shape[1]))
    for start in range(0, len(colours), rows):
        weighted = colours[start : start + rows].astype(np.float32) @ LUMINANCE
        is_integer = np.issubdtype(colours.dtype, np.integer)
        gray[start : start + rows] = np.rint(weighted) if is_integer else weighted
    return gray


def gray_values(samples: np.ndarray, path: Path) -> np.ndarray:
    """Gray values as uint8, uint16 or float32, from samples of any number type.

    One and two channels are gray (and alpha), three and four are red, green, blue (and alpha);
    alpha is dropped. Booleans become 0 and 255; other number types become float32.

    Parameters
    ----------
    samples : ndarray of shape (M, N) or (M, N, channels)
        As decoded, of any byte order.
    path : Path
        Named in messages.

    Returns
    -------
    ndarray of shape (M, N)
        uint8, uint16 or float32, in the machine's byte order.

    Raises
    ------
    ReadError
        If the number type or the number of channels has no meaning as a gray image, or if float
        values are NaN or infinite: filled in silently they would become false defects.
    """
    if samples.ndim == 3:
        if samples.shape[2] > 4:
            raise ReadError(
                f"{path} has {samples.shape[2]} channels. One gray channel or RGB is needed: "
                "export one channel."
            )
        colour = samples.shape[2] >= 3
        samples = luminance(samples[:, :, :3]) if colour else samples[:, :, 0]
    kind = samples.dtype.kind
    if kind not in "buif":
        raise ReadError(
            f"{path} holds values of type {samples.dtype}. Whole or decimal numbers are needed."
        )
    if kind == "b":
        return samples.astype(np.uint8) * np.uint8(255)
    wanted = samples.dtype.newbyteorder("=")
    if wanted not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        wanted = np.dtype(np.float32)
    with np.errstate(over="ignore"):
        gray = samples.astype(wanted, copy=False)
    if wanted == np.float32:
        _check_finite(gray, path)
    return gray


def _check_finite(gray: np.ndarray, path: Path) -> None:
    if np.isfinite(gray).all():
        return
    n = int(gray.size - np.count_nonzero(np.isfinite(gray)))
    raise ReadError(
        f"{path} has {n:,} of {gray.size:,} pixels that are NaN, infinite or beyond float32. "
        "Every pixel needs a gray value: crop the image, or fill them and mask that region."
    )
