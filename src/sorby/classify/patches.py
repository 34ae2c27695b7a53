"""Patches in the one form that every classifier takes: 128 x 128, gray, 8 bit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.ndimage import uniform_filter

from sorby.core.errors import SettingError

PATCH_PX = 128
"""Edge of a patch, in px."""

_LUMINANCE = np.array([0.2125, 0.7154, 0.0721], np.float32)
_SMALLEST_RANGE = 24.0


def as_patches(patches: np.ndarray | Iterable[np.ndarray]) -> np.ndarray:
    """Patches of any size, depth and colour, as the classifiers take them.

    Colour becomes luminance; other depths than 8 bit are stretched over each patch's own range;
    a patch that is not square is mirrored at its short sides; other sizes are resized with
    anti-aliasing, so the defect stays in the centre.

    Parameters
    ----------
    patches : ndarray of shape (n, M, N) or (n, M, N, 3 or 4), or iterable of single patches
        Each patch centred on its defect.

    Returns
    -------
    ndarray of shape (n, 128, 128)
        uint8. The input itself where it already has that form.

    Raises
    ------
    SettingError
        If a patch is not an image (wrong dimensions, no pixels, NaN).

    Examples
    --------
    >>> as_patches(np.zeros((0, 128, 128), np.uint8)).shape
    (0, 128, 128)
    >>> as_patches([np.zeros((40, 60, 3), np.uint8), np.ones((128, 128))]).shape
    (2, 128, 128)
    """
    if isinstance(patches, np.ndarray) and _is_ready(patches):
        return patches
    converted = [_as_patch(np.asarray(patch), number) for number, patch in enumerate(patches)]
    return np.array(converted, np.uint8).reshape(-1, PATCH_PX, PATCH_PX)


def _is_ready(patches: np.ndarray) -> bool:
    return (
        patches.dtype == np.uint8
        and patches.ndim == 3
        and patches.shape[1:] == (PATCH_PX, PATCH_PX)
    )


def _as_patch(patch: np.ndarray, number: int) -> np.ndarray:
    if patch.ndim == 3 and patch.shape[2] in (3, 4):
        depth = patch.dtype
        patch = patch[..., :3] @ _LUMINANCE
        patch = np.round(patch).astype(depth) if depth.kind in "ui" else patch
    if patch.ndim != 2 or patch.size == 0 or not np.isfinite(patch).all():
        raise SettingError(
            f"Patch {number} has shape {patch.shape} or holds NaN. "
            "A patch is one gray or RGB image around one defect."
        )
    gray = patch.astype(np.float32)
    if patch.dtype != np.uint8:
        low, high = float(gray.min()), float(gray.max())
        gray = (gray - low) * (255.0 / (high - low)) if high > low else np.full_like(gray, 127)
    if patch.shape != (PATCH_PX, PATCH_PX):
        gray = _resized(_square(gray))
    return np.clip(np.round(gray), 0, 255).astype(np.uint8)


def _square(gray: np.ndarray) -> np.ndarray:
    edge = max(gray.shape)
    missing = [edge - length for length in gray.shape]
    return np.pad(gray, [(m // 2, m - m // 2) for m in missing], mode="symmetric")


def _resized(gray: np.ndarray) -> np.ndarray:
    from skimage.transform import resize

    shrinks = gray.shape[0] > PATCH_PX
    return resize(gray, (PATCH_PX, PATCH_PX), order=1, anti_aliasing=shrinks, preserve_range=True)


def stretched(patches: np.ndarray) -> np.ndarray:
    """Patches freed of brightness and contrast: the darkest spot goes to 0, bright metal to 255.

    The darkest spot is the least mean of 3 x 3 px, so that the smallest pore counts and a single
    hot or dead pixel does not; bright metal is the 99 % percentile.

    Parameters
    ----------
    patches : ndarray of shape (n, M, N)
        Gray values.

    Returns
    -------
    ndarray of shape (n, M, N)
        float32 in 0..255. A patch whose two levels lie closer than 24 is amplified as if they
        were 24 apart, so that noise is not taken for structure.

    Examples
    --------
    >>> patch = np.linspace(0, 255, 128 * 128).reshape(1, 128, 128)
    >>> bool(np.allclose(stretched(patch), stretched(0.5 * patch + 40), atol=0.01))
    True
    """
    if len(patches) == 0:
        return patches.astype(np.float32)
    gray = patches.astype(np.float32)
    low = uniform_filter(gray, (0, 3, 3)).min(axis=(1, 2), keepdims=True)
    high = np.percentile(gray, 99, axis=(1, 2), keepdims=True)
    gain = 255.0 / np.maximum(high - low, _SMALLEST_RANGE)
    return np.clip((gray - low) * gain, 0, 255).astype(np.float32)
