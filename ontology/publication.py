"""The ontology as the catalogue publishes it: our own terms and every concept scheme in one graph."""

from __future__ import annotations

from importlib.resources import files

import pyoxigraph as ox

from ontology.concepts import SCHEMES

__all__ = ["ontology_ntriples"]


def ontology_ntriples() -> str:
    """N-Triples text, sorted, so that the same files always give the same text."""
    folder = files("ontology")
    documents = [folder.joinpath("vocabulary.ttl"), *(folder.joinpath("schemes", f"{name}.ttl") for name in SCHEMES)]
    triples = {
        str(ox.Triple(quad.subject, quad.predicate, quad.object))
        for document in documents
        for quad in ox.parse(document.read_bytes(), ox.RdfFormat.TURTLE)
    }
    return "".join(f"{triple} .\n" for triple in sorted(triples))
