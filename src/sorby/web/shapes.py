"""Shapes of what is asked and answered; OpenAPI describes the page's API with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictFloat, StrictStr

Box = tuple[int, int, int, int]
Cell = str | int | float | bool | None
Row = dict[str, Cell]
Freshness = Literal["yes", "no", "out of date"]
Kind = Literal["polished", "etched"]
Mode = Literal["correct", "from_nothing"]
Layer = Literal["confidence", "difference", "uncertainty", "probability"]
Level = Annotated[int, Field(ge=0, le=40)]
Place = Annotated[int, Field(ge=0, le=10_000_000)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Gray = Annotated[float, Field(allow_inf_nan=False)]


class Asked(BaseModel):
    """Body of a request: nothing that is not known is taken."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Asked):
    """An empty object."""


class Told(BaseModel):
    """Part of an answer."""


class Failure(Told):
    """What every error looks like: words for a person, and the class of the error."""

    error: str
    code: str


# ---------------------------------------------------------------------- fields


class ScaleBar(Told):
    """A burned-in scale bar, and whether a person has confirmed it."""

    box: Box
    um: float | None
    um_per_px: float | None
    confirmed: bool


class FieldRow(Told):
    """What the pages say of a field of view."""

    name: str
    shape: tuple[int, int]
    um_per_px: float | None
    scale_source: str | None
    split: str
    specimen: str | None
    laser_power_w: float | None
    scan_speed_mm_s: float | None
    hatch_um: float | None
    layer_um: float | None
    beam_um: float | None
    preheat_c: float | None
    alloy: str | None
    section_plane: str | None
    build_direction_deg: float | None
    objective_na: float | None
    has_etched: bool
    state: Literal["new", "predicted", "in review", "done", "locked for test", "conflict"]
    n_defects: int | None
    n_to_check: int | None
    mask_version: int | None
    mask_source: str | None
    picked_round: int | None
    scale_bar: ScaleBar | None


Said = Annotated[
    StrictFloat | StrictStr | None, Field(description="A number or text; null where unknown.")
]


class FieldChange(Asked):
    """What a person says of a field; what is left out stays. Ranges as in the fields table."""

    um_per_px: Said = None
    specimen: Said = None
    laser_power_w: Said = None
    scan_speed_mm_s: Said = None
    hatch_um: Said = None
    layer_um: Said = None
    beam_um: Said = None
    preheat_c: Said = None
    alloy: Said = None
    section_plane: Said = None
    build_direction_deg: Said = None
    objective_na: Said = None


class ScaleConfirmation(Asked):
    """That the bar was found rightly, and perhaps the length that is written at it, in µm."""

    um: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = None


class FolderPath(Asked):
    """A folder of images on this machine."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]


class Refused(Told):
    """A file that was not taken, and why."""

    file: str
    error: str


class Added(Told):
    """What became of files."""

    added: list[str]
    refused: list[Refused]


class Info(Told):
    """What a canvas needs to know of an image."""

    shape: tuple[int, int]
    levels: int
    tile: int
    window: tuple[float, float]
    percentiles: tuple[float, float]
    grays: list[tuple[float, float]]
    pages: int
    page: int
    um_per_px: float | None
    version: str


# ---------------------------------------------------------------------- project, models, jobs


class CurvePoint(Told):
    """A step of a training."""

    step: int
    loss: float | None
    validation_macro_f1: float | None = None


class JobRow(Told):
    """A long step beside the page."""

    id: int
    kind: str
    options: dict[str, JsonValue]
    state: Literal["waiting", "running", "done", "failed", "stopped", "interrupted"]
    done: int
    total: int | None
    step: str | None
    seconds: float
    seconds_left: float | None
    curve: list[CurvePoint]
    answer: dict[str, JsonValue] | None
    error: str | None


class JobWish(Asked):
    """What to run, and its options."""

    kind: Annotated[str, Field(max_length=40)]
    options: dict[str, JsonValue] = Field(default_factory=dict)


class ModelRow(Told):
    """A model on the shelf."""

    number: int
    time: str
    name: str
    classes: list[str]
    preset: str
    n_trained_on: int
    n_validated_on: int
    started_from: int | None
    validation_macro_f1: float | None
    threshold: float
    seconds: float | None
    stopped_at: int | None
    sha256: str
    is_whole: bool


class Status(Told):
    """As ``sorby status``, and the folder that the project lies in."""

    model_config = ConfigDict(extra="allow")

    n_fields: int
    n_masks: int
    n_masks_by_person: int
    picks_waiting: list[str]
    not_learnt: list[str]
    measured: Freshness
    classified: Freshness
    next: str
    root: str


class Overview(Told):
    """All that the shell of the page needs."""

    name: str
    synthetic: bool
    classes: list[str]
    status: Status
    fields: list[FieldRow]
    models: list[ModelRow]
    current_model: int | None
    jobs: list[JobRow]
    author: str | None


class InUse(Told):
    """Number of the model in use."""

    current_model: int


# ---------------------------------------------------------------------- choosing, results


class Point(Told):
    """An image on the map."""

    name: str
    x: float
    y: float
    cluster: int
    role: Literal["pick", "labelled", "test", "pool"]
    reason: str | None
    score: float | None
    round: int | None


class Strategy(Told):
    """A way to choose."""

    name: str
    summary: str


class Embedding(Told):
    """The map of the images."""

    points: list[Point]
    strategies: list[Strategy]
    embedder: str
    stale: bool


class Picks(Asked):
    """Images that a person picks."""

    images: Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=10_000)]


class Pick(Told):
    """A chosen image."""

    image: str
    reason: str
    score: float | None
    cluster: int


class Chosen(Told):
    """A round of picks."""

    round: int
    strategy: str
    picks: list[Pick]
    notes: list[str]


class Results(Told):
    """Tables (docs/reference/tables.md names their columns) and the process map."""

    defects: list[Row]
    fields: list[Row]
    conditions: list[Row]
    measured: Freshness
    classified: Freshness
    process_map_svg: str | None
    can_report: bool


class Effort(Told):
    """Work that went into corrections, by round and by image."""

    rounds: list[Row]
    images: list[Row]


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Errors that a route may answer with, for OpenAPI."""
    always = (401, 403, 409, 413, 422)
    return {status: {"model": Failure} for status in sorted({*always, *statuses})}
