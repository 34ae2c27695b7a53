"""The handful of frozen records that pass between rooms."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

IGNORE = 255
"""Label of pixels that are not part of the sample: scale bar, resin, outside, artefact."""


@dataclass(frozen=True)
class PixelSize:
    """Edge length of a (square) pixel, and how it is known.

    Attributes
    ----------
    um_per_px : float
        Edge length, in µm. Positive and finite.
    source : str
        Where it was found: "given", "fields table", "OME", "ImageJ", "TIFF resolution", ...
    relative_uncertainty : float
        One standard uncertainty divided by the value; 0 where unknown to the source.
    """

    um_per_px: float
    source: str
    relative_uncertainty: float = 0.0


@dataclass(frozen=True)
class ProcessPoint:
    """Settings of the laser powder bed fusion machine; None where unknown.

    Attributes
    ----------
    laser_power_w, scan_speed_mm_s, hatch_um, layer_um : float or None
        Laser power in W, scan speed in mm/s, hatch distance and layer thickness in µm.
    beam_um : float or None
        D4σ diameter of the beam, in µm.
    preheat_c : float or None
        Temperature of the plate, in °C.
    alloy : str or None
        Name of the alloy.
    """

    laser_power_w: float | None = None
    scan_speed_mm_s: float | None = None
    hatch_um: float | None = None
    layer_um: float | None = None
    beam_um: float | None = None
    preheat_c: float | None = None
    alloy: str | None = None

    def known(self) -> dict[str, float | str]:
        """Settings that are not None, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Micrograph:
    """One gray image of a section, with its scale.

    Attributes
    ----------
    pixels : ndarray of shape (M, N)
        Gray values, uint8, uint16 or float32, as recorded (row, column).
    name : str
        What the user calls it (file name).
    pixel_size : PixelSize or None
        None where the scale is unknown: results are then in pixels.
    build_direction_deg : float or None
        Direction in which layers were added, counter-clockwise from +x; 90 is up.
    """

    pixels: np.ndarray = field(repr=False)
    name: str = ""
    pixel_size: PixelSize | None = None
    build_direction_deg: float | None = None

    @property
    def um_per_px(self) -> float | None:
        """Edge length of a pixel in µm, or None where it is unknown."""
        return None if self.pixel_size is None else self.pixel_size.um_per_px

    def with_pixel_size(self, pixel_size: PixelSize | None) -> Micrograph:
        """Copy with another pixel size; the pixels are shared, not copied."""
        return replace(self, pixel_size=pixel_size)


@dataclass(frozen=True)
class Selection:
    """Images chosen to be labelled next, and why.

    Attributes
    ----------
    indices : tuple of int
        Rows of the embedding, in the order in which they were chosen.
    scores : ndarray of shape (n,)
        What the strategy ranks by, for every row; higher is chosen first. NaN where it has none.
    clusters : ndarray of shape (n,), int
        Cluster of every row, or -1 where the strategy makes none.
    reasons : tuple of str
        One sentence for each chosen row.
    map_xy : ndarray of shape (n, 2) or None
        Coordinates of every row on the map that the strategy looked at, if it looked at one.
    notes : tuple of str
        What a reader must know: a pool too small or too uniform for the choice to matter, ...
    """

    indices: tuple[int, ...]
    scores: np.ndarray = field(repr=False)
    clusters: np.ndarray = field(repr=False)
    reasons: tuple[str, ...]
    map_xy: np.ndarray | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """What a reader must know before trusting a model file.

    Attributes
    ----------
    name, task : str
        Name of the model, and what it does ("defect type", ...).
    classes : tuple of str
        Names of its classes, in the order of its outputs.
    trained_on, licence, limits : str
        The data, their licence, and what the model was not shown.
    scores : dict
        How it was measured and what came out.
    settings : dict
        Settings it was trained with, the seed included.
    versions : dict of str to str
        Versions of the packages that made it.
    """

    name: str
    task: str
    classes: tuple[str, ...]
    trained_on: str = ""
    licence: str = ""
    limits: str = ""
    scores: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StepRecord:
    """One entry of a project's history: what was done, with what, giving what.

    Attributes
    ----------
    step : str
        Name of the step ("import", "predict", "measure", ...).
    time : str
        UTC, ISO 8601.
    settings : dict
        Options of the step, the seed included where it used one.
    inputs, outputs : dict of str to str
        Names and SHA-256 hashes of what it read and wrote.
    versions : dict of str to str
        Versions of Sorby and of the packages that computed.
    """

    step: str
    time: str
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
