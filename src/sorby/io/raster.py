"""PNG, JPEG and BMP: gray or colour images without a trustworthy scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import BmpImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin

from sorby.core.errors import SettingError
from sorby.core.files import atomic_path
from sorby.core.records import Micrograph
from sorby.io.gray import gray_values
from sorby.io.limits import check_size, decoding
from sorby.io.scale import given_scale

_OPENERS: dict[str, type[ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "LA": 2, "I;16": 2, "I;16B": 2, "RGB": 4}


def open_raster(path: Path, kind: str) -> ImageFile.ImageFile:
    """Open a raster file of a known kind; its header is read and checked, no pixel decoded.

    The format's own class is called, not ``Image.open``: no other decoder of Pillow can be
    reached by a file with a false suffix, and Sorby's limit holds in place of Pillow's lower one.

    Parameters
    ----------
    path : Path
        An existing file.
    kind : {"PNG", "JPEG", "BMP"}
        What the content is.

    Returns
    -------
    PIL.ImageFile.ImageFile
        To be closed by the caller.

    Raises
    ------
    ReadError
        If the header is damaged or claims too much.
    """
    with decoding(path, f"a {kind} image"):
        image = _OPENERS[kind](path)
        try:
            check_size(
                path,
                height=image.height,
                width=image.width,
                bytes_per_pixel=_BYTES_PER_PIXEL.get(image.mode, 4),
            )
        except BaseException:
            image.close()
            raise
        return image


def raster_samples(path: Path, kind: str, *, keep_palette: bool = False) -> np.ndarray:
    """Decoded samples of a raster file.

    Parameters
    ----------
    path : Path
        An existing file.
    kind : {"PNG", "JPEG", "BMP"}
        What the content is.
    keep_palette : bool
        True gives the indices of a palette image, False its colours.

    Returns
    -------
    ndarray of shape (M, N) or (M, N, channels)
        bool, uint8, uint16 or int32.

    Raises
    ------
    ReadError
        If the file is truncated, damaged or too large.
    """
    with open_raster(path, kind) as image, decoding(path, f"a {kind} image"):
        if image.mode in ("P", "PA", "CMYK", "YCbCr") and not (image.mode == "P" and keep_palette):
            return np.asarray(image.convert("RGB"))
        return np.asarray(image)


def _read(path: Path, kind: str, page: int, um_per_px: float | None) -> Micrograph:
    scale = given_scale(um_per_px, path)
    if page != 0:
        raise SettingError(f"{path} has one page, numbered 0; page {page} was asked for.")
    samples = raster_samples(path, kind)
    if samples.dtype == np.int32:
        samples = np.clip(samples, 0, 65535).astype(np.uint16)
    with decoding(path, f"a {kind} image"):
        return Micrograph(gray_values(samples, path), name=path.name, pixel_size=scale)


def read_png(path: Path, *, page: int = 0, um_per_px: float | None = None) -> Micrograph:
    """Read a PNG file: 1, 8 or 16-bit gray, palette, RGB, with or without alpha.

    Colour of 16 bits a channel is read with 8. The print resolution is not a scale: unknown.

    Parameters
    ----------
    path : Path
        An existing file.
    page : int
        Only 0.
    um_per_px : float or None
        Edge length of a pixel in µm, where the caller knows it.

    Returns
    -------
    Micrograph
        Gray values as recorded.

    Raises
    ------
    ReadError, ScaleError, SettingError
        If the file is damaged or too large; the scale impossible; another page asked for.

    Examples
    --------
    >>> read_png(Path("field_01.png")).um_per_px  # doctest: +SKIP
    """
    return _read(path, "PNG", page, um_per_px)


def read_jpeg(path: Path, *, page: int = 0, um_per_px: float | None = None) -> Micrograph:
    """Read a JPEG file as recorded: gray or colour, no rotation by EXIF, no scale.

    Parameters
    ----------
    path : Path
        An existing file.
    page : int
        Only 0.
    um_per_px : float or None
        Edge length of a pixel in µm, where the caller knows it.

    Returns
    -------
    Micrograph
        Gray values, uint8.

    Raises
    ------
    ReadError, ScaleError, SettingError
        If the file is damaged or too large; the scale impossible; another page asked for.

    Examples
    --------
    >>> read_jpeg(Path("field_01.jpg")).pixels.dtype  # doctest: +SKIP
    dtype('uint8')
    """
    return _read(path, "JPEG", page, um_per_px)


def read_bmp(path: Path, *, page: int = 0, um_per_px: float | None = None) -> Micrograph:
    """Read a BMP file: 1 to 8-bit palette or gray, RGB; no scale.

    Parameters
    ----------
    path : Path
        An existing file.
    page : int
        Only 0.
    um_per_px : float or None
        Edge length of a pixel in µm, where the caller knows it.

    Returns
    -------
    Micrograph
        Gray values, uint8.

    Raises
    ------
    ReadError, ScaleError, SettingError
        If the file is damaged or too large; the scale impossible; another page asked for.

    Examples
    --------
    >>> read_bmp(Path("field_01.bmp")).pixels.dtype  # doctest: +SKIP
    dtype('uint8')
    """
    return _read(path, "BMP", page, um_per_px)


def png_text(path: Path) -> dict[str, str]:
    """Text chunks of a PNG file that stand before its pixels.

    Parameters
    ----------
    path : Path
        An existing PNG file.

    Returns
    -------
    dict of str to str
        Keyword and text.

    Raises
    ------
    ReadError
        If the header is damaged.
    """
    with open_raster(path, "PNG") as image:
        return {str(k): v for k, v in image.info.items() if isinstance(v, str)}


def write_micrograph(path: Path | str, pixels: np.ndarray) -> None:
    """Write a gray image as PNG; whole or not at all.

    Parameters
    ----------
    path : Path or str
        File to write, with the suffix .png.
    pixels : ndarray of shape (M, N)
        uint8 or uint16.

    Raises
    ------
    SettingError
        If the pixels are of another type or shape.
    ProjectError
        If the disk refuses.
    """
    if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim != 2:
        raise SettingError(
            f"An image of type {pixels.dtype} and shape {pixels.shape} was to be written to "
            f"{path}. uint8 or uint16 and two dimensions are needed."
        )
    with atomic_path(Path(path)) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
