"""When a number may be believed as the size of a pixel."""

from __future__ import annotations

import math
from pathlib import Path

from sorby.core.errors import ScaleError
from sorby.core.records import PixelSize

SMALLEST_UM_PER_PX, LARGEST_UM_PER_PX = 1e-5, 1e4
"""0.01 nm (beyond any electron microscope) to 10 mm (beyond any micrograph)."""

SQUARE_TOLERANCE = 0.005
"""Relative difference of width and height up to which pixels count as square."""


def is_plausible(um_per_px: object) -> bool:
    """Whether a value can be the edge length of a pixel in µm.

    Parameters
    ----------
    um_per_px : object
        Whatever was found.

    Returns
    -------
    bool
        True for finite numbers within the limits above.

    Examples
    --------
    >>> [is_plausible(x) for x in (0.65, -1.0, float("nan"), None)]
    [True, False, False, False]
    """
    return (
        isinstance(um_per_px, (int, float))
        and math.isfinite(um_per_px)
        and SMALLEST_UM_PER_PX <= um_per_px <= LARGEST_UM_PER_PX
    )


def given_scale(um_per_px: float | None, path: Path) -> PixelSize | None:
    """Pixel size that the caller gave, or None.

    Parameters
    ----------
    um_per_px : float or None
        In µm.
    path : Path
        Named in the message.

    Returns
    -------
    PixelSize or None
        With the source "given".

    Raises
    ------
    ScaleError
        If the value is NaN, not positive or absurd.
    """
    if um_per_px is None:
        return None
    if not is_plausible(um_per_px):
        raise ScaleError(
            f"{um_per_px!r} µm per pixel was given for {path.name}. A number between "
            f"{SMALLEST_UM_PER_PX:g} and {LARGEST_UM_PER_PX:g} is needed: check value and unit."
        )
    return PixelSize(float(um_per_px), "given")


def square_scale(
    width_um: float | None, height_um: float | None, source: str, path: Path
) -> PixelSize | None:
    """Pixel size from the width and height that a file states.

    Parameters
    ----------
    width_um, height_um : float or None
        Edge lengths of a pixel in µm; a missing or senseless one is ignored.
    source : str
        Where they were found.
    path : Path
        Named in the message.

    Returns
    -------
    PixelSize or None
        None where the file states nothing that makes sense.

    Raises
    ------
    ScaleError
        If both make sense and differ by more than `SQUARE_TOLERANCE`.

    Examples
    --------
    >>> square_scale(0.5, None, "OME", Path("a.tif"))
    PixelSize(um_per_px=0.5, source='OME', relative_uncertainty=0.0)
    """
    known = [float(v) for v in (width_um, height_um) if v is not None and is_plausible(v)]
    if not known:
        return None
    if len(known) == 2 and abs(known[0] - known[1]) > SQUARE_TOLERANCE * max(known):
        raise ScaleError(
            f"{path} has pixels of {known[0]:.6g} x {known[1]:.6g} µm ({source}). "
            "Square pixels are needed: resample the image to one pixel size, "
            "or give µm per pixel yourself if the file is wrong."
        )
    return PixelSize(known[0], source)
