"""Size of a pixel from what TIFF files say, by who says it."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile

from sorby.core.records import PixelSize
from sorby.io.scale import is_plausible, square_scale

UM_PER_UNIT = {
    "pm": 1e-6,
    "å": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "cm": 1e4,
    "inch": 25_400.0,
    "in": 25_400.0,
    "m": 1e6,
}
"""µm in one unit of length, by its lower-case name with the micro sign U+00B5."""

PRINT_DPI = (
    *(72, 75, 96, 100, 120, 144, 150, 180, 200, 220, 240, 266, 300, 350, 360, 400, 500, 600),
    *(720, 800, 1000, 1200, 1440, 1600, 1800, 2000, 2400, 2880, 3000, 3200, 3600, 4000, 4800),
    *(5400, 6400, 7200, 9600, 12_800, 19_200),
)
"""Resolutions of screens, printers and scanners: what a program writes that knows no scale."""

RESOLUTION_RANGE_UM = (0.02, 20.0)
"""Pixel sizes that are believed when only the resolution tags state them."""

_SENSELESS = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(struct.error, ElementTree.ParseError),
)

_Lengths = tuple[float | None, float | None]


def pixel_size_of(tif: tifffile.TiffFile, page: tifffile.TiffPage, path: Path) -> PixelSize | None:
    """Pixel size that a TIFF file states, with where it was found.

    Asked in this order: OME, ImageJ, Zeiss SEM, FEI, Olympus SIS, resolution tags. The first
    that states something sensible counts; NaN, negative and absurd values state nothing.

    Parameters
    ----------
    tif : tifffile.TiffFile
        The open file.
    page : tifffile.TiffPage
        The page that is read.
    path : Path
        Named in the message.

    Returns
    -------
    PixelSize or None
        None where the file knows no scale. Print resolutions are not a scale.

    Raises
    ------
    ScaleError
        If the stated pixels are not square.
    """
    for source, ask in _SOURCES.items():
        size = square_scale(*_asked(ask, tif, page), source, path)
        if size is not None:
            return size
    return None


def _asked(
    ask: Callable[[tifffile.TiffFile, tifffile.TiffPage], _Lengths],
    tif: tifffile.TiffFile,
    page: tifffile.TiffPage,
) -> _Lengths:
    """Lengths in µm; damaged metadata state nothing, the image may still be sound."""
    try:
        return ask(tif, page)
    except _SENSELESS:
        return None, None


def _unit_um(name: object) -> float:
    text = str(name).strip().strip('"').replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    text = text.replace("Âµ", "µ").replace("μ", "µ").lower()
    return UM_PER_UNIT.get(text, math.nan)


def _ome(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> _Lengths:
    text = tif.ome_metadata if tif.is_ome else None
    if not text or re.search(r"<!(DOCTYPE|ENTITY)", text):
        return None, None
    stated = {
        (_ome_length(pixels, "X"), _ome_length(pixels, "Y"))
        for pixels in ElementTree.fromstring(text).iter()
        if pixels.tag.rpartition("}")[2] == "Pixels"
    }
    return stated.pop() if len(stated) == 1 else (None, None)


def _ome_length(pixels: ElementTree.Element, axis: str) -> float | None:
    value = pixels.get(f"PhysicalSize{axis}")
    if value is None:
        return None
    return float(value) * _unit_um(pixels.get(f"PhysicalSize{axis}Unit", "µm"))


def _imagej(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> _Lengths:
    if not tif.is_imagej:
        return None, None
    um = _unit_um((tif.imagej_metadata or {}).get("unit", ""))
    if um == UM_PER_UNIT["inch"]:
        return None, None
    width, height = (um / r if r else math.nan for r in _resolution(page))
    return width, height


def _zeiss(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> _Lengths:
    metadata: dict[str, Any] = tif.sem_metadata or {}
    sizes = []
    if "" in metadata:
        sizes.append(float(metadata[""][3]) * 1e6 * 1024 / page.imagewidth)
    if "ap_image_pixel_size" in metadata:
        _, value, unit = metadata["ap_image_pixel_size"]
        sizes.append(float(value) * _unit_um(unit))
    sizes = [size for size in sizes if is_plausible(size)]
    if not sizes or max(sizes) > 1.02 * min(sizes):
        return None, None
    return sizes[0], sizes[0]


def _fei(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> _Lengths:
    scan = (tif.fei_metadata or {}).get("Scan", {})
    return float(scan["PixelWidth"]) * 1e6, float(scan["PixelHeight"]) * 1e6


def _sis(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> _Lengths:
    metadata: dict[str, Any] = tif.sis_metadata or {}
    return float(metadata["pixelsizex"]) * 1e6, float(metadata["pixelsizey"]) * 1e6


def _resolution_tags(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> _Lengths:
    if tif.is_imagej and _unit_um((tif.imagej_metadata or {}).get("unit", "in")) != 25_400.0:
        return None, None
    um = {2: 25_400.0, 3: 10_000.0, 4: 1000.0, 5: 1.0}.get(int(page.resolutionunit), math.nan)
    width, height = (um / r if r else math.nan for r in _resolution(page))
    low, high = RESOLUTION_RANGE_UM
    if not (low <= width <= high and low <= height <= high):
        return None, None
    dpi = 25_400.0 / width
    if any(abs(dpi - known) <= 1e-3 * known for known in PRINT_DPI):
        return None, None
    return width, height


def _resolution(page: tifffile.TiffPage) -> tuple[float, float]:
    """Pixels per unit along x and y; 0 where not stated."""
    stated = []
    for name in ("XResolution", "YResolution"):
        tag = page.tags.get(name)
        numerator, denominator = tag.value if tag is not None else (0, 1)
        stated.append(numerator / denominator if denominator else 0.0)
    return stated[0], stated[1]


_SOURCES: dict[str, Callable[[tifffile.TiffFile, tifffile.TiffPage], _Lengths]] = {
    "OME": _ome,
    "ImageJ": _imagej,
    "Zeiss SEM": _zeiss,
    "FEI": _fei,
    "Olympus SIS": _sis,
    "TIFF resolution": _resolution_tags,
}
