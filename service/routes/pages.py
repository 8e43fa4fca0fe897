"""The citizens' pages: the start page and the search."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from search.answer import SearchRequest
from service.address import Address
from service.negotiation import HTML, choose
from service.parameters import beginnings, note_of_length, parse_parameters, request_of
from service.search_json import search_response
from service.state import Service, page, service_of
from service.views import PAGE_SIZE, search_view

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_DEEPEST_PAGE = 500
_JSON = "application/json"


@router.get("/")
async def start(request: Request) -> Response:
    """What there is, and ways in."""
    service = service_of(request)
    with service.follower.use() as served:
        overview = await asyncio.to_thread(served.overview, service.today())
        counts = {facet.value: facet.count for facet in overview.facets.get("phase", ())}
        phases = [
            (concept, counts[concept.notation])
            for concept in service.schemes["phases"].concepts.values()
            if counts.get(concept.notation)
        ]
        return page(
            request,
            "start",
            headers={"Cache-Control": "no-cache"},
            phases=phases,
            offers=overview.total,
            providers=await asyncio.to_thread(served.count_providers),
            data_time=served.data_time(service.zone),
        )


@router.get("/suche")
@router.get("/suche.json")
async def search(request: Request) -> Response:
    """The answer to a question, as a page or as the JSON of ``/api/search``."""
    service = service_of(request)
    pairs = beginnings(request.query_params.multi_items())
    wants_json = request.url.path.endswith(".json") or choose(request.headers.get("accept"), (HTML, _JSON)) == _JSON
    address = Address(f"{service.pages.root}/suche", pairs)
    number = _page_number(address)
    with service.follower.use() as served:
        asked = _request(service, pairs, address, number)
        answer = await service.search(served, asked)
        note = note_of_length(request.query_params.multi_items())
        if wants_json:
            return search_response(answer, service.settings.catalogue.base, service.border, note, _HEADERS)
        return page(
            request,
            "search",
            headers=_HEADERS,
            question=" ".join(address.values("q")),
            note=note,
            hidden=address.hidden("q", "ohne"),
            view=search_view(answer, address, number, service.finder, service.border, asked.today),
            json_address=str(Address(f"{service.pages.root}/suche.json", pairs)),
            feed_address=str(Address(f"{service.pages.root}/suche.atom", pairs).without("seite")),
        )


# what somebody asked is kept by her own browser only
_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept"}


def _page_number(address: Address) -> int:
    text = next(iter(address.values("seite")), "1")
    return min(max(int(text), 1), _DEEPEST_PAGE) if text.isdecimal() and text.isascii() and len(text) < 6 else 1


def _request(service: Service, pairs: list[tuple[str, str]], address: Address, number: int) -> SearchRequest:
    parameters = parse_parameters(pairs).model_copy(update={"limit": PAGE_SIZE, "offset": (number - 1) * PAGE_SIZE})
    return request_of(parameters, service.finder, service.today(), frozenset(address.values("ohne")))
