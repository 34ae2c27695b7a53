"""Pixels: tiles of images, masks and heat maps, and thumbnails."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from sorby import workflow
from sorby.web.house import TheHouse
from sorby.web.shapes import Gray, Info, Kind, Layer, Level, Mode, Number, Place, failures

router = APIRouter(prefix="/api/fields", responses=failures(404, 409, 503), tags=["pixels"])
Page = Annotated[Number | None, Query(description="Another page of the file.")]

FOR_GOOD = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.get("/{name:path}/info")
def info(name: str, house: TheHouse, kind: Kind = "polished", page: Page = None) -> Info:
    """What a canvas needs to know of an image."""
    return Info(**house.viewer.info(name, kind, page))


@router.get("/{name:path}/thumb.webp", responses={200: {"content": {"image/webp": {}}}})
def thumb(name: str, house: TheHouse, request: Request, kind: Kind = "polished") -> Response:
    """Thumbnail of an image, at most 256 px."""
    pixels, version = house.viewer.thumb(name, kind)
    return _cached(request, version, False, lambda: _encoded(pixels, "WEBP"), "image/webp")


@router.get(
    "/{name:path}/tile/{level}/{row}/{column}", responses={200: {"content": {"image/png": {}}}}
)
def tile(
    name: str,
    level: Level,
    row: Place,
    column: Place,
    house: TheHouse,
    request: Request,
    kind: Kind = "polished",
    page: Page = None,
    low: Gray | None = None,
    high: Gray | None = None,
    v: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Tile of an image, 8 bit; with ``v``, the version that ``info`` told, it is kept for good."""
    pixels, version = house.viewer.tile(name, kind, page, (level, row, column), (low, high))
    return _cached(request, version, v == version, lambda: _encoded(pixels, "PNG"), "image/png")


@router.get("/{name:path}/mask/{level}/{row}/{column}", responses=_BYTES)
def mask(
    name: str,
    level: Level,
    row: Place,
    column: Place,
    house: TheHouse,
    mode: Mode = "correct",
) -> Response:
    """Tile of the working mask: zlib-deflated uint8; a block is ignored where all of it is."""
    if mode == "correct":
        workflow.first_mask(house.folder, name)  # not at the desk, where others would wait
    tile = house.at_desk(lambda desk: workflow.mask_tile(desk, name, mode, (level, row, column)))
    return _deflated(tile)


@router.get("/{name:path}/heat/{layer}/{level}/{row}/{column}", responses=_BYTES)
def heat(
    name: str, layer: Layer, level: Level, row: Place, column: Place, house: TheHouse
) -> Response:
    """Tile of an overlay: zlib-deflated uint8, 0 to 254; 255 where there is nothing to say."""
    return _deflated(house.viewer.heat_tile(name, layer, (level, row, column)))


def _encoded(pixels: np.ndarray, kind: str) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    options = {"compress_level": 1} if kind == "PNG" else {"quality": 80, "method": 2}
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format=kind, **options)
    return stream.getvalue()


def _cached(
    request: Request, version: str, for_good: bool, content: Callable[[], bytes], media_type: str
) -> Response:
    """Answer with a version, so that a browser asks for the pixels once."""
    tag = f'"{version}"'
    headers = {"etag": tag, "cache-control": FOR_GOOD if for_good else ASK_AGAIN}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content(), media_type=media_type, headers=headers)


def _deflated(tile: np.ndarray) -> Response:
    body = zlib.compress(np.ascontiguousarray(tile).tobytes(), 1)
    shape = f"{tile.shape[0]},{tile.shape[1]}"
    return Response(body, media_type="application/octet-stream", headers={"x-shape": shape})
