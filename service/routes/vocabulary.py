"""The vocabulary, the concept schemes and the JSON-LD context below ``/ns``, the same in every catalogue.

``https://w3id.org/bildungskatalog/ns#…`` names terms of a document, which is sent. ``https://w3id.org/bildungskatalog/{scheme}`` and its
concepts are things: ``/ns/{scheme}/{notation}`` answers 303 to a document about them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response

from ontology.iris import CONCEPTS, TERMS
from service.answers import Answer, Asked, chosen, document, link
from service.negotiation import DATA_FORMS, HTML, JSON, JSON_LD, DataForm, form_of_media, split_suffix
from service.problems import NotFound
from service.state import Service, service_of
from service.vocabulary import PREFIXES, Vocabulary

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_METHODS = ["GET", "HEAD"]
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_OWL = "http://www.w3.org/2002/07/owl#"


class _Subject(NamedTuple):
    """What a document is about. ``path`` follows the root and has no suffix, ``page`` is what follows the path where the page is."""

    path: str
    page: str
    iri: str
    rdf_class: str
    statements: Callable[[], list[ox.Triple]]
    html: Callable[[], str]
    collection: str | None = None


@router.api_route("/ns", methods=_METHODS)
@router.api_route("/ns.{suffix}", methods=_METHODS)
async def vocabulary(request: Request, suffix: str = "") -> Response:
    """Our own terms."""
    service, known = service_of(request), _vocabulary(request)
    subject = _Subject(
        path="/ns",
        page="",
        iri=TERMS,
        rdf_class=_OWL + "Ontology",
        statements=known.document,
        html=lambda: service.pages.render("vocabulary", vocabulary=known, forms=DATA_FORMS),
    )
    if suffix:
        return await _document(request, subject, _form(f"ns.{suffix}"))
    media = chosen(Asked.of(request.headers), _addresses(service, subject))
    return await _document(request, subject, form_of_media(media), negotiated=True)


@router.api_route("/ns/context.jsonld", methods=_METHODS)
async def context(request: Request) -> Response:
    """The JSON-LD context."""
    answer = document(
        _vocabulary(request).context,
        JSON_LD,
        Asked.of(request.headers),
        {"Link": link(_vocabulary(request).licence, "license")},
        None,
    )
    return _response(answer)


@router.api_route("/ns/{name}", methods=_METHODS)
async def scheme(request: Request, name: str) -> Response:
    """A concept scheme, or a document about it."""
    service, known = service_of(request), _vocabulary(request)
    stem, suffix = _split(name)
    found = known.schemes.get(stem)
    if found is None:
        raise NotFound(f"There is no scheme “{stem}” here.")
    subject = _Subject(
        path=f"/ns/{stem}",
        page=".html",
        iri=found.iri,
        rdf_class=_SKOS + "ConceptScheme",
        statements=lambda: known.scheme_document(stem),
        html=lambda: service.pages.render("scheme", scheme=found, forms=DATA_FORMS, licence=known.licence),
    )
    return await _about(request, subject, name, suffix)


@router.api_route("/ns/{name}/{notation}", methods=_METHODS)
async def concept(request: Request, name: str, notation: str) -> Response:
    """A concept, or a document about it."""
    service, known = service_of(request), _vocabulary(request)
    stem, suffix = _split(notation)
    within = known.schemes.get(name)
    found = within.concepts.get(stem) if within else None
    if within is None or found is None:
        raise NotFound(f"There is no concept “{name}/{stem}” here.")
    subject = _Subject(
        path=f"/ns/{name}/{stem}",
        page=".html",
        iri=found.iri,
        rdf_class=_SKOS + "Concept",
        statements=lambda: known.concept_document(name, stem),
        html=lambda: service.pages.render(
            "concept", scheme=within, concept=found, forms=DATA_FORMS, licence=known.licence
        ),
        collection=CONCEPTS + name,
    )
    return await _about(request, subject, notation, suffix)


def _vocabulary(request: Request) -> Vocabulary:
    return cast("Vocabulary", request.app.state.vocabulary)


def _split(segment: str) -> tuple[str, str]:
    """``german.ttl`` as ``german`` and ``ttl``; no name of ours has a dot."""
    stem, _, suffix = segment.partition(".")
    return stem, suffix


def _form(segment: str) -> DataForm:
    form = split_suffix(segment)[1]
    if form is None:
        raise NotFound(f"There is no “{segment}” here.")
    return form


async def _about(request: Request, subject: _Subject, segment: str, suffix: str) -> Response:
    if suffix:
        return await _document(request, subject, None if suffix == "html" else _form(segment))
    addresses = _addresses(service_of(request), subject)
    location = addresses[chosen(Asked.of(request.headers), addresses)]
    headers = {"Location": location, "Vary": "Accept", "Cache-Control": "no-cache"}
    return _response(Answer(303, headers))


def _addresses(service: Service, subject: _Subject) -> dict[str, str]:
    """Where each form is, by media type."""
    path = service.pages.root + subject.path
    data = {form.media: f"{path}.{form.suffix}" for form in DATA_FORMS}
    return {HTML: path + subject.page, **data, JSON: data[JSON_LD]}


async def _document(request: Request, subject: _Subject, form: DataForm | None, negotiated: bool = False) -> Response:
    addresses = _addresses(service_of(request), subject)
    media = HTML if form is None else form.media
    headers = {"Link": _links(addresses, subject, media, _vocabulary(request).licence)}
    if negotiated:
        headers |= {"Vary": "Accept", "Content-Location": addresses[media]}
    if form is None:
        body, content_type = (await asyncio.to_thread(subject.html)).encode(), f"{HTML}; charset=utf-8"
    else:
        body, content_type = await asyncio.to_thread(_written, subject, form), form.content_type
    return _response(document(body, content_type, Asked.of(request.headers), headers, None))


def _written(subject: _Subject, form: DataForm) -> bytes:
    written = ox.serialize(subject.statements(), format=form.rdf_format, prefixes=PREFIXES)
    assert written is not None
    return written


def _links(addresses: dict[str, str], subject: _Subject, media: str, licence: str) -> str:
    others = [(address, other) for other, address in addresses.items() if other not in (media, JSON)]
    found = [link(subject.iri, "cite-as"), link(subject.rdf_class, "type"), link(licence, "license")]
    found += [link(address, "alternate", other) for address, other in others]
    if media == HTML:
        found += [link(address, "describedby", other) for address, other in others]
    else:
        found.append(link(addresses[HTML], "describes", HTML))
    if subject.collection is not None:
        found.append(link(subject.collection, "collection"))
    return ", ".join(found)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)
