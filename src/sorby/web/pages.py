"""Project, fields, models, map of the images, results: what the pages other than the editor ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from sorby import workflow
from sorby.web.house import TheHouse
from sorby.web.scores import Comparison, Evaluation, KeptComparison
from sorby.web.shapes import (
    Chosen,
    Effort,
    Embedding,
    FieldChange,
    FieldRow,
    InUse,
    Nothing,
    Number,
    Overview,
    Picks,
    Results,
    ScaleConfirmation,
    failures,
)

router = APIRouter(prefix="/api", responses=failures(404), tags=["pages"])


@router.get("/project")
def project(house: TheHouse) -> Overview:
    """All that the shell of the page needs."""
    return Overview(**workflow.project_overview(house.folder), jobs=house.jobs.all())


@router.patch("/fields/{name:path}")
def change_field(name: str, change: FieldChange, house: TheHouse) -> FieldRow:
    """Take what a person says of a field; values that cannot be are refused with the reason."""
    values = change.model_dump(exclude_unset=True)
    row = FieldRow(**workflow.change_field(house.folder, name, values))
    house.tell({"type": "field", "field": row.model_dump(mode="json")})
    return row


@router.post("/fields/{name:path}/confirm_scale")
def confirm_scale(name: str, said: ScaleConfirmation, house: TheHouse) -> FieldRow:
    """The scale bar was found rightly; with its length it gives the scale."""
    row = FieldRow(**workflow.confirm_scale(house.folder, name, said.um))
    house.tell({"type": "field", "field": row.model_dump(mode="json")})
    return row


@router.get("/embedding")
def embedding(house: TheHouse) -> Embedding:
    """The map of the images; without points where the job ``embed`` has not run."""
    return Embedding(**workflow.embedding_map(house.folder))


@router.post("/picks")
def pick(picks: Picks, house: TheHouse) -> Chosen:
    """Overrule the picks of this round with those of a person."""
    chosen = Chosen(**workflow.select(house.folder, strategy="manual", images=picks.images))
    house.tell({"type": "project"})
    return chosen


@router.get("/models/compare")
def compare(
    house: TheHouse, new: Annotated[Number, Query()], old: Annotated[Number, Query()]
) -> KeptComparison:
    """A new model beside an old one, on verified images, once the job ``compare`` was done."""
    kept = workflow.kept_comparison(house.folder, new=new, old=old)
    return KeptComparison(comparison=kept and Comparison(**kept))


@router.get("/evaluation")
def evaluation(house: TheHouse) -> Evaluation:
    """Scores on the locked test images as the job ``evaluate`` left them, and what lacks a mask."""
    return Evaluation(**workflow.last_evaluation(house.folder))


@router.post("/models/{number}/use")
def use_model(number: Number, nothing: Nothing, house: TheHouse) -> InUse:
    """Put a model in use: promote a new one, or roll back."""
    answer = workflow.list_models(house.folder, use=number)
    house.tell({"type": "project"})
    return InUse(current_model=answer["current"])


@router.get("/results")
def results(house: TheHouse) -> Results:
    """Tables and process map; empty where nothing is measured as it is now."""
    return Results(**workflow.project_results(house.folder))


@router.get("/report.html", response_class=FileResponse)
def report(house: TheHouse) -> FileResponse:
    """The report as a download; it is never shown inside the page."""
    path = workflow.report_file(house.folder)
    headers = {"content-security-policy": "sandbox; default-src 'none'"}
    return FileResponse(
        path, media_type="application/octet-stream", filename="report.html", headers=headers
    )


@router.get("/effort")
def effort(house: TheHouse) -> Effort:
    """Work that went into corrections, by round and by image."""
    told = workflow.effort(house.folder)
    return Effort(
        rounds=told["rounds"], images=[{"name": row["image"], **row} for row in told["images"]]
    )
