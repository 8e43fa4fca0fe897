"""The two-way mapping between an `Offer` and RDF.

Out (`writing`): statements, and N-Triples text (fast to make, and ``bulk_load`` reads it faster than any object interface); `forms`
writes statements as N-Quads, Turtle and JSON-LD for the dumps. In (`reading`): triples as pyoxigraph gives them, in any order, with
literals in any lexical form that has the same value (the store normalises them). Parts of an offer are fragments of its IRI, there are
no blank nodes. schema.org terms are those of https://schema.org/version/latest; own terms are declared in ``vocabulary.ttl``. A new
field is written in the one and read in the other; tests/ontology/test_rdf.py finds what comes back other than it went.
"""

from __future__ import annotations

from ontology.rdf.reading import NotAnOffer, offer_from_triples, provider_from_triples
from ontology.rdf.terms import RUN_PROPERTIES, Statement
from ontology.rdf.writing import (
    offer_and_places,
    offer_statements,
    offer_to_ntriples,
    place_statements,
    provider_to_ntriples,
)

__all__ = [
    "RUN_PROPERTIES",
    "NotAnOffer",
    "Statement",
    "offer_and_places",
    "offer_from_triples",
    "offer_statements",
    "offer_to_ntriples",
    "place_statements",
    "provider_from_triples",
    "provider_to_ntriples",
]
