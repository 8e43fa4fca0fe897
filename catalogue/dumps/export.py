"""The whole catalogue in one stream, unpacked: for the command line. The same writers as for the dumps, the memory of one batch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, Literal, get_args

from catalogue.dumps.own import about_providers, base_of, batches_of, own_dates, providers_of
from catalogue.dumps.parts import TURTLE_HEADER, PartMaker, in_graph, jsonld_of, parsed, turtle_of
from catalogue.settings import Settings
from catalogue.snapshot import Snapshot
from ontology.iris import graph_of_source
from ontology.profiles.csv import header, rows
from ontology.rdf import offer_to_ntriples

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
        texts = _texts(snapshot, settings, name)
        if form == "nquads":
            out.writelines(in_graph(text.encode(), graph) for text in texts)
        elif form == "turtle":
            out.writelines(turtle_of(parsed(text)) for text in texts)
        elif form == "trig":
            out.write(f"<{graph}> {{\n".encode())
            out.writelines(turtle_of(parsed(text)) for text in texts)
            out.write(b"}\n")
        else:
            out.write(before + f'{{"@id":{json.dumps(graph)},"@graph":['.encode())
            for number, text in enumerate(texts):
                out.write((b"," if number else b"") + jsonld_of(parsed(text)))
            out.write(b"]}")
            before = b","
    out.write(b"]\n" if form == "jsonld" else b"")


def _maker(snapshot: Snapshot, settings: Settings, source: str) -> PartMaker:
    base = base_of(snapshot, settings)
    return PartMaker(snapshot.ledger, base, {source: providers_of(snapshot, base, source)})


def _texts(snapshot: Snapshot, settings: Settings, source: str) -> Iterator[str]:
    """A source's statements as N-Triples, none of the texts empty: its offers batch by batch, then their providers."""
    base, maker = base_of(snapshot, settings), _maker(snapshot, settings, source)
    named: set[str] = set()
    for batch in batches_of(snapshot, settings, source):
        offers, _ = maker.passed_on(batch)
        if offers:
            yield "".join(offer_to_ntriples(offer, base) for offer in offers)
        named.update(offer.provider.id for offer in offers if offer.provider is not None)
    if lines := about_providers(snapshot, base, source, named):
        yield "".join(lines)
