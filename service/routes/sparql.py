"""The SPARQL 1.1 protocol, query only (https://www.w3.org/TR/sparql11-protocol/)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from catalogue.query import GRAPHS, RESULTS, Query, QueryRefused, negotiate
from service.negotiation import DATA_FORMS, HTML, choose, form_of_media
from service.problems import NotAcceptable, ServiceProblem
from service.routes.descriptions import service_description
from service.state import page, service_of

__all__ = ["router"]

router = APIRouter()
_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"
_LONGEST = 1_000_000  # bytes of a request's body


class UnsupportedMedia(ServiceProblem):
    """A body that is neither a form nor a query."""

    status = 415  # type: ignore[assignment]


@router.get("/sparql", summary="SPARQL query")
async def by_address(request: Request) -> Response:
    """SPARQL 1.1 protocol: ``query``, ``default-graph-uri``, ``named-graph-uri``. Without a query the service description."""
    pairs = request.query_params.multi_items()
    if any(name == "query" for name, _ in pairs):
        return await _answer(request, pairs)
    forms = [form.media for form in DATA_FORMS]
    media = choose(request.headers.get("accept"), (*forms, HTML))
    if media == HTML:
        return page(request, "sparql", headers={"Vary": "Accept"}, results=RESULTS, graphs=GRAPHS)
    form = form_of_media(media or "")
    if form is None:
        raise NotAcceptable(f"Offered are: {', '.join(forms)}")
    return service_description(request, form)


@router.post("/sparql", summary="SPARQL query in the body")
async def by_body(request: Request) -> Response:
    """As a form, or as the body itself (``application/sparql-query``)."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (_FORM, _DIRECT):
        raise UnsupportedMedia(f"A query is sent as {_FORM} or as {_DIRECT}.")
    try:
        text = (await _body(request)).decode("utf-8")
        if media == _DIRECT:
            return await _answer(request, [("query", text), *request.query_params.multi_items()])
        return await _answer(request, parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        raise QueryRefused("Die Abfrage ist nicht lesbar: Sie muss in UTF-8 geschrieben sein.") from None


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise QueryRefused(f"Die Abfrage ist länger als {_LONGEST} Bytes.")
    return body


async def _answer(request: Request, pairs: list[tuple[str, str]]) -> Response:
    texts = [value for name, value in pairs if name == "query"]
    if len(texts) != 1:
        raise QueryRefused("Genau eine Abfrage wird gebraucht (Parameter query).")
    query = Query(
        text=texts[0],
        wanted=negotiate(_accept(request, pairs)),
        default_graphs=tuple(value for name, value in pairs if name == "default-graph-uri"),
        named_graphs=tuple(value for name, value in pairs if name == "named-graph-uri"),
    )
    answer = await service_of(request).queries.evaluate(query)
    return Response(
        answer.body, headers={"Content-Type": answer.media_type, "Vary": "Accept", "Cache-Control": "no-cache"}
    )


def _accept(request: Request, pairs: list[tuple[str, str]]) -> str:
    """What is accepted: a form on a page says it as ``format``, for browsers cannot say it otherwise."""
    return next((value for name, value in pairs if name == "format"), request.headers.get("accept", "*/*"))
