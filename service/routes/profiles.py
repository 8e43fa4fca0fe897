"""Other standards: courses in MOOChub's format, an offer's dates as a calendar, a search as a feed of Atom."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

import msgspec
import pyoxigraph as ox
from fastapi import APIRouter, Query, Request, Response

from ontology.concepts import Schemes
from ontology.iris import CONCEPTS, RDF_TYPE, SCHEMA, offer_iri, segment
from ontology.offer import Kind, Offer
from ontology.passing_on import may_be_passed_on, part_to_pass_on
from ontology.profiles import atom, icalendar, moochub
from service.address import Address
from service.answers import Asked, document
from service.border import shown
from service.follower import Served
from service.parameters import beginnings, parse_parameters, request_of
from service.problems import NotFound
from service.routes.things import offer_page
from service.state import Service, service_of

__all__ = ["Courses", "router"]

router = APIRouter()
_COURSES_ON_A_PAGE = 100
_HITS_IN_A_FEED = 50
_TYPE = ox.NamedNode(RDF_TYPE)


class Courses:
    """Which offers are courses of own sources, in order of id; looked up once for each state of the data."""

    def __init__(self) -> None:
        self._known: tuple[int, tuple[str, ...]] | None = None

    def ids(self, served: Served, base: str) -> tuple[str, ...]:
        """The ids. What neighbours deliver has IRIs of their own."""
        run, own = served.snapshot.state.data_run, offer_iri(base, "")
        known = self._known
        if known is None or known[0] != run:
            found = served.snapshot.store.quads_for_pattern(None, _TYPE, ox.NamedNode(SCHEMA + Kind.COURSE))
            iris = (quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode))
            known = self._known = (run, tuple(sorted({segment(iri) for iri in iris if iri.startswith(own)})))
        return known[1]


@router.get("/moochub", summary="Courses as MOOChub 3.0")
async def courses(request: Request, page: Annotated[int, Query(ge=1)] = 1) -> Response:
    """All courses of own sources as a document of JSON:API in the format of MOOChub 3.0, a hundred a page."""
    service = service_of(request)
    with service.follower.use() as served:
        known: Courses = request.app.state.courses
        body = await asyncio.to_thread(_courses, service, served, known, page)
    answer = document(body, moochub.MEDIA, Asked.of(request.headers), {}, None)
    return Response(answer.body, answer.status, answer.headers)


def _courses(service: Service, served: Served, known: Courses, page: int) -> bytes:
    general = service.settings.catalogue
    ids = known.ids(served, general.base)
    pages = max(1, -(-len(ids) // _COURSES_ON_A_PAGE))
    if page > pages:
        raise NotFound(f"There are {pages} pages.")
    found = []
    for offer_id in ids[(page - 1) * _COURSES_ON_A_PAGE : page * _COURSES_ON_A_PAGE]:
        dated = served.snapshot.ledger.dated_offer(offer_id)
        if dated is None:
            continue
        offer, changed_at = dated
        licence = service.settings.licence_of(offer.source)
        if not may_be_passed_on(offer, licence):  # docs/adr/0006-publishing.md
            continue
        course = moochub.course_of(
            offer,
            general.base,
            publisher=general.publisher_or_title,
            topics=[service.schemes["topics"].label(topic) for topic in offer.topics],
            changed_at=changed_at,
            licence=offer.licence or licence,
        )
        found.append(course)
    return msgspec.json.encode(moochub.document_of(found, f"{general.base}/moochub", page, pages))


@router.get("/angebot/{offer_id}.ics", summary="Dates of an offer as a calendar")
async def calendar(request: Request, offer_id: str) -> Response:
    """All dates of the offer (iCalendar); 404 where it states none."""
    service = service_of(request)
    with service.follower.use() as served:
        ledger = served.snapshot.ledger
        if ledger.offer(f"{offer_id}.ics") is not None:  # an offer whose own number ends so
            return await offer_page(request, f"{offer_id}.ics")
        dated = ledger.dated_offer(offer_id)
        if dated is None:
            raise NotFound(f"There is no offer “{offer_id}” here.")
        offer, changed_at = dated
        base = service.settings.catalogue.base
        body = await asyncio.to_thread(icalendar.calendar_of, shown(offer), base, changed_at)
    if body is None:
        raise NotFound(f"The offer “{offer_id}” states no date.")
    headers = {"Content-Disposition": f'attachment; filename="{quote(offer.id)}.ics"'}
    answer = document(body, f"{icalendar.MEDIA}; charset=utf-8", Asked.of(request.headers), headers, changed_at)
    return Response(answer.body, answer.status, answer.headers)


@router.get("/suche.atom", summary="The hits of a search as a feed")
async def feed(request: Request) -> Response:
    """The first 50 hits (Atom), with the parameters of the search page."""
    service = service_of(request)
    base = service.settings.catalogue.base
    address = Address(f"{base}/suche.atom", beginnings(request.query_params.multi_items())).without("seite")
    page = Address(f"{base}/suche", address.hidden())
    parameters = parse_parameters(address.hidden()).model_copy(update={"limit": _HITS_IN_A_FEED})
    asked = request_of(parameters, service.finder, service.today(), frozenset(address.values("ohne")))
    with service.follower.use() as served:
        answer = await service.search(served, asked)
        entries = tuple(_entry(service, served, hit.offer) for hit in answer.hits)
        updated = served.snapshot.state.data_time
    question = " ".join(address.values("q"))
    general = service.settings.catalogue
    body = atom.feed_of(
        atom.Feed(
            title=f"{question} – {general.title}" if question else general.title,
            author=general.publisher_or_title,
            address=str(address),
            page=str(page),
            updated=updated,
            entries=entries,
        ),
        base,
    )
    # what somebody asked is kept by her own reader only
    return Response(body, headers={"Content-Type": atom.MEDIA, "Cache-Control": "private, no-cache"})


def _entry(service: Service, served: Served, offer: Offer) -> atom.Entry:
    changed_at = served.snapshot.ledger.changed_at(offer.id) or served.snapshot.state.data_time
    page = f"{service.settings.catalogue.base}/angebot/{quote(offer.id)}"
    told = part_to_pass_on(offer, service.settings.licence_of(offer.source))
    return atom.Entry(told, changed_at, page, _labels(service.schemes, told))


def _labels(schemes: Schemes, offer: Offer) -> dict[str, str]:
    return {
        f"{CONCEPTS}{name}/{notation}": schemes[name].label(notation)
        for name in ("topics", "phases")
        for notation in getattr(offer, name)
    }
