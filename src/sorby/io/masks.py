"""Label images on disk: palette PNG that a person can look at, tagged so that Sorby knows it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sorby.core.errors import ReadError, SettingError
from sorby.core.files import atomic_path
from sorby.core.planes import WHOLE_PX
from sorby.core.records import IGNORE, Micrograph
from sorby.io.limits import checked_file, decoding
from sorby.io.mask_bands import unfiltered_mask
from sorby.io.mask_palette import TAG, TAG_TEXT, palette
from sorby.io.micrographs import format_of
from sorby.io.raster import open_raster, png_text, raster_samples

MaskValues = Literal["binary", "labels"]


class MaskValuesWarning(UserWarning):
    """The meaning of a foreign mask's values was guessed; the text says how."""


def write_mask(path: Path | str, mask: np.ndarray) -> None:
    """Write a mask as a palette PNG with a text tag; whole or not at all.

    Parameters
    ----------
    path : Path or str
        File to write, with the suffix .png.
    mask : ndarray of shape (M, N)
        uint8: 0 background, 1.. defect classes, 255 ignore.

    Raises
    ------
    SettingError
        If the mask is not such an array or the suffix is another.
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> write_mask("mask.png", np.zeros((4, 4), np.uint8))  # doctest: +SKIP
    """
    path, mask = Path(path), np.asarray(mask)
    if mask.dtype != np.uint8 or mask.ndim != 2 or mask.size == 0:
        raise SettingError(
            f"A mask of type {mask.dtype} and shape {mask.shape} was to be written to {path}. "
            "uint8 and two dimensions are needed: 0 background, 1.. classes, 255 ignore."
        )
    if path.suffix.lower() != ".png":
        raise SettingError(f"{path} does not end in .png. Masks are written as PNG: rename it.")
    image = Image.fromarray(np.ascontiguousarray(mask)).convert("P")
    image.putpalette(palette())
    tag = PngInfo()
    tag.add_text(TAG, TAG_TEXT)
    with atomic_path(path) as temporary:
        image.save(temporary, format="PNG", pnginfo=tag)


def read_mask(path: Path | str, *, values: MaskValues | None = None) -> np.ndarray:
    """Read a mask that Sorby or another program wrote.

    A file with Sorby's tag is taken as it is, whatever `values` says. A foreign file of two
    values is binary (the larger value is defect), one that is 0 throughout is all background;
    a `MaskValuesWarning` says so. Any other foreign file needs `values`.

    Parameters
    ----------
    path : Path or str
        PNG, TIFF, BMP or JPEG; gray or palette (the stored numbers count, also where WhiteIsZero),
        or RGB with equal channels.
    values : {"binary", "labels"} or None
        "binary": at most two values, the larger is defect (1). "labels": the values are the
        classes, 255 is ignore.

    Returns
    -------
    ndarray of shape (M, N)
        uint8: 0 background, 1.. defect classes, 255 ignore.

    Raises
    ------
    ReadError
        If the file is missing, damaged or not a mask (coloured, values beyond 0 to 255).
    SettingError
        If the meaning of the values must be given, or does not fit what was found.

    Warns
    -----
    MaskValuesWarning
        If the meaning was guessed.

    Examples
    --------
    >>> read_mask("truth.png", values="binary").max()  # doctest: +SKIP
    np.uint8(1)
    """
    if values not in (None, "binary", "labels"):
        raise SettingError(f"Mask values {values!r} are unknown. Choose from: binary, labels.")
    path = checked_file(Path(path))
    kind = format_of(path)
    if kind == "png" and _is_tagged(path) and (large := _large(path)) is not None:
        return large
    labels = _single_channel(_samples(path, kind), path)
    if kind == "png" and _is_tagged(path):
        return labels.astype(np.uint8)
    found = _values_present(labels, path)
    if values == "labels":
        return _labels(labels, found, path)
    if values == "binary":
        return _binary(labels, found, path)
    return _guessed(labels, found, path)


def is_sorby_mask(path: Path | str) -> bool:
    """Whether a file is a mask that Sorby wrote.

    Parameters
    ----------
    path : Path or str
        Any existing file.

    Returns
    -------
    bool
        False for everything that cannot be read as PNG.
    """
    try:
        return format_of(Path(path)) == "png" and _is_tagged(Path(path))
    except ReadError:
        return False


def _is_tagged(path: Path) -> bool:
    return png_text(path).get(TAG, "").startswith("label image")


def _large(path: Path) -> np.ndarray | None:
    """A large mask of Sorby's own, held once; None where it is not large or of another kind."""
    with open_raster(path, "PNG") as image:
        if image.width * image.height <= WHOLE_PX:
            return None
    return unfiltered_mask(path)


def _samples(path: Path, kind: str) -> np.ndarray:
    if kind == "tiff":
        from sorby.io.tiff import tiff_samples

        return tiff_samples(path, as_stored=True)
    if kind in ("png", "jpeg", "bmp"):
        return raster_samples(path, kind.upper(), keep_palette=True)
    raise ReadError(f"{path} is of the kind {kind!r}. A mask is PNG, TIFF, BMP or JPEG: export it.")


def _single_channel(samples: np.ndarray, path: Path) -> np.ndarray:
    if samples.ndim == 2:
        return samples
    colours = samples[..., :3] if samples.shape[2] >= 3 else samples[..., :1]
    if any(not np.array_equal(colours[..., 0], colours[..., i]) for i in range(colours.shape[2])):
        raise ReadError(
            f"{path} is coloured: its channels differ. One value a pixel is needed: "
            "export the mask as gray values or with a palette."
        )
    return colours[..., 0]


def _values_present(labels: np.ndarray, path: Path) -> list[int]:
    if labels.dtype == bool:
        return [value for value in (0, 1) if (labels == value).any()]
    if labels.dtype == np.uint8:
        present = np.zeros(256, bool)
        for row in labels:
            present[row] = True
        return np.flatnonzero(present).tolist()
    low, high = labels.min(), labels.max()
    with decoding(path, "a mask"):
        whole = np.issubdtype(labels.dtype, np.integer) or bool((labels == np.rint(labels)).all())
    if not (whole and low >= 0):
        raise ReadError(
            f"{path} holds values from {low:g} to {high:g}. "
            "A mask holds whole numbers from 0: threshold it and save it as 8-bit PNG."
        )
    return np.unique(labels).astype(np.int64).tolist()


def _binary(labels: np.ndarray, found: list[int], path: Path) -> np.ndarray:
    if len(found) > 2:
        raise SettingError(
            f"{path} holds {len(found)} values ({_listed(found)}) and cannot be binary. "
            "Say 'labels' if they are classes; else threshold it and save it as PNG, not JPEG."
        )
    return (labels == found[-1]).astype(np.uint8) * np.uint8(found[-1] > 0)


def _labels(labels: np.ndarray, found: list[int], path: Path) -> np.ndarray:
    if found[-1] > IGNORE:
        raise ReadError(
            f"{path} holds the label {found[-1]}. Classes are 1 to 254 and 255 is ignore: "
            "if it numbers the defects one by one, save it as defect or not."
        )
    return labels.astype(np.uint8)


def _guessed(labels: np.ndarray, found: list[int], path: Path) -> np.ndarray:
    if found == [0]:
        _warn(f"{path} is 0 throughout: taken as all background.")
        return np.zeros(labels.shape, np.uint8)
    if len(found) != 2:
        raise SettingError(
            f"{path} has no Sorby tag and holds {len(found)} value(s) ({_listed(found)}). "
            "Say what they mean: 'binary' (the larger is defect) or "
            "'labels' (classes, 255 is ignore)."
        )
    _warn(f"{path} holds the values {found[0]} and {found[1]}: {found[1]} is taken as defect.")
    return (labels == found[1]).astype(np.uint8)


def _listed(found: list[int]) -> str:
    return ", ".join(map(str, found[:6])) + (", ..." if len(found) > 6 else "")


def _warn(text: str) -> None:
    warnings.warn(text, MaskValuesWarning, stacklevel=4)


def check_mask_fits(mask: np.ndarray, micrograph: Micrograph) -> None:
    """Refuse a mask that is not of the micrograph's size.

    Parameters
    ----------
    mask : ndarray of shape (M, N)
        A mask.
    micrograph : Micrograph
        The image it belongs to.

    Raises
    ------
    ReadError
        If the shapes differ.

    Examples
    --------
    >>> check_mask_fits(np.zeros((2, 3), np.uint8), Micrograph(np.zeros((2, 3), np.uint8)))
    """
    if mask.shape != micrograph.pixels.shape:
        (rows, columns), (need_rows, need_columns) = mask.shape, micrograph.pixels.shape
        raise ReadError(
            f"The mask of {micrograph.name or 'the image'} is {columns} x {rows} px and the image "
            f"{need_columns} x {need_rows} px. They must be equal: "
            "was the mask drawn on another image, or on a resized one?"
        )
