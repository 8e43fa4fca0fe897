"""Courses in the format of MOOChub 3.0 (a document of JSON:API; https://github.com/MOOChub/schema).

| of the offer | in MOOChub |
|---|---|
| courses of own sources | resources of type Course; other kinds of offers are none there |
| IRI | id: its UUID of version 5 (RFC 9562, namespace URL); links.self |
| identifier; name | courseCode; name |
| url | url; that of the catalogue's page where none is stated |
| description | description, as HTML in which nothing of the source is markup |
| provider | publisher and creator; the catalogue's publisher where none is stated |
| start and end of the runs | startDate, endDate, lists of times: a date becomes midnight, which end belongs to which start is lost |
| mode of the runs | courseMode, all together |
| weekdays with start and end time | repeatFrequency |
| price | offer and access; that of all runs. "how often" is other, for nothing is stated |
| place | contentLocation, that of the first run that states one |
| keywords, and the labels of topics | keywords |
| teaching language; a certificate; last change | inLanguage; educationalCredentialsAwarded (its name is lost); dateModified |
| topics, level, audience, phases, funding | cannot be said: other frameworks are prescribed (ISCED-F, ESCO, DigComp, LRMI) |
| ages, prerequisites, meetings, workload in words, seats, childcare, wheelchair access | cannot be said |
| licence of the data | meta.license; the attribute license is about what is taught, of which nothing is known: "proprietary" |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from ontology.offer import WEEKDAYS, Instance, Moment, Offer, iri_of
from ontology.profiles.addresses import web_address

__all__ = ["MEDIA", "course_of", "document_of"]

MEDIA = "application/vnd.api+json; moochub-version=3.0"
_ZONE = ZoneInfo("Europe/Berlin")
_DAYS = dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
_COURSE = {
    "identifier": "https://w3id.org/kim/hcrt/course",
    "type": "Concept",
    "inScheme": "https://w3id.org/kim/hcrt/scheme",
}

Node = dict[str, Any]


def document_of(courses: Sequence[Node], address: str, page: int, pages: int) -> Node:
    """One page of the answer; ``address`` is that of the collection, ``page`` counts from 1 to ``pages``."""
    links = {"self": f"{address}?page={page}", "first": f"{address}?page=1", "last": f"{address}?page={pages}"}
    if page > 1:
        links["prev"] = f"{address}?page={page - 1}"
    if page < pages:
        links["next"] = f"{address}?page={page + 1}"
    return {"links": links, "data": list(courses)}


def course_of(
    offer: Offer, base: str, *, publisher: str, topics: Iterable[str], changed_at: str, licence: str | None
) -> Node:
    """The course as a resource.

    ``publisher`` is named where the offer has no provider; ``topics`` are labels of the offer's topics, ``licence`` is that of the data.
    """
    iri = iri_of(offer, base)
    attributes = _attributes(offer, iri, _organization(offer, publisher), topics, changed_at)
    course: Node = {
        "id": str(uuid5(NAMESPACE_URL, iri)),
        "type": "Course",
        "attributes": {name: value for name, value in attributes.items() if value not in (None, [])},
        "links": {"self": iri},
    }
    if licence is not None:
        course["meta"] = {"license": licence}
    return course


def _attributes(offer: Offer, iri: str, organization: Node, topics: Iterable[str], changed_at: str) -> Node:
    """All that there may be, with None and empty lists for what is not stated."""
    prices = sorted({instance.price for instance in offer.instances if instance.price is not None})
    return {
        "name": offer.name,
        "courseCode": offer.identifier,
        "learningResourceType": _COURSE,
        "description": None if offer.description is None else _as_html(offer.description),
        "inLanguage": list(offer.in_language),
        "courseMode": sorted({str(instance.mode) for instance in offer.instances if instance.mode is not None}),
        "startDate": _times(instance.start for instance in offer.instances),
        "endDate": _times(instance.end for instance in offer.instances),
        "publisher": organization,
        "creator": [organization],
        "url": web_address(offer.url) or iri,
        "license": [{"identifier": "proprietary", "url": None, "contentUrl": None}],
        "access": sorted({"paid" if price else "free" for price in prices}),
        "offer": [
            {"price": float(price), "priceCurrency": "EUR", "paymentFrequency": "other", "category": "course"}
            for price in prices
        ],
        "keywords": sorted({*offer.keywords, *topics}),
        "repeatFrequency": _frequency(offer.instances),
        "educationalCredentialsAwarded": ["certificate"] if offer.certificate or offer.credential else [],
        "dateModified": changed_at,
        "contentLocation": _location(offer),
    }


def _organization(offer: Offer, publisher: str) -> Node:
    """The provider, else the publisher."""
    organization: Node = {"type": "Organization", "name": offer.provider.name if offer.provider else publisher}
    if offer.provider is not None and (home := web_address(offer.provider.url)):
        organization["url"] = home
    return organization


def _as_html(text: str) -> str:
    return "".join(f"<p>{escape(part.strip())}</p>" for part in text.split("\n") if part.strip())


def _times(moments: Iterable[Moment | None]) -> list[str]:
    return sorted({_with_offset(moment) for moment in moments if moment is not None})


def _with_offset(moment: Moment) -> str:
    time = moment if isinstance(moment, dt.datetime) else dt.datetime.combine(moment, dt.time())
    return time.replace(tzinfo=_ZONE).isoformat()


def _frequency(instances: Iterable[Instance]) -> list[Node]:
    """A time of day has an offset in JSON Schema: that of the run's first day."""
    found: list[Node] = []
    for instance in instances:
        plan, start = instance.schedule, instance.start
        if plan is None or plan.start_time is None or plan.end_time is None or start is None:
            continue
        offset = _with_offset(start)[-6:]
        times = {"startTime": f"{plan.start_time:%H:%M:%S}{offset}", "endTime": f"{plan.end_time:%H:%M:%S}{offset}"}
        entries = [{"byDay": f"https://schema.org/{_DAYS[day]}", **times} for day in plan.weekdays]
        found += [entry for entry in entries if entry not in found]
    return found


def _location(offer: Offer) -> Node | None:
    place = next((instance.place for instance in offer.instances if instance.place is not None), offer.place)
    if place is None:
        return None
    address = {"streetAddress": place.street, "postalCode": place.postal_code, "city": place.locality}
    location: Node = {"name": place.name, "latitude": place.latitude, "longitude": place.longitude}
    location["address"] = {name: value for name, value in address.items() if value is not None}
    return {name: value for name, value in location.items() if name == "name" or value not in (None, {})}
