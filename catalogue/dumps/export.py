"""The whole catalogue in one stream, unpacked: for the command line. The same writers as for the dumps, the memory of one batch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, Literal, get_args

from catalogue.dumps.own import about_providers, base_of, batches_of, own_dates, providers_of
from catalogue.dumps.parts import PartMaker
from catalogue.settings import Settings
from catalogue.snapshot import Snapshot
from ontology.iris import graph_of_source
from ontology.profiles.csv import header, rows
from ontology.rdf import Statement, offer_statements
from ontology.rdf.forms import TURTLE_HEADER, jsonld_of, nquads_of, turtle_of

__all__ = ["FORMATS", "Format", "export"]

Format = Literal["turtle", "trig", "nquads", "jsonld", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)


def export(snapshot: Snapshot, settings: Settings, form: Format, out: BinaryIO) -> None:
    """Writes all offers that may be passed on; without the vocabularies."""
    if form == "csv":
        out.write(header().encode())
        for name in own_dates(snapshot):
            maker = _maker(snapshot, settings, name)
            for batch in batches_of(snapshot, settings, name):
                out.write(rows(maker.passed_on(batch)[0], base_of(snapshot, settings)).encode())
        return
    out.write({"turtle": TURTLE_HEADER, "trig": TURTLE_HEADER, "jsonld": b"[", "nquads": b""}[form])
    before = b""
    for name in own_dates(snapshot):
        graph = graph_of_source(base_of(snapshot, settings), name)
        pieces = _statements(snapshot, settings, name)
        if form == "nquads":
            out.writelines(nquads_of(piece, graph) for piece in pieces)
        elif form == "turtle":
            out.writelines(turtle_of(piece) for piece in pieces)
        elif form == "trig":
            out.write(f"<{graph}> {{\n".encode())
            out.writelines(turtle_of(piece) for piece in pieces)
            out.write(b"}\n")
        else:
            out.write(before + f'{{"@id":{json.dumps(graph)},"@graph":['.encode())
            for number, piece in enumerate(pieces):
                out.write((b"," if number else b"") + jsonld_of(piece))
            out.write(b"]}")
            before = b","
    out.write(b"]\n" if form == "jsonld" else b"")


def _maker(snapshot: Snapshot, settings: Settings, source: str) -> PartMaker:
    base = base_of(snapshot, settings)
    return PartMaker(snapshot.ledger, base, {source: providers_of(snapshot, base, source)})


def _statements(snapshot: Snapshot, settings: Settings, source: str) -> Iterator[list[Statement]]:
    """A source's statements in pieces that are not empty: its offers batch by batch, then their providers."""
    base, maker = base_of(snapshot, settings), _maker(snapshot, settings, source)
    named: set[str] = set()
    for batch in batches_of(snapshot, settings, source):
        offers, _ = maker.passed_on(batch)
        if offers:
            yield [statement for offer in offers for statement in offer_statements(offer, base)]
        named.update(offer.provider.id for offer in offers if offer.provider is not None)
    if statements := about_providers(snapshot, base, source, named):
        yield statements
