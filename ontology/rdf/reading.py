"""From triples to an offer or a provider."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import pyoxigraph as ox

from ontology.iris import CONCEPTS, RDF_TYPE, SCHEMA, TERMS, XSD, is_own, segment
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule, Session, id_at_neighbour
from ontology.rdf.terms import CONCEPT_FIELDS, DAY_NAMES, RUN_PROPERTY

__all__ = ["NotAnOffer", "offer_from_triples", "provider_from_triples"]

_ZONE = ZoneInfo("Europe/Berlin")
_DAY_CODES = {name: code for code, name in DAY_NAMES.items()}


class NotAnOffer(ValueError):
    """The triples do not describe an offer: no known type, or no name."""


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
        if self._datatypes[subject, predicate] == XSD + "date":
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
    kinds = [Kind(t.removeprefix(SCHEMA)) for t in graph.all(iri, RDF_TYPE) if t.removeprefix(SCHEMA) in set(Kind)]
    name = graph.one(iri, SCHEMA + "name")
    if not kinds or name is None:
        raise NotAnOffer(f"{iri} has no type of an offer or no name")
    kind = kinds[0]
    low, high = _ages(graph.one(iri, SCHEMA + "typicalAgeRange"))
    concepts = {
        field: tuple(value.removeprefix(f"{CONCEPTS}{scheme}/") for value in graph.all(iri, predicate))
        for field, (predicate, scheme) in CONCEPT_FIELDS.items()
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


def provider_from_triples(iri: str, triples: Iterable[ox.Triple | ox.Quad]) -> Provider | None:
    """The provider that `provider_to_ntriples` wrote; None where the triples do not name it."""
    return _read_provider(_Graph(triples), iri, "")  # no neighbour's: those come with their offers


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
    for node in graph.all(offer, SCHEMA + RUN_PROPERTY.get(kind, "event")):
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
