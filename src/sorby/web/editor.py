"""The correction editor: a draft opened, a gesture kept, the mask as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from sorby import workflow
from sorby.web.drafts import Draft, GestureAnswer, Operation
from sorby.web.house import TheHouse
from sorby.web.shapes import Mode, Nothing, Told, failures
from sorby.workflow.operations import SETTLING

router = APIRouter(prefix="/api/fields", responses=failures(404, 503), tags=["editor"])
Tab = Annotated[str, Header(alias="X-Tab", max_length=64, description="What a tab calls itself.")]


class Writer(Told):
    """Whether this tab may write."""

    read_only: bool


@router.get("/{name:path}/draft")
def draft(name: str, house: TheHouse, mode: Mode = "correct", x_tab: Tab = "") -> Draft:
    """Open the draft of a field; a field without a mask gets one first."""
    if mode == "correct":
        workflow.first_mask(house.folder, name)
    opened = house.at_desk(lambda desk: desk.open(name, mode))
    return Draft(**opened, read_only=not house.tabs.claim(name, x_tab))


@router.post("/{name:path}/take_over")
def take_over(name: str, nothing: Nothing, house: TheHouse, x_tab: Tab = "") -> Writer:
    """Let this tab correct the field; the one that did becomes read-only."""
    house.tabs.take_over(name, x_tab)
    return Writer(read_only=False)


@router.post("/{name:path}/gestures")
def gesture(name: str, operation: Operation, house: TheHouse, x_tab: Tab = "") -> GestureAnswer:
    """Keep one finished gesture: it is on the disk when this answers."""
    house.tabs.check(name, x_tab)
    answer = GestureAnswer(**house.at_desk(lambda desk: desk.apply(name, operation.model_dump())))
    box = answer.patch and answer.patch.box
    house.tell({"type": "draft", "field": name, "mode": operation.mode, "box": box})
    if operation.kind in SETTLING:
        house.tell_field(name)
    return answer


@router.get("/{name:path}/export.png", responses={200: {"content": {"image/png": {}}}})
def export(name: str, house: TheHouse, mode: Mode = "correct") -> Response:
    """The working mask as a label PNG."""
    content = house.at_desk(lambda desk: workflow.mask_png(desk, name, mode))
    headers = {"content-disposition": 'attachment; filename="mask.png"'}
    return Response(content, media_type="image/png", headers=headers)
