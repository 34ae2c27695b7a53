"""A small LPBF build on paper: cubes over a grid of settings, sectioned, polished and etched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from sorby.core.errors import SettingError
from sorby.core.records import ProcessPoint
from sorby.physics import find_alloy
from sorby.synthetic.etched import render_etched
from sorby.synthetic.imaging import burn_scale_bar
from sorby.synthetic.polished import render_polished
from sorby.synthetic.section import Section, cut_section, geometric_criterion
from sorby.synthetic.truth import TRUE_TYPES, mask_of, number_defects

SPECIMEN_SCATTER = 0.02
"""Relative standard deviation of pool size between specimens of one setting."""


@dataclass(frozen=True)
class SyntheticField:
    """One field of a synthetic build: two images and the exact truth behind them.

    Attributes
    ----------
    name, specimen : str
        Both start with "synthetic_"; one specimen for each pair of power and speed.
    polished, etched : ndarray of shape (M, N)
        uint8, the same coordinates.
    instances : ndarray of shape (M, N)
        int32 truth: 0 background, 1..n; a powder particle inside a void is a hole in it.
    types : dict of int to str
        Instance to "lack_of_fusion", "keyhole" or "gas".
    mask : ndarray of shape (M, N)
        uint8 truth: 0 background, 1 defect, 255 under the scale bar and its text.
    bar_box : tuple of int or None
        ``(row_min, column_min, row_max, column_max)`` of the bar in the polished image, half-open.
    process : ProcessPoint
        Settings of the specimen.
    um_per_px : float
        Edge length of a pixel, in µm.
    build_direction_deg : float
        Direction in which layers were added, counter-clockwise from +x.
    """

    name: str
    specimen: str
    polished: np.ndarray = field(repr=False)
    etched: np.ndarray = field(repr=False)
    instances: np.ndarray = field(repr=False)
    types: dict[int, str] = field(repr=False)
    mask: np.ndarray = field(repr=False)
    bar_box: tuple[int, int, int, int] | None
    process: ProcessPoint
    um_per_px: float
    build_direction_deg: float


def lpbf_build(
    *,
    rng: np.random.Generator,
    alloy: str = "IN625",
    powers_w: Sequence[float] = (160, 240, 320),
    speeds_mm_s: Sequence[float] = (400, 700, 1000, 1200),
    fields_per_condition: int = 2,
    shape: tuple[int, int] = (768, 1024),
    um_per_px: float = 1.25,
    hatch_um: float = 80.0,
    layer_um: float = 30.0,
    beam_um: float = 100.0,
    preheat_c: float = 20.0,
    build_direction_deg: float = 270.0,
    scale_bar: bool = True,
) -> Iterator[SyntheticField]:
    """Fields of a build over a grid of laser power and scan speed, one at a time.

    Lack of fusion is the set that no melt pool reaches; keyhole pores appear above the keyhole
    threshold; gas pores are everywhere. A vertical section; number and types follow the settings,
    the looks are drawn at random. Never mix these fields with measured ones.

    Parameters
    ----------
    rng : numpy.random.Generator
        Each field uses its own child: a field does not depend on how many come after it.
    alloy : str
        Name in `sorby.physics.ALLOYS`.
    powers_w, speeds_mm_s : sequence of float
        Laser powers in W and scan speeds in mm/s; every pair is one specimen.
    fields_per_condition : int
        Fields of each specimen.
    shape : tuple of int
        (M, N) of a field, in px; at least 64.
    um_per_px : float
        Edge length of a pixel, in µm.
    hatch_um, layer_um, beam_um : float
        Hatch distance, layer thickness and D4σ beam diameter, in µm.
    preheat_c : float
        Temperature of the plate, in °C.
    build_direction_deg : float
        90 (layers added upwards, arcs open to the top) or 270 (downwards).
    scale_bar : bool
        Burn a scale bar into the polished image.

    Yields
    ------
    SyntheticField
        In the order of power, speed, field.

    Raises
    ------
    SettingError
        If a value is out of range or the alloy is unknown.

    Examples
    --------
    >>> fields = lpbf_build(rng=np.random.default_rng(0), powers_w=[150], speeds_mm_s=[1600],
    ...                     fields_per_condition=1, shape=(128, 128))
    >>> one = next(fields)
    >>> one.name, set(one.types.values()) == {"lack_of_fusion"}
    ('synthetic_P150_v1600_field1', True)
    """
    _check_frame(shape, um_per_px, fields_per_condition, build_direction_deg)
    name = find_alloy(alloy).name
    points = [
        ProcessPoint(power_w, speed_mm_s, hatch_um, layer_um, beam_um, preheat_c, name)
        for power_w in powers_w
        for speed_mm_s in speeds_mm_s
    ]
    for point in points:
        geometric_criterion(point)

    return chain.from_iterable(
        _specimen_fields(
            point,
            fields_per_condition,
            rng=child,
            shape=shape,
            um_per_px=um_per_px,
            build_direction_deg=build_direction_deg,
            scale_bar=scale_bar,
        )
        for point, child in zip(points, rng.spawn(len(points)), strict=True)
    )


def _specimen_fields(
    process: ProcessPoint,
    n_fields: int,
    *,
    rng: np.random.Generator,
    shape: tuple[int, int],
    um_per_px: float,
    build_direction_deg: float,
    scale_bar: bool,
) -> Iterator[SyntheticField]:
    specimen = f"synthetic_P{process.laser_power_w:g}_v{process.scan_speed_mm_s:g}"
    size_factor = float(rng.lognormal(0, SPECIMEN_SCATTER))
    for number, child in enumerate(rng.spawn(n_fields), start=1):
        metal, look = child.spawn(2)
        section = cut_section(
            process, rng=metal, shape=shape, um_per_px=um_per_px, size_factor=size_factor
        )
        if build_direction_deg == 270:
            section = section.flipped()
        yield SyntheticField(
            name=f"{specimen}_field{number}",
            specimen=specimen,
            **_imaged(section, um_per_px, scale_bar=scale_bar, rng=look),
            process=process,
            um_per_px=um_per_px,
            build_direction_deg=build_direction_deg,
        )


def _imaged(
    section: Section, um_per_px: float, *, scale_bar: bool, rng: np.random.Generator
) -> dict[str, Any]:
    """Both images of a section and the truth that belongs to them."""
    types = {name: getattr(section, name) for name in TRUE_TYPES}
    ignored = np.zeros(section.owner.shape, dtype=bool)
    shown, _ = number_defects(types, ignored=ignored)
    voids = section.lack_of_fusion & (shown > 0)
    polished = render_polished(shown, section.particles, rng=rng)
    etched = render_etched(
        section.owner,
        voids,
        (section.keyhole | section.gas) & (shown > 0),
        section.particles,
        rng=rng,
        um_per_px=um_per_px,
    )
    box = None
    if scale_bar:
        polished, box = burn_scale_bar(polished, um_per_px)
        ignored[box[0] : box[2], box[1] : box[3]] = True
    instances, instance_types = number_defects(types, ignored=ignored)
    return {
        "polished": polished,
        "etched": etched,
        "instances": instances,
        "types": instance_types,
        "mask": mask_of(instances, ignored),
        "bar_box": box,
    }


def _check_frame(
    shape: tuple[int, int], um_per_px: float, fields_per_condition: int, direction_deg: float
) -> None:
    if min(shape) < 64 or fields_per_condition < 1:
        raise SettingError(
            f"{fields_per_condition} fields of {shape[0]} x {shape[1]} px were asked for. "
            "Ask for at least one field of at least 64 x 64 px."
        )
    if not 0 < um_per_px <= 20:
        raise SettingError(f"um_per_px is {um_per_px:g}. Give a pixel size of 0 to 20 µm.")
    if direction_deg not in (90, 270):
        raise SettingError(
            f"build_direction_deg is {direction_deg:g}. Sections are drawn for 90 or 270."
        )
