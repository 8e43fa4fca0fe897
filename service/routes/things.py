"""Offers and providers: their IRIs, their pages and the data twins of these."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import pyoxigraph as ox
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from ontology.iris import offer_iri, provider_iri
from service.follower import Served
from service.jsonld import PREFIXES, as_tree
from service.negotiation import DATA_FORMS, HTML, JSON, DataForm, choose, form_of_media, split_suffix
from service.pages import script_safe
from service.problems import NotAcceptable, NotFound
from service.state import Service, fresh, not_modified, service_of, tag_of
from service.views import card_of_offer, runs_of

__all__ = ["data_response", "offer_data", "router"]

router = APIRouter(include_in_schema=False)
_FORMS = (HTML, *(form.media for form in DATA_FORMS), JSON)


@router.get("/id/angebot/{segment}")
async def offer_thing(request: Request, segment: str) -> Response:
    """An offer itself cannot be sent: see the page or the data about it."""
    return _see_other(request, "angebot", segment, lambda served: served.snapshot.ledger.offer(segment) is not None)


@router.get("/id/anbieter/{segment}")
async def provider_thing(request: Request, segment: str) -> Response:
    """Likewise for a provider."""
    base = service_of(request).settings.catalogue.base
    return _see_other(request, "anbieter", segment, lambda served: bool(_provider_data(served, base, segment)))


def _see_other(request: Request, path: str, segment: str, exists: Callable[[Served], bool]) -> Response:
    service = service_of(request)
    with service.follower.use() as served:
        if not exists(served):
            raise NotFound(f"There is no “{segment}” here.")
    form = form_of_media(_wanted(request))
    suffix = "" if form is None else f".{form.suffix}"
    location = f"{service.pages.root}/{path}/{quote(segment)}{suffix}"
    return Response(status_code=303, headers={"Location": location, "Vary": "Accept", "Cache-Control": "no-cache"})


def _wanted(request: Request) -> str:
    media = choose(request.headers.get("accept"), _FORMS)
    if media is None:
        raise NotAcceptable(f"Offered are: {', '.join(_FORMS)}")
    return media


@router.get("/angebot/{segment}")
async def offer_page(request: Request, segment: str) -> Response:
    """The page of an offer, or its data."""
    service = service_of(request)
    with service.follower.use() as served:
        return await asyncio.to_thread(_offer, request, service, served, segment)


def _offer(request: Request, service: Service, served: Served, segment: str) -> Response:
    offer, form = served.snapshot.ledger.offer(segment), None
    if offer is None:
        segment, form = split_suffix(segment)
        offer = served.snapshot.ledger.offer(segment)
    if offer is None:
        raise NotFound(f"There is no offer “{segment}” here.")
    form = form or form_of_media(_wanted(request))
    statements = offer_data(service, served, segment)
    iri = offer_iri(service.settings.catalogue.base, segment)
    if form is not None:
        return data_response(request, served, iri, statements, form)
    today = service.today()
    headers = fresh(tag_of(served, request.url.path, HTML, today.isoformat(), service.pages.fingerprint))
    found = not_modified(request, headers)
    if found is not None:
        return found
    tree = msgspec.json.encode(as_tree(iri, statements, plain=True))
    html = service.pages.render(
        "offer",
        offer=offer,
        runs=runs_of(offer, today),
        source=service.settings.source_named(offer.source),
        labels={
            name: _labels(service, name, getattr(offer, name))
            for name in ("phases", "topics", "audience", "level", "funding")
        },
        scheme=service.schemes,
        changed=served.changed_on(segment, service.zone),
        data=script_safe(tree),
        forms=DATA_FORMS,
        path=f"{service.pages.root}/angebot/{quote(segment)}",
        iri=iri,
    )
    return HTMLResponse(html, headers=headers)


def _labels(service: Service, field: str, notations: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(notation, service.schemes[field].label(notation)) for notation in notations]


@router.get("/anbieter/{segment}")
async def provider_page(request: Request, segment: str) -> Response:
    """The page of a provider with its offers, or its data."""
    service = service_of(request)
    with service.follower.use() as served:
        return await asyncio.to_thread(_provider, request, service, served, segment)


def _provider(request: Request, service: Service, served: Served, segment: str) -> Response:
    base, form = service.settings.catalogue.base, None
    statements = _provider_data(served, base, segment)
    if not statements:
        segment, form = split_suffix(segment)
        statements = _provider_data(served, base, segment)
    if not statements:
        raise NotFound(f"There is no provider “{segment}” here.")
    iri = provider_iri(base, segment)
    form = form or form_of_media(_wanted(request))
    if form is not None:
        return data_response(request, served, iri, statements, form)
    today = service.today()
    headers = fresh(tag_of(served, request.url.path, HTML, today.isoformat(), service.pages.fingerprint))
    found = not_modified(request, headers)
    if found is not None:
        return found
    offers = served.offers_of(iri, today)
    html = service.pages.render(
        "provider",
        provider=served.provider(iri),
        cards=[card_of_offer(offer, today) for offer in offers[:_SHOWN]],
        count=len(offers),
        search=f"{service.pages.root}/suche?provider={quote(segment)}",
        forms=DATA_FORMS,
        path=f"{service.pages.root}/anbieter/{quote(segment)}",
        iri=iri,
    )
    return HTMLResponse(html, headers=headers)


_SHOWN = 100
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


def _provider_data(served: Served, base: str, segment: str) -> list[ox.Quad]:
    """The statements about a provider; none for what cannot be the end of an IRI of ours."""
    return served.snapshot.describe(provider_iri(base, segment)) if _SEGMENT.fullmatch(segment) else []


def offer_data(service: Service, served: Served, offer_id: str) -> list[ox.Quad]:
    """The statements about an offer and its provider; none where there is no such offer."""
    base = service.settings.catalogue.base
    offer = served.snapshot.ledger.offer(offer_id)
    if offer is None:
        return []
    statements = served.snapshot.describe(offer_iri(base, offer_id))
    if offer.provider is not None:
        statements += served.snapshot.describe(provider_iri(base, offer.provider.id))
    return statements


def data_response(request: Request, served: Served, iri: str, statements: list[ox.Quad], form: DataForm) -> Response:
    """The statements in the wanted form."""
    headers = fresh(tag_of(served, request.url.path, form.media))
    found = not_modified(request, headers)
    if found is not None:
        return found
    triples = sorted(
        {quad.triple for quad in statements}, key=lambda triple: (str(triple.subject) != f"<{iri}>", str(triple))
    )
    if form.rdf_format == ox.RdfFormat.JSON_LD:
        body = msgspec.json.format(msgspec.json.encode(as_tree(iri, statements)), indent=1)
    else:
        written: Any = ox.serialize(triples, format=form.rdf_format, prefixes=PREFIXES)
        body = bytes(written)
    return Response(body, headers={"Content-Type": form.content_type, **headers})
