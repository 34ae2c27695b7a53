"""Images from the page: kept under random names, decoded in a child process with limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile

from sorby import workflow
from sorby.web.house import TheHouse
from sorby.web.shapes import Added, FolderPath, failures

router = APIRouter(prefix="/api/images", responses=failures(404, 411), tags=["images"])


@router.post("")
def add_images(
    files: Annotated[list[UploadFile], File()],
    house: TheHouse,
    etched_of: Annotated[str | None, Query(max_length=400)] = None,
) -> Added:
    """Add images; twins are paired by name, or ``etched_of`` says whose twin the one file is."""
    named = [(file.filename or "image", file.file) for file in files]
    added = Added(**workflow.take_uploads(house.folder, named, etched_of=etched_of))
    house.images_changed(added.added)
    return added


@router.post("/folder")
def add_folder(where: FolderPath, house: TheHouse) -> Added:
    """Add the images of a folder of this machine; they stay where they are."""
    added = Added(**workflow.take_folder(house.folder, where.path))
    house.images_changed(added.added)
    return added
