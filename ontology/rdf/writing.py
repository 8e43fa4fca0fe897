"""From an offer or a provider to statements, and to N-Triples text, one statement a line."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from ontology.iris import CONCEPTS, SCHEMA, TERMS, XSD
from ontology.offer import Instance, Kind, Offer, Place, Provider, Schedule, iri_of
from ontology.rdf.terms import CONCEPT_FIELDS, DAY_NAMES, RUN_PROPERTY, TYPE, Statement

__all__ = ["offer_and_places", "offer_statements", "offer_to_ntriples", "place_statements", "provider_to_ntriples"]

# a strict part of RFC 3987: what a foreign parser might refuse would break a whole dump
_SAFE_IRI = re.compile(
    r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?"
    r"(/([A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(\?([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(#([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


# as in JSON, whose escapes are all read by N-Triples and Turtle too
_text: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


@cache
def _schema(local_name: str) -> str:
    return f"<{SCHEMA}{local_name}>"


def _typed(datatype: str, spelling: Callable[[Any], str] = str) -> Callable[[Any], str]:
    """Encodes values of a datatype."""
    end = f'"^^<{XSD}{datatype}>'
    return lambda value: f'"{spelling(value)}{end}'


def _concept(scheme: str) -> Callable[[str], str]:
    """Encodes the notations of a concept scheme."""
    return lambda notation: f"<{CONCEPTS}{scheme}/{notation}>"


_number = _typed("double", repr)
_whole = _typed("integer")
_truth = _typed("boolean", lambda value: "true" if value else "false")
_amount = _typed("decimal", "{:f}".format)
_date = _typed("date", dt.date.isoformat)
_time = _typed("dateTime", dt.datetime.isoformat)


def _moment(value: dt.date) -> str:
    return _time(value) if isinstance(value, dt.datetime) else _date(value)


def _address(value: str) -> str:
    """A web address as an IRI; what is none stays a literal, so that nothing is lost and nothing can break out."""
    return f"<{value}>" if _SAFE_IRI.fullmatch(value) else f"{_text(value)}^^<{XSD}anyURI>"


def _licence(value: str) -> str:
    """An address as an IRI; a name or code as the text that it is."""
    return f"<{value}>" if _SAFE_IRI.fullmatch(value) else _text(value)


# what is stated about each kind of thing: field, property, encoder of its value or, if there are several, of each of them
_Fields = tuple[tuple[str, str, Callable[[Any], str]], ...]
_NAMES: _Fields = (
    ("identifier", _schema("identifier"), _text),
    ("name", _schema("name"), _text),
    ("description", _schema("description"), _text),
)
_REQUIREMENTS: _Fields = (
    ("credential", _schema("educationalCredentialAwarded"), _text),
    ("prerequisites", _schema("coursePrerequisites"), _text),
)
_SETS: _Fields = (
    ("keywords", _schema("keywords"), _text),
    ("in_language", _schema("inLanguage"), _text),
    *((field, f"<{iri}>", _concept(scheme)) for field, (iri, scheme) in CONCEPT_FIELDS.items()),
)
_URL: _Fields = (("url", _schema("url"), _address),)
_TERMS: _Fields = (
    ("licence", _schema("license"), _licence),
    ("certificate", f"<{TERMS}certificate>", _truth),
    ("childcare", f"<{TERMS}childcare>", _truth),
)
_DATES: _Fields = (("start", _schema("startDate"), _moment), ("end", _schema("endDate"), _moment))
_RUN: _Fields = (*_DATES, ("mode", _schema("courseMode"), _concept("mode")))
_TIME_MODEL: _Fields = (("time_model", f"<{TERMS}timeModel>", _concept("time-model")),)
_EXTENT: _Fields = (
    ("workload", _schema("courseWorkload"), _text),
    *_URL,
    ("seats", _schema("maximumAttendeeCapacity"), _whole),
    ("seats_left", _schema("remainingAttendeeCapacity"), _whole),
)
_WEEKDAYS: _Fields = (("weekdays", _schema("byDay"), lambda day: _schema(DAY_NAMES[day])),)
_TIMES: _Fields = (
    ("start_time", _schema("startTime"), _typed("time", dt.time.isoformat)),
    ("end_time", _schema("endTime"), _typed("time", dt.time.isoformat)),
    ("meetings", _schema("repeatCount"), _whole),
)
_NAME: _Fields = (("name", _schema("name"), _text),)
_POSITION: _Fields = (
    ("ags", f"<{TERMS}municipalityKey>", _text),
    ("latitude", _schema("latitude"), _number),
    ("longitude", _schema("longitude"), _number),
    ("wheelchair", f"<{TERMS}wheelchair>", _truth),
)
_ADDRESS: _Fields = (
    ("street", _schema("streetAddress"), _text),
    ("postal_code", _schema("postalCode"), _text),
    ("locality", _schema("addressLocality"), _text),
)


class _Statements:
    """Collects the statements about one thing and its parts."""

    def __init__(self) -> None:
        self.found: list[Statement] = []
        self.places: list[tuple[str, Place]] = []

    def add(self, subject: str, property_: str, value: str) -> None:
        self.found.append((subject, property_, value))

    def typed(self, subject: str, local_name: str) -> None:
        self.found.append((subject, TYPE, _schema(local_name)))

    def given(self, subject: str, thing: object, fields: _Fields) -> None:
        """What of these fields is stated."""
        for field, property_, encode in fields:
            value = getattr(thing, field)
            if value is not None:
                self.found.append((subject, property_, encode(value)))

    def each(self, subject: str, thing: object, fields: _Fields) -> None:
        """All values of these fields."""
        for field, property_, encode in fields:
            for value in getattr(thing, field):
                self.found.append((subject, property_, encode(value)))

    def placed(self, subject: str, suffix: str, place: Place | None) -> None:
        if place is not None:
            node = _part(subject, suffix)
            self.found.append((subject, _schema("location"), node))
            self.places.append((node, place))


def offer_to_ntriples(offer: Offer, base: str) -> str:
    """The offer as N-Triples text, one statement a line; the provider is linked, not described."""
    return _ntriples(offer_statements(offer, base))


def _ntriples(statements: Iterable[Statement]) -> str:
    return "".join([f"{subject} {property_} {value} .\n" for subject, property_, value in statements])


def offer_statements(offer: Offer, base: str) -> list[Statement]:
    """What `offer_to_ntriples` writes."""
    statements, places = offer_and_places(offer, base)
    return statements + [statement for iri, place in places for statement in place_statements(iri, place)]


def offer_and_places(offer: Offer, base: str) -> tuple[list[Statement], list[tuple[str, Place]]]:
    """The same without what is said of places, and these, each with its IRI as in N-Triples."""
    out = _Statements()
    iri = f"<{iri_of(offer, base)}>"
    out.typed(iri, offer.kind)
    out.given(iri, offer, _NAMES)
    ages = _age_range(offer.age_min, offer.age_max)
    if ages is not None:
        out.add(iri, _schema("typicalAgeRange"), _text(ages))
    out.given(iri, offer, _REQUIREMENTS)
    out.each(iri, offer, _SETS)
    out.given(iri, offer, _URL)
    if offer.provider is not None:
        out.add(iri, _schema("provider"), f"<{iri_of(offer.provider, base)}>")
    out.given(iri, offer, _TERMS)
    out.placed(iri, "#ort", offer.place)
    for instance in offer.instances:
        _write_instance(out, iri, offer.kind, instance)
    return out.found, out.places


def _part(thing: str, suffix: str) -> str:
    """The IRI of a part of a thing."""
    return f"{thing[:-1]}{suffix}>"


def _age_range(low: int | None, high: int | None) -> str | None:
    """schema:typicalAgeRange: "7-9", "11-"; "-6" where only the end is stated."""
    if low is None and high is None:
        return None
    return f"{'' if low is None else low}-{'' if high is None else high}"


def _write_instance(out: _Statements, offer: str, kind: Kind, instance: Instance) -> None:
    node = _part(offer, f"#termin-{instance.number}")
    out.add(offer, _schema(RUN_PROPERTY.get(kind, "event")), node)
    out.typed(node, "CourseInstance" if kind in (Kind.COURSE, Kind.PROGRAM) else "EducationEvent")
    out.given(node, instance, _RUN)
    out.each(node, instance, _TIME_MODEL)
    out.given(node, instance, _EXTENT)
    if instance.price is not None or instance.price_note is not None:
        _write_price(out, node, instance)
    if instance.schedule is not None:
        _write_schedule(out, node, instance.schedule)
    for number, session in enumerate(instance.sessions, start=1):
        part = _part(node, f"-{number}")
        out.add(node, _schema("subEvent"), part)
        out.typed(part, "EducationEvent")
        out.given(part, session, _DATES)
    out.placed(node, "-ort", instance.place)


def _write_price(out: _Statements, node: str, instance: Instance) -> None:
    price = _part(node, "-preis")
    out.add(node, _schema("offers"), price)
    out.typed(price, "Offer")
    if instance.price is not None:
        out.add(price, _schema("price"), _amount(instance.price))
        out.add(price, _schema("priceCurrency"), _text("EUR"))
    if instance.price_note is not None:
        out.add(price, _schema("description"), _text(instance.price_note))


def _write_schedule(out: _Statements, node: str, schedule: Schedule) -> None:
    part = _part(node, "-plan")
    out.add(node, _schema("courseSchedule"), part)
    out.typed(part, "Schedule")
    out.each(part, schedule, _WEEKDAYS)
    out.given(part, schedule, _TIMES)


def place_statements(iri: str, place: Place) -> list[Statement]:
    """What is said of a place; its IRI as in N-Triples."""
    out = _Statements()
    out.typed(iri, "Place")
    out.given(iri, place, _NAME)
    out.given(iri, place, _POSITION)
    if place.street or place.postal_code or place.locality:
        address = _part(iri, "-anschrift")
        out.add(iri, _schema("address"), address)
        out.typed(address, "PostalAddress")
        out.given(address, place, _ADDRESS)
    return out.found


def provider_to_ntriples(provider: Provider, base: str) -> str:
    """The provider as N-Triples text."""
    out = _Statements()
    iri = f"<{iri_of(provider, base)}>"
    out.typed(iri, "Organization")
    out.given(iri, provider, _NAME)
    out.given(iri, provider, _URL)
    return _ntriples(out.found)
