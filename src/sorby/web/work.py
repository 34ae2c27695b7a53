"""Long steps: started, stopped, gone on with; and the stream of what changes."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from sorby.web.house import TheHouse
from sorby.web.shapes import JobRow, JobWish, Nothing, Number, failures

router = APIRouter(prefix="/api", responses=failures(404), tags=["jobs"])


@router.get("/jobs")
def jobs(house: TheHouse) -> list[JobRow]:
    """Every job, oldest first."""
    return [JobRow(**row) for row in house.jobs.all()]


@router.post("/jobs")
def start(wish: JobWish, house: TheHouse) -> JobRow:
    """Put a job in its queue."""
    return JobRow(**house.jobs.start(wish.kind, wish.options))


@router.post("/sample")
def sample(nothing: Nothing, house: TheHouse) -> JobRow:
    """Fill an empty project with the synthetic build."""
    return JobRow(**house.jobs.start("sample", {}))


@router.post("/jobs/{number}/stop")
def stop(number: Number, nothing: Nothing, house: TheHouse) -> JobRow:
    """Stop a job: a training keeps its best when asked once, and ends at once when again."""
    return JobRow(**house.jobs.stop(number))


@router.post("/jobs/{number}/resume")
def resume(number: Number, nothing: Nothing, house: TheHouse) -> JobRow:
    """Go on with a job that was stopped or failed."""
    return JobRow(**house.jobs.resume(number))


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(house: TheHouse) -> StreamingResponse:
    """What changes, as server-sent events: of a job, a field, or the project as a whole."""
    return StreamingResponse(house.hub.stream(), media_type="text/event-stream")
