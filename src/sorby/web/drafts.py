"""Shapes of the editor: operations, defects, drafts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from sorby.web.shapes import Asked, Box, Mode, Number, Told


class Operation(Asked):
    """One finished gesture; what ``gesture`` holds depends on its kind."""

    uuid: Annotated[str, Field(min_length=8, max_length=64)]
    kind: Annotated[str, Field(max_length=40)]
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    n_actions: Annotated[int, Field(ge=0, le=100_000)] = 0
    mode: Mode = "correct"
    base: Number
    gesture: dict[str, JsonValue] = Field(default_factory=dict)


class Defect(Told):
    """A defect, or the ghost of one."""

    model_config = ConfigDict(populate_by_name=True, extra="allow")

    id: int
    box: Box
    point: tuple[int, int]
    area_px: int
    area_um2: float | None
    eq_diameter_um: float | None
    circularity: float | None
    confidence: float | None
    class_: int = Field(alias="class")
    state: Literal["predicted", "accepted", "edited", "added", "rejected", "ignored"]
    gain: float
    author: str | None
    time: str | None
    model: str | int | None


class Patch(Told):
    """Pixels of a box after a gesture: base64 of zlib-deflated uint8, row by row."""

    box: Box
    values: str


class Porosity(Told):
    """Share of defect in the sample, with its interval."""

    fraction: float | None
    low: float | None
    high: float | None


class Tail(Told):
    """Where the review of a field stands."""

    model_config = ConfigDict(extra="allow")

    version: int
    state: str
    n_to_check: int
    can_undo: bool
    can_redo: bool
    porosity: Porosity | None


class GestureAnswer(Tail):
    """What a gesture did."""

    seq: int
    patch: Patch | None
    removed: list[int]
    changed: list[Defect]


class Draft(Tail):
    """The draft of a field as it is opened."""

    base: int
    mode: Mode
    author: str | None
    read_only: bool
    defects: list[Defect]
    ghosts: list[Defect]
