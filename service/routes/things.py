"""Offers and providers: their IRIs, their pages and the data twins of these. See `service.things`, and `service.dereference` in front."""

from __future__ import annotations

import asyncio
import datetime as dt
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request, Response

from ontology.iris import provider_iri
from ontology.offer import Offer, day_of
from ontology.passing_on import part_to_pass_on
from ontology.profiles.schemaorg import markup_of
from service.answers import Answer, Asked, document
from service.border import shown
from service.cards import card_of_offer, runs_of
from service.comparison import elsewhere_of
from service.dates import last_day
from service.follower import Served
from service.negotiation import DATA_FORMS, HTML
from service.neighbours import NeighbourState, neighbours_of
from service.pages import script_safe
from service.problems import NotFound
from service.state import Service, service_of
from service.things import (
    ANBIETER,
    ANGEBOT,
    Thing,
    answer_about,
    data_answer,
    find_thing,
    links_of,
    see_other,
)
from service.wording import ago_in_words

__all__ = ["offer_as", "offer_page", "router"]

router = APIRouter(include_in_schema=False)
_METHODS = ["GET", "HEAD"]
_SHOWN = 100


@router.api_route("/id/angebot/{segment}", methods=_METHODS)
async def offer_thing(request: Request, segment: str) -> Response:
    """An offer itself cannot be sent: see the page or the data about it."""
    return _see_other(request, ANGEBOT, segment)


@router.api_route("/id/anbieter/{segment}", methods=_METHODS)
async def provider_thing(request: Request, segment: str) -> Response:
    """Likewise for a provider."""
    return _see_other(request, ANBIETER, segment)


def _see_other(request: Request, kind: str, segment: str) -> Response:
    service = service_of(request)
    with service.follower.use() as served:
        return _response(see_other(service.site, served, kind, segment, Asked.of(request.headers)))


@router.api_route("/angebot/{segment}", methods=_METHODS)
async def offer_page(request: Request, segment: str) -> Response:
    """The page of an offer, or its data."""
    return await _about(request, ANGEBOT, segment)


@router.api_route("/anbieter/{segment}", methods=_METHODS)
async def provider_page(request: Request, segment: str) -> Response:
    """The page of a provider with its offers, or its data."""
    return await _about(request, ANBIETER, segment)


async def _about(request: Request, kind: str, segment: str) -> Response:
    service, asked = service_of(request), Asked.of(request.headers)
    with service.follower.use() as served:
        found = answer_about(service.site, served, kind, segment, asked)
        if isinstance(found, Answer):
            return _response(found)
        html = await asyncio.to_thread(_html, service, served, found)
    return _response(_page_answer(service, found, asked, html))


def offer_as(request: Request, suffix: str, offer_id: str) -> Response:
    """An offer's data in the form with this suffix. Raises NotFound."""
    service, asked = service_of(request), Asked.of(request.headers)
    form = next(form for form in DATA_FORMS if form.suffix == suffix)
    with service.follower.use() as served:
        thing = find_thing(service.site, served, ANGEBOT, offer_id)
        if thing is None:
            raise NotFound(f"There is no offer “{offer_id}” here.")
        return _response(data_answer(service.site, served, thing, form, asked, {}))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)


def _page_answer(service: Service, thing: Thing, asked: Asked, html: str) -> Answer:
    headers = {"Vary": "Accept", "Link": links_of(service.site, thing, None)}
    # a provider's page changes when one of its offers is over too, a neighbour's offer's with its state, which no date tells
    changed_at = (
        None
        if thing.offer is None or thing.offer.iri is not None
        else _page_changed_at(service, thing.offer, thing.changed_at)
    )
    return document(html.encode(), f"{HTML}; charset=utf-8", asked, headers, changed_at)


def _page_changed_at(service: Service, offer: Offer, changed_at: str) -> str:
    """When the offer changed, or the midnight since which a run or a meeting of it counts as over, whichever is later."""
    ends = [last_day(instance) for instance in offer.instances]
    ends += [day_of(session.end or session.start) for instance in offer.instances for session in instance.sessions]
    over = max((day for day in ends if day < service.today()), default=None)
    if over is None:
        return changed_at
    midnight = dt.datetime.combine(over + dt.timedelta(days=1), dt.time(), service.zone)
    return max(dt.datetime.fromisoformat(changed_at), midnight).isoformat()


def _html(service: Service, served: Served, thing: Thing) -> str:
    if thing.offer is None:
        return _provider_html(service, served, thing)
    return _offer_html(service, served, thing.offer, thing.iri)


def _offer_html(service: Service, served: Served, offer: Offer, iri: str) -> str:
    today, site = service.today(), service.site
    origin = service.border.origin(offer)
    told = part_to_pass_on(offer, site.settings.licence_of(offer.source))
    markup = markup_of(
        told,
        site.base,
        f"{site.base}/angebot/{quote(offer.id)}",
        [instance for instance in told.instances if last_day(instance) >= today],
        lambda scheme, notation: service.schemes[scheme].label(notation),
    )
    return service.pages.render(
        "offer",
        offer=offer,
        runs=runs_of(offer, today),
        source=service.settings.source_named(offer.source),
        labels={
            name: _labels(service, name, getattr(offer, name))
            for name in ("phases", "topics", "audience", "level", "funding")
        },
        scheme=service.schemes,
        changed=served.changed_on(offer.id, service.zone),
        origin=origin,
        neighbour=None if origin is None else _neighbour(service, served, origin.neighbour),
        ago=lambda moment: ago_in_words(
            (today - dt.datetime.fromisoformat(moment).astimezone(service.zone).date()).days
        ),
        elsewhere=elsewhere_of(offer, served.snapshot, service.border),
        data=script_safe(msgspec.json.encode(markup)),
        is_passed_on=told is offer,
        licence=offer.licence or site.settings.licence_of(offer.source),
        forms=DATA_FORMS,
        path=f"{site.root}/angebot/{quote(offer.id)}",
        iri=iri,
    )


def _neighbour(service: Service, served: Served, name: str) -> NeighbourState | None:
    known = neighbours_of(service.folder, service.settings, served.snapshot)
    return next((found for found in known if found.name == name), None)


def _labels(service: Service, field: str, notations: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(notation, service.schemes[field].label(notation)) for notation in notations]


def _provider_html(service: Service, served: Served, thing: Thing) -> str:
    today, root = service.today(), service.site.root
    offers = served.offers_of(thing.iri, today)
    return service.pages.render(
        "provider",
        provider=served.provider(thing.iri),
        foreign=thing.iri != provider_iri(service.site.base, thing.segment),
        cards=[card_of_offer(shown(offer), today, service.border.origin(offer)) for offer in offers[:_SHOWN]],
        count=len(offers),
        search=f"{root}/suche?provider={quote(thing.segment)}",
        forms=DATA_FORMS,
        path=f"{root}/anbieter/{quote(thing.segment)}",
        iri=thing.iri,
    )
