"""The two-way mapping between an `Offer` and RDF.

Out: N-Triples text (fast to make, and ``bulk_load`` reads it faster than any object interface). In: triples as pyoxigraph gives
them, in any order, with literals in any lexical form that has the same value (the store normalises them). Parts of an offer are
fragments of its IRI, there are no blank nodes. schema.org terms are those of https://schema.org/version/latest; own terms are
declared in ``vocabulary.ttl``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pyoxigraph as ox

from ontology.iris import CONCEPTS, SCHEMA, TERMS, is_own, segment
from ontology.offer import (
    WEEKDAYS,
    Instance,
    Kind,
    Mode,
    Offer,
    Place,
    Provider,
    Schedule,
    Session,
    id_at_neighbour,
    iri_of,
)

__all__ = [
    "RUN_PROPERTIES",
    "NotAnOffer",
    "offer_from_triples",
    "offer_to_ntriples",
    "provider_from_triples",
    "provider_to_ntriples",
]

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_ZONE = ZoneInfo("Europe/Berlin")

_RUN_PROPERTY = {
    Kind.COURSE: "hasCourseInstance",
    Kind.PROGRAM: "hasCourseInstance",
    Kind.EVENT: "subEvent",
}  # other kinds: schema:event
RUN_PROPERTIES = frozenset(SCHEMA + name for name in (*_RUN_PROPERTY.values(), "event"))  # IRIs
_DAY_NAMES = dict(
    zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)
_DAY_CODES = {name: code for code, name in _DAY_NAMES.items()}

# field → (property, concept scheme)
_CONCEPT_FIELDS = {
    "topics": (SCHEMA + "about", "topics"),
    "phases": (TERMS + "phase", "phases"),
    "audience": (SCHEMA + "audience", "audience"),
    "level": (SCHEMA + "educationalLevel", "level"),
    "funding": (TERMS + "funding", "funding"),
}


class NotAnOffer(ValueError):
    """The triples do not describe an offer: no known type, or no name."""


# --- out ---------------------------------------------------------------------------------------------------------------------------

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
    return f'"{value}"^^<{_XSD}{datatype}>'


def _number(value: float) -> str:
    return _typed(repr(value), "double")


def _whole(value: int) -> str:
    return _typed(value, "integer")


def _truth(value: bool) -> str:
    return _typed("true" if value else "false", "boolean")


def _address(value: str) -> str:
    """A web address as an IRI; what is none stays a literal, so that nothing is lost and nothing can break out."""
    return f"<{value}>" if _SAFE_IRI.fullmatch(value) else f'"{_escaped(value)}"^^<{_XSD}anyURI>'


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
        self.add(subject, _RDF_TYPE, f"<{SCHEMA}{local_name}>")


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
    for field, (predicate, scheme) in _CONCEPT_FIELDS.items():
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
    out.add(offer, SCHEMA + _RUN_PROPERTY.get(kind, "event"), f"<{node}>")
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
        out.add(part, SCHEMA + "byDay", f"<{SCHEMA}{_DAY_NAMES[day]}>")
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


# --- in ----------------------------------------------------------------------------------------------------------------------------


class _Graph:
    """Triples by subject and property, with accessors that expect one value or many."""

    def __init__(self, triples: Iterable[ox.Triple | ox.Quad]) -> None:
        self._values: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._datatypes: dict[tuple[str, str], str] = {}
        for triple in triples:
            subject, predicate, obj = triple.subject, triple.predicate, triple.object
            if isinstance(subject, ox.NamedNode) and isinstance(obj, ox.NamedNode | ox.Literal):
                self._values[subject.value][predicate.value].append(obj.value)
                if isinstance(obj, ox.Literal):
                    self._datatypes[subject.value, predicate.value] = obj.datatype.value

    def all(self, subject: str, predicate: str) -> list[str]:
        return self._values[subject][predicate] if subject in self._values else []

    def one(self, subject: str, predicate: str) -> str | None:
        values = self.all(subject, predicate)
        return min(values) if values else None

    def moment(self, subject: str, predicate: str) -> dt.datetime | dt.date | None:
        value = self.one(subject, predicate)
        if value is None:
            return None
        if self._datatypes[subject, predicate] == _XSD + "date":
            return dt.date.fromisoformat(value)
        return _local(dt.datetime.fromisoformat(value))

    def truth(self, subject: str, predicate: str) -> bool | None:
        value = self.one(subject, predicate)
        return None if value is None else value in ("true", "1")

    def whole(self, subject: str, predicate: str) -> int | None:
        value = self.one(subject, predicate)
        return None if value is None else int(value)

    def number(self, subject: str, predicate: str) -> float | None:
        value = self.one(subject, predicate)
        return None if value is None else float(value)


def offer_from_triples(iri: str, triples: Iterable[ox.Triple | ox.Quad], source: str) -> Offer:
    """The offer that `offer_to_ntriples` wrote, provider included where its triples are among the given ones.

    With a neighbour as ``source`` it keeps ``iri`` and gets the id that it has here. Raises NotAnOffer.
    """
    graph = _Graph(triples)
    kinds = [Kind(t.removeprefix(SCHEMA)) for t in graph.all(iri, _RDF_TYPE) if t.removeprefix(SCHEMA) in set(Kind)]
    name = graph.one(iri, SCHEMA + "name")
    if not kinds or name is None:
        raise NotAnOffer(f"{iri} has no type of an offer or no name")
    kind = kinds[0]
    low, high = _ages(graph.one(iri, SCHEMA + "typicalAgeRange"))
    concepts = {
        field: tuple(value.removeprefix(f"{CONCEPTS}{scheme}/") for value in graph.all(iri, predicate))
        for field, (predicate, scheme) in _CONCEPT_FIELDS.items()
    }
    offer_id, own_iri = _named(iri, source, "angebot")
    return Offer(
        id=offer_id,
        iri=own_iri,
        source=source,
        identifier=graph.one(iri, SCHEMA + "identifier") or segment(iri),
        kind=kind,
        name=name,
        description=graph.one(iri, SCHEMA + "description"),
        provider=_read_provider(graph, graph.one(iri, SCHEMA + "provider"), source),
        url=graph.one(iri, SCHEMA + "url"),
        keywords=tuple(graph.all(iri, SCHEMA + "keywords")),
        in_language=tuple(graph.all(iri, SCHEMA + "inLanguage")),
        age_min=low,
        age_max=high,
        certificate=graph.truth(iri, TERMS + "certificate"),
        credential=graph.one(iri, SCHEMA + "educationalCredentialAwarded"),
        childcare=graph.truth(iri, TERMS + "childcare"),
        prerequisites=graph.one(iri, SCHEMA + "coursePrerequisites"),
        place=_read_place(graph, graph.one(iri, SCHEMA + "location")),
        instances=tuple(_read_instances(graph, iri, kind)),
        licence=graph.one(iri, SCHEMA + "license"),
        **concepts,
    ).canonical()


def provider_from_triples(iri: str, triples: Iterable[ox.Triple | ox.Quad], source: str = "") -> Provider | None:
    """The provider that `provider_to_ntriples` wrote; None where the triples do not name it. ``source`` as for an offer."""
    return _read_provider(_Graph(triples), iri, source)


def _local(moment: dt.datetime) -> dt.datetime:
    """As times are stated in an `Offer`, whatever offset others write."""
    return moment if moment.tzinfo is None else moment.astimezone(_ZONE).replace(tzinfo=None)


def _named(iri: str, source: str, kind: Literal["angebot", "anbieter"]) -> tuple[str, str | None]:
    """``id`` and ``iri`` of what ``source`` calls so."""
    return (segment(iri), None) if is_own(source) else (id_at_neighbour(source, iri, kind), iri)


def _ages(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    low, _, high = text.partition("-")
    return (int(low) if low else None, int(high) if high else None)


def _read_provider(graph: _Graph, iri: str | None, source: str) -> Provider | None:
    if iri is None:
        return None
    name = graph.one(iri, SCHEMA + "name")
    if name is None:
        return None
    provider_id, own_iri = _named(iri, source, "anbieter")
    return Provider(id=provider_id, name=name, url=graph.one(iri, SCHEMA + "url"), iri=own_iri)


def _read_instances(graph: _Graph, offer: str, kind: Kind) -> Iterator[Instance]:
    for node in graph.all(offer, SCHEMA + _RUN_PROPERTY.get(kind, "event")):
        mode = graph.one(node, SCHEMA + "courseMode")
        price = graph.one(node, SCHEMA + "offers") or ""
        amount = graph.one(price, SCHEMA + "price")
        yield Instance(
            number=node.rpartition("#termin-")[2],
            start=graph.moment(node, SCHEMA + "startDate"),
            end=graph.moment(node, SCHEMA + "endDate"),
            mode=None if mode is None else Mode(mode.rpartition("/")[2]),
            time_model=tuple(v.rpartition("/")[2] for v in graph.all(node, TERMS + "timeModel")),
            schedule=_read_schedule(graph, graph.one(node, SCHEMA + "courseSchedule")),
            sessions=tuple(_read_sessions(graph, node)),
            workload=graph.one(node, SCHEMA + "courseWorkload"),
            place=_read_place(graph, graph.one(node, SCHEMA + "location")),
            price=None if amount is None else Decimal(amount),
            price_note=graph.one(price, SCHEMA + "description"),
            url=graph.one(node, SCHEMA + "url"),
            seats=graph.whole(node, SCHEMA + "maximumAttendeeCapacity"),
            seats_left=graph.whole(node, SCHEMA + "remainingAttendeeCapacity"),
        )


def _read_sessions(graph: _Graph, node: str) -> Iterator[Session]:
    for part in graph.all(node, SCHEMA + "subEvent"):
        start = graph.moment(part, SCHEMA + "startDate")
        if start is not None:
            yield Session(start=start, end=graph.moment(part, SCHEMA + "endDate"))


def _read_schedule(graph: _Graph, node: str | None) -> Schedule | None:
    if node is None:
        return None
    start, end = graph.one(node, SCHEMA + "startTime"), graph.one(node, SCHEMA + "endTime")
    return Schedule(
        weekdays=tuple(_DAY_CODES[value.removeprefix(SCHEMA)] for value in graph.all(node, SCHEMA + "byDay")),
        start_time=None if start is None else dt.time.fromisoformat(start).replace(tzinfo=None),
        end_time=None if end is None else dt.time.fromisoformat(end).replace(tzinfo=None),
        meetings=graph.whole(node, SCHEMA + "repeatCount"),
    )


def _read_place(graph: _Graph, node: str | None) -> Place | None:
    if node is None:
        return None
    address = graph.one(node, SCHEMA + "address") or ""
    return Place(
        name=graph.one(node, SCHEMA + "name"),
        street=graph.one(address, SCHEMA + "streetAddress"),
        postal_code=graph.one(address, SCHEMA + "postalCode"),
        locality=graph.one(address, SCHEMA + "addressLocality"),
        ags=graph.one(node, TERMS + "municipalityKey"),
        latitude=graph.number(node, SCHEMA + "latitude"),
        longitude=graph.number(node, SCHEMA + "longitude"),
        wheelchair=graph.truth(node, TERMS + "wheelchair"),
    )
