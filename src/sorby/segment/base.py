"""The model in the box: trained on SYNTHETIC sections alone, shipped with the package."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.planes import NewPlane
from sorby.core.records import Micrograph, ModelCard
from sorby.segment.trained import TILE_PX, TrainedSegmenter, load_segmenter

if TYPE_CHECKING:
    from sorby.segment.presets import TrainSettings

WEIGHTS = Path(__file__).with_name("base.safetensors")
"""Made by ``python benchmarks/base_model.py``."""


@functools.cache
def base_model() -> tuple[TrainedSegmenter, ModelCard]:
    """Segmenter of the model in the box, and its card.

    Returns
    -------
    segmenter : TrainedSegmenter
        One class, any µm/px, threshold 0.5. Shared: its network must not be trained in place.
    card : ModelCard
        What it was trained on and what it was not shown.

    Examples
    --------
    >>> base_model()[0].classes
    ('defect',)
    """
    return load_segmenter(WEIGHTS)


def base_suits(settings: TrainSettings, classes: tuple[str, ...]) -> bool:
    """Whether the model in the box, its last layer included, can start a training.

    Parameters
    ----------
    settings : TrainSettings
        How is trained.
    classes : tuple of str
        What is to be found; a single class is "defect" whatever its name.

    Returns
    -------
    bool
        True where planes and network are its own and there is one class.
    """
    own = base_model()[0]
    seen = (settings.network, settings.channels) == (own.network_name, own.channels)
    return seen and len(classes) == 1


@functools.cache
def base_sha256() -> str:
    """SHA-256 of the file of the model in the box: part of what a training is known by."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


def base(
    micrograph: Micrograph,
    *,
    valid: np.ndarray | None = None,
    tile_px: int = TILE_PX,
    new_plane: NewPlane | None = None,
) -> np.ndarray:
    """Probability of defect by the model in the box.

    A small U-Net that corrects `sorby.segment.classical.flatfield_otsu`: it has learnt from
    synthetic sections which of the dark objects are scratches, stains, relief or specks, and
    where the boundary of a blurred defect lies.

    Parameters
    ----------
    micrograph : Micrograph
        Gray image of shape (M, N).
    valid : ndarray of bool of shape (M, N), optional
        Pixels that are sample; the others have no say and get probability 0.
    tile_px : int
        Edge of the tiles that are worked on one at a time; changes no result.
    new_plane : callable, optional
        Makes the planes that a large field is worked on in; see `sorby.core.planes`.

    Returns
    -------
    ndarray of float32 of shape (M, N, 1)
        0 to 1; NaN where no sample is seen (resin, outside).

    Raises
    ------
    SettingError
        If the image is not one gray plane, or the valid mask does not fit it.

    Examples
    --------
    >>> pixels = np.full((64, 64), 190, np.uint8)
    >>> pixels[20:32, 30:44] = 40
    >>> probability = base(Micrograph(pixels))
    >>> bool((probability[21:31, 31:43] > 0.5).all()), bool((probability[40:] < 0.5).all())
    (True, True)
    """
    segmenter, _ = base_model()
    return segmenter(micrograph, valid=valid, tile_px=tile_px, new_plane=new_plane)
