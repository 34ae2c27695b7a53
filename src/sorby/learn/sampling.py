"""Training crops: where they are cut and how they are varied, drawn anew for every batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from sorby.core.errors import SettingError
from sorby.core.records import IGNORE

Box = tuple[slice, slice]


@dataclass(frozen=True)
class Example:
    """A labelled field as a network sees it.

    Attributes
    ----------
    name : str
        Of the field.
    planes : ndarray of shape (channels, M, N), float32
        Input of the network.
    labels : ndarray of shape (M, N), uint8
        0 background, 1.. classes, 255 not counted.
    """

    name: str
    planes: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Variation:
    """How strongly crops are varied; every field at 0 (``flips`` False) changes nothing.

    Attributes
    ----------
    flips : bool
        One of the eight flips and quarter turns, at random.
    turn_deg : float
        Largest rotation to either side, in degrees.
    zoom : float
        Largest factor of enlargement or reduction (1 for none).
    gain, offset : float
        Standard deviation of the logarithm of the contrast, and of the level, of each plane.
    noise : float
        Largest standard deviation of added noise.
    blur_px : float
        Largest standard deviation of a Gaussian blur, in px.
    poisson : float
        Largest standard deviation of noise that grows with the square root of the gray value;
        for planes from 0 to 1.
    salt_pepper : float
        Largest share of pixels that are put on 0 or 1.
    """

    flips: bool = True
    turn_deg: float = 0.0
    zoom: float = 1.0
    gain: float = 0.0
    offset: float = 0.0
    noise: float = 0.0
    blur_px: float = 0.0
    poisson: float = 0.0
    salt_pepper: float = 0.0


NO_VARIATION = Variation(flips=False)


class Crops:
    """Endless batches of crops of labelled fields.

    Parameters
    ----------
    examples : sequence of Example
        At least one; fields may differ in size.
    crop_px : int
        Edge of a crop. Fields that are smaller are continued by reflection, uncounted.
    on_defects : float
        Share of the crops that are centred near a random defect (a connected region of a class,
        classes and fields in turn at random); the others lie anywhere.
    variation : Variation
        How crops are varied.
    has_guess : bool
        Whether the last plane is a first guess: its values stay true to the field, it is only
        turned and zoomed with the others.
    rng : numpy.random.Generator
        Every draw comes from it.

    Raises
    ------
    SettingError
        If there is no example, or no pixel of them counts.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        *,
        crop_px: int,
        on_defects: float = 0.75,
        variation: Variation = NO_VARIATION,
        has_guess: bool = False,
        rng: np.random.Generator,
    ) -> None:
        if not any((example.labels != IGNORE).any() for example in examples):
            raise SettingError(
                f"{len(examples)} labelled fields hold no pixel that counts: there is nothing to "
                "train on. Label at least one field."
            )
        self._planes = [torch.from_numpy(example.planes)[None] for example in examples]
        self._labels = [
            torch.from_numpy(example.labels).float()[None, None] for example in examples
        ]
        self._regions = [defect_regions(example.labels) for example in examples]
        self._crop_px, self._on_defects = crop_px, on_defects
        self._variation, self._has_guess, self.rng = variation, has_guess, rng

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Planes (size, channels, crop, crop) and labels (size, crop, crop), uint8."""
        pairs = [self._crop() for _ in range(size)]
        planes, labels = (torch.cat(parts) for parts in zip(*pairs, strict=True))
        if not self._has_guess:
            return vary_gray(planes, self._variation, self.rng), labels
        seen = vary_gray(planes[:, :-1], self._variation, self.rng)
        return torch.cat((seen, planes[:, -1:]), dim=1), labels

    def _crop(self) -> tuple[Tensor, Tensor]:
        number, row, column = self._place()
        planes, labels = self._planes[number], self._labels[number]
        n_rows, n_columns = labels.shape[-2:]
        grid, inside = _sampling_grid(
            (n_rows, n_columns), (row, column), self._crop_px, self._variation, self.rng
        )
        cut = functional.grid_sample(planes, grid, "bilinear", "reflection", align_corners=False)
        called = functional.grid_sample(labels, grid, "nearest", "border", align_corners=False)
        called = called[:, 0]
        return cut, torch.where(inside, called, float(IGNORE)).round().to(torch.uint8)

    def _place(self) -> tuple[int, float, float]:
        """Field and centre of a crop."""
        with_defects = [number for number, regions in enumerate(self._regions) if regions]
        if with_defects and self.rng.random() < self._on_defects:
            number = with_defects[self.rng.integers(len(with_defects))]
            by_class = self._regions[number]
            regions = by_class[list(by_class)[self.rng.integers(len(by_class))]]
            rows, columns = regions[self.rng.integers(len(regions))]
            spread = self._crop_px / 4
            centre = [
                self.rng.uniform(span.start, span.stop) + self.rng.uniform(-spread, spread)
                for span in (rows, columns)
            ]
        else:
            number = int(self.rng.integers(len(self._planes)))
            shape = self._labels[number].shape[-2:]
            centre = [self.rng.uniform(0, length) for length in shape]
        return number, *self._kept_inside(number, centre)

    def _kept_inside(self, number: int, centre: list[float]) -> tuple[float, float]:
        half = self._crop_px / 2
        shape = self._labels[number].shape[-2:]
        row, column = (
            float(np.clip(place, half, length - half)) if length > 2 * half else length / 2
            for place, length in zip(centre, shape, strict=True)
        )
        return row, column


def defect_regions(labels: np.ndarray) -> dict[int, list[Box]]:
    """Bounding boxes of the connected regions of each class.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint8
        0 background, 1.. classes, 255 not counted.

    Returns
    -------
    dict of int to list of tuple of slice
        Classes that occur, each with one box (rows, columns) a region.

    Examples
    --------
    >>> defect_regions(np.array([[1, 0, 2], [0, 0, 2]], np.uint8))[2]
    [(slice(0, 2, None), slice(2, 3, None))]
    """
    found = {}
    for value in np.unique(labels):
        if value not in (0, IGNORE):
            numbered, _ = ndimage.label(labels == value)
            found[int(value)] = ndimage.find_objects(numbered)
    return found


def _sampling_grid(
    shape: tuple[int, int],
    centre: tuple[float, float],
    crop_px: int,
    variation: Variation,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Where each pixel of a crop lies in its field, for `grid_sample`, and whether inside."""
    matrix = _matrix(variation, rng)
    steps = (np.arange(crop_px) - (crop_px - 1) / 2).astype(np.float32)
    offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1) @ matrix.T
    # Whole pixels stay whole: a crop that is not turned or zoomed is not interpolated.
    anchor = np.floor(np.asarray(centre)) if crop_px % 2 else np.floor(centre) - 0.5
    places = offsets + anchor.astype(np.float32)
    size = np.asarray(shape, np.float32)
    inside = ((places > -0.5) & (places < size - 0.5)).all(axis=-1)
    scaled = (2 * places + 1) / size - 1
    grid = torch.from_numpy(np.ascontiguousarray(scaled[None, ..., ::-1], np.float32))
    return grid, torch.from_numpy(inside[None])


def _matrix(variation: Variation, rng: np.random.Generator) -> np.ndarray:
    """Linear map from steps in the crop to steps in the field."""
    matrix = np.eye(2, dtype=np.float32)
    if variation.turn_deg or variation.zoom > 1:
        angle = np.deg2rad(rng.uniform(-variation.turn_deg, variation.turn_deg))
        factor = np.exp(rng.uniform(-1, 1) * np.log(variation.zoom))
        cosine, sine = np.cos(angle) * factor, np.sin(angle) * factor
        matrix = np.array([[cosine, -sine], [sine, cosine]], np.float32) @ matrix
    if variation.flips:
        quarter = [[0, -1], [1, 0]]
        for _ in range(rng.integers(4)):
            matrix = matrix @ np.array(quarter, np.float32)
        if rng.random() < 0.5:
            matrix = matrix @ np.array([[1, 0], [0, -1]], np.float32)
    return matrix


def vary_gray(planes: Tensor, variation: Variation, rng: np.random.Generator) -> Tensor:
    """Planes with another contrast, level, sharpness and noise, drawn for each image.

    Parameters
    ----------
    planes : Tensor of shape (n, channels, M, N)
        Input of the network.
    variation : Variation
        How strong.
    rng : numpy.random.Generator
        Every draw comes from it.

    Returns
    -------
    Tensor
        New, of the same shape.
    """
    n, channels = planes.shape[:2]
    if variation.blur_px:
        planes = torch.cat(
            [_blurred(image[None], rng.uniform(0, variation.blur_px)) for image in planes]
        )
    if variation.gain or variation.offset:
        gain = np.exp(rng.normal(0, variation.gain, (n, channels, 1, 1)))
        offset = rng.normal(0, variation.offset, (n, channels, 1, 1))
        planes = planes * _tensor(gain) + _tensor(offset)
    if variation.noise:
        strength = rng.uniform(0, variation.noise, (n, 1, 1, 1))
        noise = rng.standard_normal(tuple(planes.shape), dtype=np.float32)
        planes = planes + _tensor(strength) * torch.from_numpy(noise)
    if variation.poisson:
        strength = rng.uniform(0, variation.poisson, (n, 1, 1, 1))
        noise = rng.standard_normal(tuple(planes.shape), dtype=np.float32)
        planes = planes + _tensor(strength) * planes.clamp(0).sqrt() * torch.from_numpy(noise)
    if variation.salt_pepper:
        share = rng.uniform(0, variation.salt_pepper, (n, 1, 1, 1)).astype(np.float32)
        drawn = torch.from_numpy(rng.random(tuple(planes.shape), dtype=np.float32))
        odd = drawn < torch.from_numpy(share)
        planes = torch.where(odd, (drawn < torch.from_numpy(share / 2)).float(), planes)
    return planes


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _blurred(image: Tensor, sigma: float) -> Tensor:
    if sigma < 0.3:
        return image
    reach = int(np.ceil(3 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, 1, -1)
    padded = functional.pad(image, (reach, reach, reach, reach), mode="reflect")
    across = functional.conv2d(padded, kernel, groups=image.shape[1])
    return functional.conv2d(across, kernel.transpose(2, 3), groups=image.shape[1])
