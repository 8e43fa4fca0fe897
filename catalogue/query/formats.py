"""In which forms answers can be written, and which of them a client wants."""

from __future__ import annotations

from typing import NamedTuple

from catalogue.query.accept import choose
from catalogue.query.errors import QueryNotAcceptable

__all__ = ["GRAPHS", "RESULTS", "Wanted", "negotiate"]

# first the default; what a client may write for it → what the answer is called
RESULTS = {
    "application/sparql-results+json": "application/sparql-results+json",
    "application/json": "application/json",
    "application/sparql-results+xml": "application/sparql-results+xml",
    "application/xml": "application/xml",
    "text/csv": "text/csv; charset=utf-8",
    "text/tab-separated-values": "text/tab-separated-values; charset=utf-8",
}
GRAPHS = {
    "text/turtle": "text/turtle; charset=utf-8",
    "application/n-triples": "application/n-triples",
    "application/ld+json": "application/ld+json",
    "application/rdf+xml": "application/rdf+xml",
    "application/json": "application/json",  # JSON-LD
}


class Wanted(NamedTuple):
    """Media types for the two kinds of answers; which one is needed only the evaluation shows. None: no such answer is taken."""

    results: str | None = "application/sparql-results+json"
    graph: str | None = "text/turtle"


def negotiate(accept: str | None) -> Wanted:
    """What an Accept header asks for. Raises QueryNotAcceptable where it takes neither kind."""
    wanted = Wanted(choose(accept, tuple(RESULTS)), choose(accept, tuple(GRAPHS)))
    if wanted == (None, None):
        offered = ", ".join(dict.fromkeys([*RESULTS, *GRAPHS]))
        raise QueryNotAcceptable(f"Keines der gewünschten Formate ist möglich. Angeboten werden: {offered}")
    return wanted
