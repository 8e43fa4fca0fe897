"""A part of the dumps: some offers of one source in every form, counted and compressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

import msgspec

from catalogue.dumps.packing import Packed, pack
from catalogue.ledger import Ledger
from ontology.iris import graph_of_source, offer_iri
from ontology.offer import Offer, Place, Provider
from ontology.passing_on import may_be_passed_on
from ontology.profiles.csv import rows
from ontology.rdf import offer_and_places, place_statements
from ontology.rdf.forms import Written, written

__all__ = [
    "Batch",
    "Counts",
    "Forms",
    "Part",
    "PartMaker",
    "counts_of",
    "forms_of",
]

Providers = Mapping[str, Provider]

_HERE = "<\0>"  # stands for the IRI of a place; no text and no IRI holds this sign


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
        graph = graph_of_source(self._base, batch.source)
        about = [one for offer in passed for one in _about(offer, self._base, graph)]
        table = rows(passed, self._base)
        days = [str(day)[:10] for offer in passed for run in offer.instances for day in (run.start, run.end) if day]
        return Part(
            forms=forms_of(about) if about else None,
            table=pack(table.encode()),
            table_rows=sum(max(1, len(offer.instances)) for offer in passed),
            counts=counts_of(about),
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


def _about(offer: Offer, base: str, graph: str) -> Iterable[Written]:
    statements, places = offer_and_places(offer, base)
    yield written(statements, graph)
    for iri, place in places:
        yield _about_place(place, graph).with_name(_HERE, iri)


@lru_cache(maxsize=5000)  # 3 kB each
def _about_place(place: Place, graph: str) -> Written:
    """Without its IRI, for the same place is that of many offers."""
    return written(place_statements(_HERE, place), graph)


def forms_of(about: Sequence[Written]) -> Forms:
    """All this in every form; it is not empty."""
    return Forms(
        nquads=pack(b"".join([one.nquads for one in about])),
        turtle=pack(b"".join([one.turtle for one in about])),
        jsonld=pack(b",".join([one.jsonld for one in about])),
    )


def counts_of(about: Iterable[Written]) -> Counts:
    """Counts what all this says."""
    properties = Counter(chain.from_iterable(one.properties for one in about))
    classes = Counter(chain.from_iterable(one.classes for one in about))
    return Counts(_by_iri(properties), _by_iri(classes))


def _by_iri(terms: Counter[str]) -> Counter[str]:
    return Counter({term[1:-1]: number for term, number in terms.items()})
