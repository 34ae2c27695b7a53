"""Files in and out: micrographs with their scale, masks, burned-in scale bars, tables.

Stages further up see arrays, tables and records only; this room alone knows file formats.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sorby.core.registry import Registry

if TYPE_CHECKING:
    from sorby.io.masks import (
        MaskValuesWarning,
        check_mask_fits,
        is_sorby_mask,
        read_mask,
        write_mask,
    )
    from sorby.io.micrographs import count_pages, micrograph_paths, read_micrograph
    from sorby.io.probability import read_probability, read_probability_steps, write_probability
    from sorby.io.raster import write_micrograph
    from sorby.io.scalebar import ScaleBar, exclude, find_scale_bar
    from sorby.io.tables import read_fields_table, read_labels_table, read_patch_table

READERS = Registry(
    "readers",
    {
        "png": "sorby.io.raster:read_png",
        "jpeg": "sorby.io.raster:read_jpeg",
        "bmp": "sorby.io.raster:read_bmp",
        "tiff": "sorby.io.tiff:read_tiff",
    },
)
"""Image formats, each ``f(path, *, page=0) -> Micrograph``; foreign ones by lower-case suffix."""

_PLACES = {
    "MaskValuesWarning": "masks",
    "ScaleBar": "scalebar",
    "check_mask_fits": "masks",
    "count_pages": "micrographs",
    "exclude": "scalebar",
    "find_scale_bar": "scalebar",
    "is_sorby_mask": "masks",
    "micrograph_paths": "micrographs",
    "read_fields_table": "tables",
    "read_labels_table": "tables",
    "read_mask": "masks",
    "read_micrograph": "micrographs",
    "read_patch_table": "tables",
    "read_probability": "probability",
    "read_probability_steps": "probability",
    "write_mask": "masks",
    "write_micrograph": "raster",
    "write_probability": "probability",
}

__all__ = [
    "READERS",
    "MaskValuesWarning",
    "ScaleBar",
    "check_mask_fits",
    "count_pages",
    "exclude",
    "find_scale_bar",
    "is_sorby_mask",
    "micrograph_paths",
    "read_fields_table",
    "read_labels_table",
    "read_mask",
    "read_micrograph",
    "read_patch_table",
    "read_probability",
    "read_probability_steps",
    "write_mask",
    "write_micrograph",
    "write_probability",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
