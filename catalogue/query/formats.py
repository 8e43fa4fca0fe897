"""In which forms answers can be written, and which of them a client wants (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from typing import NamedTuple

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
}


class Wanted(NamedTuple):
    """Media types for the two kinds of answers; which one is needed only the evaluation shows. None: no such answer is taken."""

    results: str | None = "application/sparql-results+json"
    graph: str | None = "text/turtle"


def negotiate(accept: str) -> Wanted:
    """What an Accept header asks for. Raises QueryNotAcceptable where it takes neither kind."""
    weights = dict(_weights(accept)) or {"*/*": 1.0}
    wanted = Wanted(_best(list(RESULTS), weights), _best(list(GRAPHS), weights))
    if wanted == (None, None):
        raise QueryNotAcceptable(
            f"Keines der gewünschten Formate ist möglich. Angeboten werden: {', '.join([*RESULTS, *GRAPHS])}"
        )
    return wanted


def _weights(accept: str) -> list[tuple[str, float]]:
    found = []
    for part in accept.split(","):
        media_type, *parameters = (item.strip().lower() for item in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if media_type:
            found.append((media_type, quality))
    return found


def _best(offered: list[str], weights: dict[str, float]) -> str | None:
    def weight(media_type: str) -> float:
        group = media_type.partition("/")[0]
        return weights.get(media_type, weights.get(f"{group}/*", weights.get("*/*", 0.0)))

    best = max(offered, key=weight)  # the first of equals
    return best if weight(best) > 0 else None
