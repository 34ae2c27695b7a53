"""TIFF in its many dialects: plain, OME, ImageJ and those of electron microscopes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile

from sorby.core.errors import ReadError, SettingError
from sorby.core.records import Micrograph
from sorby.io.gray import gray_values
from sorby.io.limits import check_size, decoding
from sorby.io.scale import given_scale
from sorby.io.tiff_scale import pixel_size_of

MEMORY_MAP_BYTES = 64 * 1024**2
"""Uncompressed gray images from this size on stay on disk and are mapped."""

_PARTS_BUFFER = 32 * 1024**2
"""Bytes of tiles that are read from the file at once."""

NATIVE = {"little": "<", "big": ">"}[sys.byteorder]

_READABLE = {"MINISWHITE", "MINISBLACK", "RGB", "PALETTE"}
_JPEG_COMPRESSIONS = {6, 7, 33007, 34892}
"""Whose decoder turns luma and chroma into RGB."""


def read_tiff(path: Path, *, page: int = 0, um_per_px: float | None = None) -> Micrograph:
    """Read one page of a TIFF file, and its scale.

    WhiteIsZero is inverted, a palette gives the luminance of its colours, reduced copies of an
    image (thumbnails, pyramid levels) do not count as pages.

    Parameters
    ----------
    path : Path
        An existing file.
    page : int
        Number of the page, from 0.
    um_per_px : float or None
        Edge length of a pixel in µm; wins over the file's own.

    Returns
    -------
    Micrograph
        Gray values as recorded; named after the file, and after the page from the second on.

    Raises
    ------
    ReadError, ScaleError, SettingError
        If the file is damaged or too large; the pixels not square; the page not there.

    Examples
    --------
    >>> read_tiff(Path("stack.tif"), page=3).name  # doctest: +SKIP
    'stack.tif[3]'
    """
    scale = given_scale(um_per_px, path)
    with _opened(path) as tif:
        chosen = _page(tif, page, path)
        if scale is None:
            scale = pixel_size_of(tif, chosen, path)
        pixels = gray_values(_upright_samples(tif, chosen, page, path), path)
    return Micrograph(pixels, name=f"{path.name}[{page}]" if page else path.name, pixel_size=scale)


def count_tiff_pages(path: Path) -> int:
    """Number of full-size pages of a TIFF file.

    Parameters
    ----------
    path : Path
        An existing TIFF file.

    Returns
    -------
    int
        Reduced copies are not counted.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    with _opened(path) as tif:
        n_pages = len(_pages(tif, path))
        return n_pages * _planes_of_one_page(tif, n_pages)


def tiff_samples(path: Path, *, as_stored: bool = False) -> np.ndarray:
    """Decoded samples of the first page.

    Parameters
    ----------
    path : Path
        An existing TIFF file.
    as_stored : bool
        True gives the numbers in the file: palette indices, WhiteIsZero not inverted (programs
        that store masks so mean the number, not the look). False gives what is seen.

    Returns
    -------
    ndarray of shape (M, N) or (M, N, channels)
        In the file's own number type.

    Raises
    ------
    ReadError
        If the file is damaged or too large.
    """
    with _opened(path) as tif:
        return _upright_samples(tif, _page(tif, 0, path), 0, path, as_stored=as_stored)


@contextmanager
def _opened(path: Path) -> Iterator[tifffile.TiffFile]:
    with decoding(path, "a TIFF image"), tifffile.TiffFile(path) as tif:
        yield tif


def _pages(tif: tifffile.TiffFile, path: Path) -> list[tifffile.TiffPage]:
    pages: list[tifffile.TiffPage] = []
    offsets: set[int] = set()
    for frame in tif.pages:
        page = frame.aspage()
        if page.offset in offsets:
            raise ReadError(f"{path} leads from its last page back to an earlier: it is damaged.")
        offsets.add(page.offset)
        if not page.is_reduced:
            pages.append(page)
    if not pages:
        raise ReadError(f"{path} is a TIFF file without an image in it. Export it again.")
    return pages


def _page(tif: tifffile.TiffFile, number: int, path: Path) -> tifffile.TiffPage:
    if number == 0 and not tif.pages.first.is_reduced:
        return tif.pages.first
    pages = _pages(tif, path)
    planes = _planes_of_one_page(tif, len(pages))
    n_pages = len(pages) * planes
    if not 0 <= number < n_pages:
        raise SettingError(
            f"{path} has {n_pages} page(s), numbered from 0; page {number} was asked for."
        )
    return pages[0] if planes > 1 else pages[number]


def _planes_of_one_page(tif: tifffile.TiffFile, n_pages: int) -> int:
    """Planes of a large ImageJ stack, which has one page and the planes one after another."""
    if not tif.is_imagej or n_pages > 1:
        return 1
    images = (tif.imagej_metadata or {}).get("images", 1)
    return images if isinstance(images, int) and images > 1 else 1


def _upright_samples(
    tif: tifffile.TiffFile,
    page: tifffile.TiffPage,
    number: int,
    path: Path,
    *,
    as_stored: bool = False,
) -> np.ndarray:
    _check(tif, page, path)
    photometric = getattr(page.photometric, "name", str(page.photometric))
    from_jpeg = photometric == "YCBCR" and page.compression in _JPEG_COMPRESSIONS
    if photometric not in _READABLE and not from_jpeg:
        raise ReadError(
            f"{path} stores colours as {photometric}. Gray, RGB or a palette is needed: "
            "save it as grayscale."
        )
    samples = _channels_last(_decoded(tif, page, number, path), page)
    if photometric == "PALETTE" and not as_stored and page.colormap is not None:
        return _coloured(samples, np.asarray(page.colormap))
    if photometric == "MINISWHITE" and not as_stored:
        return _inverted(samples, page.bitspersample)
    return samples


def _check(tif: tifffile.TiffFile, page: tifffile.TiffPage, path: Path) -> None:
    if page.dtype is None:
        raise ReadError(
            f"{path} holds samples of {page.bitspersample} bits and format {page.sampleformat}, "
            "which are not read. Save it as 8 or 16-bit TIFF."
        )
    check_size(
        path,
        height=page.imagelength,
        width=page.imagewidth,
        bytes_per_pixel=page.samplesperpixel * page.dtype.itemsize,
    )
    if page.imagedepth > 1:
        raise ReadError(f"{path} is a volume of {page.imagedepth} slices. Save single images.")
    ends = [o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not ends or max(ends) > tif.filehandle.size or not all(page.databytecounts):
        raise ReadError(
            f"{path} is truncated: {tif.filehandle.size:,} bytes are there, its header speaks of "
            f"{max(ends, default=0):,} and of {len(ends)} parts, none of them empty. Copy it again."
        )


def _decoded(
    tif: tifffile.TiffFile, page: tifffile.TiffPage, number: int, path: Path
) -> np.ndarray:
    if number and _planes_of_one_page(tif, len(tif.pages)) > 1:
        stack = tifffile.memmap(path, mode="r", series=0)
        return stack.reshape(-1, *page.shape)[number]
    assert page.dtype is not None
    if page.is_memmappable and tif.byteorder == NATIVE and page.nbytes >= MEMORY_MAP_BYTES:
        return np.memmap(path, page.dtype, mode="r", offset=page.dataoffsets[0], shape=page.shape)
    return page.asarray(maxworkers=1)


def _channels_last(samples: np.ndarray, page: tifffile.TiffPage) -> np.ndarray:
    if page.axes == "SYX":
        return np.moveaxis(samples, 0, -1)
    if page.axes not in ("YX", "YXS"):
        raise ValueError(f"axes {page.axes} are not an image")
    return samples


def _coloured(indices: np.ndarray, colormap: np.ndarray) -> np.ndarray:
    colours = (colormap.T / 257).round().astype(np.uint8)
    return colours[indices]


def _inverted(samples: np.ndarray, bits: int) -> np.ndarray:
    if samples.dtype == bool:
        return ~samples
    if samples.dtype.kind != "u":
        return samples
    return samples.dtype.type(2**bits - 1) - samples


def tiff_bands(path: Path, *, page: int = 0, height: int) -> Iterator[np.ndarray]:
    """Gray values of a page, a band of rows after the other, so that it need not fit in memory.

    Tiles and strips are decoded as they come; what cannot be read in parts (planes one after
    another, large ImageJ stacks) is decoded whole.

    Parameters
    ----------
    path : Path
        An existing TIFF file.
    page : int
        Number of the page, from 0.
    height : int
        Rows of a band; the last one may have fewer.

    Yields
    ------
    ndarray of shape (height, N)
        As `read_tiff` gives them.

    Raises
    ------
    ReadError, SettingError
        As `read_tiff`.
    """
    with _opened(path) as tif:
        chosen = _page(tif, page, path)
        if _comes_in_parts(tif, chosen):
            _check(tif, chosen, path)
            yield from _bands_of_parts(chosen, height, path)
            return
        pixels = gray_values(_upright_samples(tif, chosen, page, path), path)
    for start in range(0, len(pixels), height):
        yield pixels[start : start + height]


def _comes_in_parts(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> bool:
    name = getattr(page.photometric, "name", "")
    return (
        name in ("MINISBLACK", "MINISWHITE", "RGB")
        and page.axes in ("YX", "YXS")
        and _planes_of_one_page(tif, len(tif.pages)) == 1
        and len(page.dataoffsets) > 1
    )


def _bands_of_parts(page: tifffile.TiffPage, height: int, path: Path) -> Iterator[np.ndarray]:
    """Bands put together from tiles or strips, which lie row by row in the file."""
    rows, columns = page.imagelength, page.imagewidth
    waiting = np.zeros((0, columns))
    is_white_zero = getattr(page.photometric, "name", "") == "MINISWHITE"
    for row in _rows_of_parts(page):
        samples = _inverted(row, page.bitspersample) if is_white_zero else row
        gray = gray_values(samples, path)
        waiting = np.concatenate((waiting, gray)) if len(waiting) else gray
        while len(waiting) >= height:
            yield waiting[:height]
            waiting, rows = waiting[height:], rows - height
    if rows > 0:
        yield waiting[:rows]


def _rows_of_parts(page: tifffile.TiffPage) -> Iterator[np.ndarray]:
    """Samples (rows of one tile or strip, N[, channels]), from top to bottom."""
    columns, latest, found = page.imagewidth, 0, None
    for samples, index, shape in page.segments(maxworkers=1, buffersize=_PARTS_BUFFER):
        top, left = index[-3], index[-2]
        n_rows, n_columns = min(shape[-3], page.imagelength - top), min(shape[-2], columns - left)
        if found is None or top != latest:
            if found is not None:
                yield found
            tail = (page.samplesperpixel,) if page.samplesperpixel > 1 else ()
            found, latest = np.zeros((n_rows, columns, *tail), page.dtype), top
        if samples is not None:
            part = samples.reshape(samples.shape[-3:])[:n_rows, :n_columns]
            found[:, left : left + n_columns] = part if found.ndim == 3 else part[..., 0]
    if found is not None:
        yield found
