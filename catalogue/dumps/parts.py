"""A part of the dumps: some offers of one source in every form, counted and compressed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import pyoxigraph as ox

from catalogue.dumps.packing import Packed, pack
from catalogue.ledger import Ledger
from ontology.iris import CONCEPTS, SCHEMA, TERMS, graph_of_source, offer_iri
from ontology.offer import Offer, Provider
from ontology.passing_on import may_be_passed_on
from ontology.profiles.csv import rows
from ontology.rdf import offer_to_ntriples

__all__ = [
    "TURTLE_HEADER",
    "Batch",
    "Counts",
    "Forms",
    "Part",
    "PartMaker",
    "count_statements",
    "forms_of",
    "in_graph",
    "jsonld_of",
    "parsed",
    "turtle_of",
]

Providers = Mapping[str, Provider]

# of lines as our mapping and the store write them; no text holds an end of line
_PROPERTY = re.compile(r"<[^>]*> <([^>]*)> [^\n]*\n")
_CLASS = re.compile(r"<http://www\.w3\.org/1999/02/22-rdf-syntax-ns#type> <([^>]*)> \.\n")
_PREFIXES = {
    "bk": TERMS,
    "level": CONCEPTS + "level/",
    "mode": CONCEPTS + "mode/",
    "phases": CONCEPTS + "phases/",
    "schema": SCHEMA,
    "topics": CONCEPTS + "topics/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


class Counts(msgspec.Struct):
    """Statements by property, things by class (both by IRI)."""

    properties: Counter[str] = msgspec.field(default_factory=Counter)
    classes: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, more: Counts) -> None:
        """Adds what was counted elsewhere."""
        self.properties.update(more.properties)
        self.classes.update(more.classes)

    @property
    def statements(self) -> int:
        """All statements."""
        return self.properties.total()


class Forms(msgspec.Struct, frozen=True):
    """The same statements as N-Quads, as Turtle without its prefixes and as the nodes of a JSON-LD array without its brackets."""

    nquads: Packed
    turtle: Packed
    jsonld: Packed


class Batch(msgspec.Struct, frozen=True):
    """Which offers: rows of one source in the ledger. ``licence`` is what katalog.toml says for those that have none of their own."""

    source: str
    rows: tuple[int, ...]
    licence: str | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a batch. ``forms`` and ``example`` are None where no offer of it may be passed on; days are ISO dates."""

    forms: Forms | None
    table: Packed
    table_rows: int
    counts: Counts
    ids: tuple[str, ...]
    withheld: int
    providers: frozenset[str]
    example: str | None
    first_day: str | None
    last_day: str | None


class PartMaker:
    """Makes parts of the dumps of one snapshot. ``providers`` by source and id, as the store has them now."""

    def __init__(self, ledger: Ledger, base: str, providers: Mapping[str, Providers]) -> None:
        self._ledger, self._base, self._providers = ledger, base, providers

    def make(self, batch: Batch) -> Part:
        """One part (20 ms for 200 offers)."""
        passed, withheld = self.passed_on(batch)
        text = "".join(offer_to_ntriples(offer, self._base) for offer in passed)
        table = rows(passed, self._base)
        days = [str(day)[:10] for offer in passed for run in offer.instances for day in (run.start, run.end) if day]
        return Part(
            forms=forms_of(text, graph_of_source(self._base, batch.source)) if text else None,
            table=pack(table.encode()),
            table_rows=sum(max(1, len(offer.instances)) for offer in passed),
            counts=count_statements(text),
            ids=tuple(offer.id for offer in passed),
            withheld=withheld,
            providers=frozenset(offer.provider.id for offer in passed if offer.provider is not None),
            example=offer_iri(self._base, passed[0].id) if passed else None,
            first_day=min(days, default=None),
            last_day=max(days, default=None),
        )

    def passed_on(self, batch: Batch) -> tuple[list[Offer], int]:
        """The offers that may be passed on, and the number of the others."""
        providers = self._providers.get(batch.source, {})
        offers = self._ledger.offers_at(batch.rows).values()
        passed = [_with_provider(offer, providers) for offer in offers if may_be_passed_on(offer, batch.licence)]
        return passed, len(offers) - len(passed)


def _with_provider(offer: Offer, providers: Providers) -> Offer:
    """An offer that did not change is kept in the ledger with what its provider was called then."""
    now = None if offer.provider is None else providers.get(offer.provider.id)
    return offer if now is None or now == offer.provider else msgspec.structs.replace(offer, provider=now)


def forms_of(ntriples: str, graph: str) -> Forms:
    """Statements in every form; ``ntriples`` is not empty and has ``\\n`` only at the ends of lines."""
    quads = parsed(ntriples)
    return Forms(
        nquads=pack(in_graph(ntriples.encode(), graph)),
        turtle=pack(turtle_of(quads)),
        jsonld=pack(jsonld_of(quads)),
    )


def parsed(ntriples: str) -> list[ox.Quad]:
    """The statements of our own text: so the parser need not doubt them, which is a third faster."""
    return list(ox.parse(ntriples.encode(), ox.RdfFormat.N_TRIPLES, lenient=True))


def turtle_of(quads: Sequence[ox.Quad]) -> bytes:
    """As Turtle, to be preceded by `TURTLE_HEADER`."""
    return _turtle(quads).removeprefix(TURTLE_HEADER)


def jsonld_of(quads: Sequence[ox.Quad]) -> bytes:
    """As nodes of JSON-LD, to be put into an array."""
    return _serialized(quads, ox.RdfFormat.JSON_LD)[1:-1]


def in_graph(ntriples: bytes, graph: str) -> bytes:
    """N-Triples as N-Quads."""
    return ntriples.replace(b" .\n", f" <{graph}> .\n".encode())


def _turtle(quads: Iterable[ox.Quad]) -> bytes:
    return _serialized(quads, ox.RdfFormat.TURTLE, prefixes=_PREFIXES)


def _serialized(quads: Iterable[ox.Quad], form: ox.RdfFormat, prefixes: dict[str, str] | None = None) -> bytes:
    written = ox.serialize(quads, format=form, prefixes=prefixes)
    assert written is not None
    return written


_ANYTHING = ox.NamedNode("urn:x")
# the prefixes are written before the first statement, and not at all where there is none
TURTLE_HEADER = _turtle([ox.Quad(_ANYTHING, _ANYTHING, _ANYTHING)]).removesuffix(b"<urn:x> <urn:x> <urn:x> .\n")


def count_statements(ntriples: str) -> Counts:
    """Counts what the lines of an N-Triples text say."""
    return Counts(Counter(_PROPERTY.findall(ntriples)), Counter(_CLASS.findall(ntriples)))
