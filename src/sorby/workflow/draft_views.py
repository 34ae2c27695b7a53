"""The working mask of a draft as a page or a person wants it: tiles, and a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sorby.io.pyramids import TILE, n_levels
from sorby.workflow.viewing import Place

if TYPE_CHECKING:
    from sorby.workflow.annotating import Desk


def mask_tile(desk: Desk, name: str, mode: str, place: Place) -> np.ndarray:
    """Tile of the working mask of a field.

    Parameters
    ----------
    desk : Desk
        Holds the draft.
    name, mode : str
        Field, and "correct" or "from_nothing".
    place : tuple of int
        Level, row and column.

    Returns
    -------
    ndarray of uint8
        At most (512, 512).

    Raises
    ------
    UnknownFieldError
        If there is no such tile.
    """
    from sorby.core.errors import UnknownFieldError

    level, row, column = place
    edge, shape = TILE << level, desk.working_mask(name, mode).shape
    if level >= n_levels(shape) or row * edge >= shape[0] or column * edge >= shape[1]:
        raise UnknownFieldError(f"The mask of {name!r} has no tile {level}/{row}/{column}.")
    box = (row * edge, column * edge, (row + 1) * edge, (column + 1) * edge)
    return desk.mask_tile(name, box, 1 << level, mode)


def mask_png(desk: Desk, name: str, mode: str) -> bytes:
    """Working mask of a field as Sorby's label PNG."""
    import tempfile

    from sorby.io import write_mask

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "mask.png"
        write_mask(path, desk.working_mask(name, mode))
        return path.read_bytes()
