"""``export``: the whole catalogue in one file."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyoxigraph as ox
import typer

from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ontology.iris import graph_of_source, is_own
from ontology.offer import Instance, Offer, iri_of
from service.commands.target import write_target

__all__ = ["run"]

_GRAPHS = {"trig": ox.RdfFormat.TRIG, "nquads": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD}
_PREFIXES = {
    "schema": "http://schema.org/",
    "bk": "https://w3id.org/bildungskatalog/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_COLUMNS = (
    *("iri", "quelle", "kennung", "art", "titel", "beschreibung", "anbieter", "webadresse", "schlagwoerter"),
    *("beginn", "ende", "lernform", "ort", "plz", "strasse", "gemeindeschluessel", "preis_euro", "preis_hinweis"),
)


def run(folder: Path, target_format: str, out: Path | None) -> None:
    """Writes own sources only, as RDF or as a table with one row for each date of each offer."""
    settings = read_settings(folder)
    base = settings.catalogue.base
    with Snapshot.open(folder) as snapshot:
        buffer = io.BytesIO()
        if target_format == "csv":
            _write_csv(snapshot, base, buffer)
        elif target_format == "turtle" or target_format in _GRAPHS:
            _write_rdf(snapshot, base, target_format, buffer)
        else:
            raise typer.BadParameter(
                f"„{target_format}“ gibt es nicht; möglich sind turtle, trig, nquads, jsonld, csv."
            )
    if out is None:
        sys.stdout.buffer.write(buffer.getvalue())
    else:
        write_target(out, buffer.getvalue())


def _quads(snapshot: Snapshot, base: str) -> Iterator[ox.Quad]:
    for run in snapshot.ledger.last_runs():
        if is_own(run.source):
            graph = ox.NamedNode(graph_of_source(base, run.source))
            yield from snapshot.store.quads_for_pattern(None, None, None, graph)


def _write_rdf(snapshot: Snapshot, base: str, target_format: str, out: BinaryIO) -> None:
    quads = _quads(snapshot, base)
    if target_format == "turtle":
        triples = (quad.triple for quad in quads)
        ox.serialize(triples, out, ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    else:
        ox.serialize(quads, out, _GRAPHS[target_format], prefixes=_PREFIXES)


def _write_csv(snapshot: Snapshot, base: str, out: BinaryIO) -> None:
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for offer in (offer for _, offer in snapshot.ledger.offers() if is_own(offer.source)):
        for instance in offer.instances or (Instance(),):
            writer.writerow(_guarded(value) for value in _row(offer, instance, base))
    text.detach()


def _row(offer: Offer, instance: Instance, base: str) -> tuple[object, ...]:
    place = instance.place or offer.place
    return (
        *(iri_of(offer, base), offer.source, offer.identifier, offer.kind.value, offer.name, offer.description),
        *(offer.provider.name if offer.provider else None, instance.url or offer.url, "; ".join(offer.keywords)),
        *(instance.start and instance.start.isoformat(), instance.end and instance.end.isoformat(), instance.mode),
        *((place.locality, place.postal_code, place.street, place.ags) if place else (None,) * 4),
        *(instance.price, instance.price_note),
    )


def _guarded(value: object) -> object:
    """A text that a spreadsheet would run as a formula is kept from it by an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
