"""The SPARQL 1.1 protocol, query only (https://www.w3.org/TR/sparql11-protocol/)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.endpoints import HTTPEndpoint

from catalogue.query import QueryRefused, choose, negotiate
from catalogue.query.pool import Query
from service.clients import client_of
from service.endpoint import MAX_BODY, endpoint_of
from service.middleware import while_connected
from service.negotiation import DATA_FORMS, HTML, JSON, form_of_media
from service.problems import NotAcceptable, ServiceProblem
from service.routes.descriptions import service_description
from service.routes.editor import query_page

__all__ = ["router"]


class _Route(APIRoute):
    """One whose function reads the request itself: nothing is looked for that it could depend on, a tenth of a small query's time."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function as it is."""
        return self.endpoint


router = APIRouter(route_class=_Route)
_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"
_MOST_PARAMETERS = 1000
_UNICODE = {"", "utf-8", "utf8", "us-ascii"}
_OF_UPDATES = {"update", "using-graph-uri", "using-named-graph-uri"}
_OF_QUERIES = {"query", "default-graph-uri", "named-graph-uri"}
_ALLOWED = "GET, HEAD, POST, OPTIONS"
_EXPOSED = {"Access-Control-Expose-Headers": "Retry-After, Allow"}
_PREFLIGHT = {
    "Allow": _ALLOWED,
    "Access-Control-Allow-Methods": _ALLOWED,
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, X-Requested-With",
    "Access-Control-Max-Age": "86400",
}


class UnsupportedMedia(ServiceProblem):
    """A body that is neither a form nor a query, or not in UTF-8."""

    status = 415  # type: ignore[assignment]

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Accept-Post": f"{_FORM}, {_DIRECT}"} | _EXPOSED)


class TooLong(ServiceProblem):
    """A body over the limit."""

    status = 413  # type: ignore[assignment]


class MethodNotAllowed(ServiceProblem):
    """Anything that is not a query."""

    status = 405  # type: ignore[assignment]


@router.get("/sparql", summary="SPARQL query")
async def by_address(request: Request) -> Response:
    """SPARQL 1.1 protocol: ``query``, ``default-graph-uri``, ``named-graph-uri``. Without a query the service description."""
    pairs = _pairs(request.scope["query_string"])
    if any(name in _OF_QUERIES | _OF_UPDATES for name, _ in pairs):
        return await _answer(request, pairs)
    forms = [form.media for form in DATA_FORMS]
    media = choose(_accept(request, pairs), (*forms, JSON, HTML))
    if media == HTML:
        return await query_page(request, pairs)
    form = form_of_media(media or "")
    if form is None:
        raise NotAcceptable(f"Offered are: {', '.join(forms)}")
    return service_description(endpoint_of(request), form)


@router.post("/sparql", summary="SPARQL query in the body")
async def by_body(request: Request) -> Response:
    """As a form, or as the body itself (``application/sparql-query``); the dataset may stand in the address in both cases."""
    media = _media_of_body(request)
    pairs = _pairs(request.scope["query_string"])
    body = await _body(request)
    return await _answer(request, [*pairs, *(_pairs(body) if media == _FORM else [("query", _text(body))])])


@router.options("/sparql", include_in_schema=False)
async def preflight(_: Request) -> Response:
    """What may be asked, and that scripts of every site may ask it (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    return Response(status_code=204, headers=_PREFLIGHT)


class _Otherwise(HTTPEndpoint):
    """Every other method, whatever its name."""

    async def dispatch(self) -> None:
        said = "Queries are sent by GET or POST; nothing can be changed here."
        raise MethodNotAllowed(said, headers={"Allow": _ALLOWED} | _EXPOSED)


router.add_route("/sparql", _Otherwise, include_in_schema=False)  # type: ignore[arg-type]  # Starlette takes classes, too


def _media_of_body(request: Request) -> str:
    """Raises UnsupportedMedia."""
    media, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if media not in (_FORM, _DIRECT):
        raise UnsupportedMedia(f"A query is sent as {_FORM} or as {_DIRECT}.")
    charsets = [part.partition("=")[2].strip(' "') for part in parameters if part.startswith("charset")]
    if not _UNICODE.issuperset(charsets):
        raise UnsupportedMedia("A query is sent in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("A query is sent without compression.")
    return media


async def _body(request: Request) -> bytes:
    """Raises TooLong as soon as that is certain."""
    said = request.headers.get("content-length", "")
    length = int(said) if said.isascii() and said.isdigit() else 0
    body = bytearray()
    if length <= MAX_BODY:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                break
    if max(length, len(body)) > MAX_BODY:
        raise TooLong(f"Die Anfrage ist zu lang; erlaubt sind {MAX_BODY} Bytes.")
    return bytes(body)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise QueryRefused("Die Abfrage ist nicht lesbar: Sie muss in UTF-8 geschrieben sein.") from None


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    """The parameters of an address or a form. Raises QueryRefused where they are not UTF-8, or too many."""
    try:
        return parse_qsl(_text(encoded), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise QueryRefused("Die Anfrage ist nicht lesbar: Sie muss in UTF-8 geschrieben sein.") from None


async def _answer(request: Request, pairs: Sequence[tuple[str, str]]) -> Response:
    if any(name in _OF_UPDATES for name, _ in pairs):
        raise QueryRefused("Hier sind nur lesende Abfragen möglich (Parameter query).")
    texts = [value for name, value in pairs if name == "query"]
    if len(texts) != 1:
        raise QueryRefused("Genau eine Abfrage wird gebraucht (Parameter query).")
    endpoint = endpoint_of(request)
    query = Query(
        text=texts[0],
        wanted=negotiate(_accept(request, pairs)),
        default_graphs=tuple(value for name, value in pairs if name == "default-graph-uri"),
        named_graphs=tuple(value for name, value in pairs if name == "named-graph-uri"),
        base=endpoint.address,
        union=endpoint.union,
    )
    answer = await while_connected(request, endpoint.queries.evaluate(query, client_of(request)))
    return Response(
        answer.body, headers={"Content-Type": answer.media_type, "Vary": "Accept", "Cache-Control": "no-cache"}
    )


def _accept(request: Request, pairs: Sequence[tuple[str, str]]) -> str:
    """What is accepted: a form on a page says it as ``format``, for browsers cannot say it otherwise.

    SPARQLWrapper sends ``format=xml`` beside its header, for servers that read no headers: what is no media type does not count.
    """
    headers = ", ".join(request.headers.getlist("accept"))
    return next((value for name, value in pairs if name == "format" and "/" in value), headers)
