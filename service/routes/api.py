"""The search and single offers for programs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service.negotiation import DATA_FORMS
from service.parameters import described, note_of_length, read_parameters, request_of
from service.routes.things import offer_as
from service.search_json import search_response
from service.state import service_of

__all__ = ["router"]

router = APIRouter(prefix="/api")
_JSON_LD = next(form for form in DATA_FORMS if form.suffix == "jsonld")
_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}


@router.get(
    "/search",
    summary="Search",
    responses={
        422: {"description": "A parameter is wrong; it is named", **_PROBLEM},
        503: {"description": "Too busy", **_PROBLEM},
    },
    openapi_extra={"parameters": described()},
)
async def search(request: Request) -> Response:
    """Offers for a question in everyday words. Filters given as parameters override what the question says, and are strict."""
    service = service_of(request)
    given = request.query_params.multi_items()
    asked = request_of(read_parameters(given), service.finder, service.today())
    with service.follower.use() as served:
        answer = await service.search(served, asked)
    note = note_of_length(given, asked.language)
    return search_response(
        answer, service.settings.catalogue.base, service.border, note, {"Cache-Control": "private, no-cache"}
    )


@router.get(
    "/offers/{offer_id}",
    summary="One offer",
    responses={200: {"content": {_JSON_LD.media: {}}}, 404: {"description": "No such offer", **_PROBLEM}},
    response_class=Response,
)
async def offer(request: Request, offer_id: str) -> Response:
    """One offer as JSON-LD; ``offer_id`` is the last segment of its IRI."""
    return offer_as(request, "jsonld", offer_id)
