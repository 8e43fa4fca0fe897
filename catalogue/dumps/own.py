"""What a catalogue may pass on: the offers of its own sources, and their providers as the store has them now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pyoxigraph as ox

from catalogue.dumps.parts import Batch, Providers
from catalogue.ledger import SourceDates
from catalogue.snapshot import Snapshot, describe
from ontology.iris import RDF_TYPE, SCHEMA, graph_of_source, is_own, provider_iri, segment
from ontology.rdf import Statement, provider_from_triples

if TYPE_CHECKING:  # the processes that make the parts have no use for it, and it takes half of their start
    from catalogue.settings import Settings

__all__ = ["about_providers", "base_of", "batches_of", "own_dates", "providers_of"]

_BATCH = 500  # offers, about a megabyte of N-Quads
_TYPE = ox.NamedNode(RDF_TYPE)
_ORGANIZATION = ox.NamedNode(SCHEMA + "Organization")


def base_of(snapshot: Snapshot, settings: Settings) -> str:
    """With what the snapshot's IRIs begin."""
    return snapshot.state.base or settings.catalogue.base


def own_dates(snapshot: Snapshot) -> dict[str, SourceDates]:
    """The dates of every own source that has ever delivered an offer, by name."""
    return {name: dates for name, dates in snapshot.ledger.source_dates().items() if is_own(name)}


def batches_of(snapshot: Snapshot, settings: Settings, source: str) -> Iterator[Batch]:
    """The offers of a source in handy pieces, in order of row."""
    rows = snapshot.ledger.rows_of(source)
    licence = settings.licence_of(source)
    for start in range(0, len(rows), _BATCH):
        yield Batch(source, tuple(rows[start : start + _BATCH]), licence)


def providers_of(snapshot: Snapshot, base: str, source: str) -> Providers:
    """The providers that a source describes, by id."""
    graph = ox.NamedNode(graph_of_source(base, source))
    found = {}
    for quad in snapshot.store.quads_for_pattern(None, _TYPE, _ORGANIZATION, graph):
        if isinstance(quad.subject, ox.NamedNode):
            provider = provider_from_triples(quad.subject.value, describe(snapshot.store, quad.subject, graph))
            if provider is not None:
                found[segment(quad.subject.value)] = provider
    return found


def about_providers(snapshot: Snapshot, base: str, source: str, ids: Iterable[str]) -> list[Statement]:
    """What a source says about these providers, sorted."""
    graph = ox.NamedNode(graph_of_source(base, source))
    named = (ox.NamedNode(provider_iri(base, provider)) for provider in ids)
    triples = (quad.triple for iri in named for quad in describe(snapshot.store, iri, graph))
    return sorted((str(triple.subject), str(triple.predicate), str(triple.object)) for triple in triples)
