"""What the service says of itself to machines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from urllib.parse import quote

import pyoxigraph as ox
from fastapi import Response

from ontology.iris import RDF_TYPE, TERMS, XSD
from service.endpoint import MAX_BODY, Endpoint
from service.negotiation import DataForm

__all__ = ["service_description"]

_PREFIXES = {
    "bk": TERMS,
    "dcterms": "http://purl.org/dc/terms/",
    "formats": "http://www.w3.org/ns/formats/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
}
_DECIMAL = ox.NamedNode(XSD + "decimal")
_A = ox.NamedNode(RDF_TYPE)


def service_description(endpoint: Endpoint, form: DataForm) -> Response:
    """SPARQL 1.1 Service Description (https://www.w3.org/TR/sparql11-service-description/): formats, graphs and limits."""
    body = ox.serialize(_statements(endpoint), format=form.rdf_format, prefixes=_PREFIXES)
    return Response(body, headers={"Content-Type": form.content_type, "Vary": "Accept", "Cache-Control": "no-cache"})


def _statements(endpoint: Endpoint) -> Iterator[ox.Triple]:
    service = ox.NamedNode(endpoint.address)
    for quad in ox.parse(_unchanging(), ox.RdfFormat.TURTLE, base_iri=endpoint.address):
        yield quad.triple
    if endpoint.union:
        yield ox.Triple(service, _sd("feature"), _sd("UnionDefaultGraph"))
    limits = endpoint.queries.limits
    for name, value in (
        ("maxSeconds", ox.Literal(str(limits.seconds), datatype=_DECIMAL)),
        ("maxAnswerRows", ox.Literal(limits.answer_rows)),
        ("maxAnswerBytes", ox.Literal(limits.answer_bytes)),
        ("maxMemoryBytes", ox.Literal(limits.memory_bytes)),
        ("maxQueryCharacters", ox.Literal(limits.query_characters)),
        ("maxRequestBytes", ox.Literal(MAX_BODY)),
    ):
        yield ox.Triple(service, ox.NamedNode(TERMS + name), value)
    dataset = ox.NamedNode(f"{endpoint.address}#dataset")
    for iri in endpoint.graphs():
        graph = ox.NamedNode(f"{endpoint.address}#{quote(iri, safe='')}")
        yield ox.Triple(dataset, _sd("namedGraph"), graph)
        yield ox.Triple(graph, _A, _sd("NamedGraph"))
        yield ox.Triple(graph, _sd("name"), ox.NamedNode(iri))


def _sd(name: str) -> ox.NamedNode:
    return ox.NamedNode(_PREFIXES["sd"] + name)


@cache
def _unchanging() -> bytes:
    return files("service.routes").joinpath("sparql.ttl").read_bytes()
