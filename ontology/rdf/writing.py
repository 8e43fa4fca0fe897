"""From an offer or a provider to N-Triples text, one statement a line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from ontology.iris import CONCEPTS, RDF_TYPE, SCHEMA, TERMS, XSD
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule, iri_of
from ontology.rdf.terms import CONCEPT_FIELDS, DAY_NAMES, RUN_PROPERTY

__all__ = ["offer_to_ntriples", "provider_to_ntriples"]

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))  # the backslash first
# a strict part of RFC 3987: what a foreign parser might refuse would break a whole dump
_SAFE_IRI = re.compile(
    r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?"
    r"(/([A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(\?([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
    r"(#([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


def _text(value: str) -> str:
    return f'"{_escaped(value)}"'


def _escaped(value: str) -> str:
    for sign, escape in _ESCAPES:  # a tenth of the time of str.translate
        value = value.replace(sign, escape)
    return value


def _typed(value: object, datatype: str) -> str:
    return f'"{value}"^^<{XSD}{datatype}>'


def _number(value: float) -> str:
    return _typed(repr(value), "double")


def _whole(value: int) -> str:
    return _typed(value, "integer")


def _truth(value: bool) -> str:
    return _typed("true" if value else "false", "boolean")


def _address(value: str) -> str:
    """A web address as an IRI; what is none stays a literal, so that nothing is lost and nothing can break out."""
    return f"<{value}>" if _SAFE_IRI.fullmatch(value) else f'"{_escaped(value)}"^^<{XSD}anyURI>'


def _licence(value: str) -> str:
    """An address as an IRI; a name or code as the text that it is."""
    return f"<{value}>" if _SAFE_IRI.fullmatch(value) else _text(value)


def _moment(value: dt.date) -> str:
    if isinstance(value, dt.datetime):
        return _typed(value.isoformat(), "dateTime")
    return _typed(value.isoformat(), "date")


def _clock(value: dt.time) -> str:
    return _typed(value.isoformat(), "time")


def _mode(value: Mode) -> str:
    return _concept("mode", value)


def _concept(scheme: str, notation: str) -> str:
    return f"<{CONCEPTS}{scheme}/{notation}>"


class _Lines:
    """Collects the N-Triples lines of one offer."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, subject: str, predicate: str, obj: str) -> None:
        self.lines.append(f"<{subject}> <{predicate}> {obj} .\n")

    def given(self, subject: str, predicate: str, encode: Callable[[Any], str], value: object) -> None:
        """Adds the statement unless the value is not stated."""
        if value is not None:
            self.add(subject, predicate, encode(value))

    def texts(self, subject: str, pairs: Iterable[tuple[str, str | None]]) -> None:
        for name, value in pairs:
            self.given(subject, SCHEMA + name, _text, value)

    def typed(self, subject: str, local_name: str) -> None:
        self.add(subject, RDF_TYPE, f"<{SCHEMA}{local_name}>")


def offer_to_ntriples(offer: Offer, base: str) -> str:
    """The offer as N-Triples text, one statement a line; the provider is linked, not described."""
    out = _Lines()
    iri = iri_of(offer, base)
    out.typed(iri, offer.kind)
    out.texts(
        iri,
        (
            ("identifier", offer.identifier),
            ("name", offer.name),
            ("description", offer.description),
            ("typicalAgeRange", _age_range(offer.age_min, offer.age_max)),
            ("educationalCredentialAwarded", offer.credential),
            ("coursePrerequisites", offer.prerequisites),
        ),
    )
    for keyword in offer.keywords:
        out.add(iri, SCHEMA + "keywords", _text(keyword))
    for language in offer.in_language:
        out.add(iri, SCHEMA + "inLanguage", _text(language))
    for field, (predicate, scheme) in CONCEPT_FIELDS.items():
        for notation in getattr(offer, field):
            out.add(iri, predicate, _concept(scheme, notation))
    out.given(iri, SCHEMA + "url", _address, offer.url)
    if offer.provider is not None:
        out.add(iri, SCHEMA + "provider", f"<{iri_of(offer.provider, base)}>")
    out.given(iri, SCHEMA + "license", _licence, offer.licence)
    out.given(iri, TERMS + "certificate", _truth, offer.certificate)
    out.given(iri, TERMS + "childcare", _truth, offer.childcare)
    if offer.place is not None:
        _write_place(out, iri, SCHEMA + "location", f"{iri}#ort", offer.place)
    for instance in offer.instances:
        _write_instance(out, iri, offer.kind, instance)
    return "".join(out.lines)


def _age_range(low: int | None, high: int | None) -> str | None:
    """schema:typicalAgeRange: "7-9", "11-"; "-6" where only the end is stated."""
    if low is None and high is None:
        return None
    return f"{'' if low is None else low}-{'' if high is None else high}"


def _write_instance(out: _Lines, offer: str, kind: Kind, instance: Instance) -> None:
    node = f"{offer}#termin-{instance.number}"
    out.add(offer, SCHEMA + RUN_PROPERTY.get(kind, "event"), f"<{node}>")
    out.typed(node, "CourseInstance" if kind in (Kind.COURSE, Kind.PROGRAM) else "EducationEvent")
    out.given(node, SCHEMA + "startDate", _moment, instance.start)
    out.given(node, SCHEMA + "endDate", _moment, instance.end)
    out.given(node, SCHEMA + "courseMode", _mode, instance.mode)
    for notation in instance.time_model:
        out.add(node, TERMS + "timeModel", _concept("time-model", notation))
    out.given(node, SCHEMA + "courseWorkload", _text, instance.workload)
    out.given(node, SCHEMA + "url", _address, instance.url)
    out.given(node, SCHEMA + "maximumAttendeeCapacity", _whole, instance.seats)
    out.given(node, SCHEMA + "remainingAttendeeCapacity", _whole, instance.seats_left)
    if instance.price is not None or instance.price_note is not None:
        _write_price(out, node, instance)
    if instance.schedule is not None:
        _write_schedule(out, node, instance.schedule)
    for number, session in enumerate(instance.sessions, start=1):
        part = f"{node}-{number}"
        out.add(node, SCHEMA + "subEvent", f"<{part}>")
        out.typed(part, "EducationEvent")
        out.add(part, SCHEMA + "startDate", _moment(session.start))
        if session.end is not None:
            out.add(part, SCHEMA + "endDate", _moment(session.end))
    if instance.place is not None:
        _write_place(out, node, SCHEMA + "location", f"{node}-ort", instance.place)


def _write_price(out: _Lines, node: str, instance: Instance) -> None:
    price = f"{node}-preis"
    out.add(node, SCHEMA + "offers", f"<{price}>")
    out.typed(price, "Offer")
    if instance.price is not None:
        out.add(price, SCHEMA + "price", _typed(f"{instance.price:f}", "decimal"))
        out.add(price, SCHEMA + "priceCurrency", _text("EUR"))
    out.given(price, SCHEMA + "description", _text, instance.price_note)


def _write_schedule(out: _Lines, node: str, schedule: Schedule) -> None:
    part = f"{node}-plan"
    out.add(node, SCHEMA + "courseSchedule", f"<{part}>")
    out.typed(part, "Schedule")
    for day in schedule.weekdays:
        out.add(part, SCHEMA + "byDay", f"<{SCHEMA}{DAY_NAMES[day]}>")
    out.given(part, SCHEMA + "startTime", _clock, schedule.start_time)
    out.given(part, SCHEMA + "endTime", _clock, schedule.end_time)
    out.given(part, SCHEMA + "repeatCount", _whole, schedule.meetings)


def _write_place(out: _Lines, owner: str, predicate: str, node: str, place: Place) -> None:
    out.add(owner, predicate, f"<{node}>")
    out.typed(node, "Place")
    out.texts(node, (("name", place.name),))
    if place.street or place.postal_code or place.locality:
        address = f"{node}-anschrift"
        out.add(node, SCHEMA + "address", f"<{address}>")
        out.typed(address, "PostalAddress")
        out.texts(
            address,
            (
                ("streetAddress", place.street),
                ("postalCode", place.postal_code),
                ("addressLocality", place.locality),
            ),
        )
    out.given(node, TERMS + "municipalityKey", _text, place.ags)
    out.given(node, SCHEMA + "latitude", _number, place.latitude)
    out.given(node, SCHEMA + "longitude", _number, place.longitude)
    out.given(node, TERMS + "wheelchair", _truth, place.wheelchair)


def provider_to_ntriples(provider: Provider, base: str) -> str:
    """The provider as N-Triples text."""
    out = _Lines()
    iri = iri_of(provider, base)
    out.typed(iri, "Organization")
    out.texts(iri, (("name", provider.name),))
    out.given(iri, SCHEMA + "url", _address, provider.url)
    return "".join(out.lines)
