"""Queries of strangers (SPARQL 1.1, read-only), evaluated in worker processes that can be ended at any moment.

async with QueryPool(snapshot.rdf_path) as pool:
    answer = await pool.evaluate(Query("SELECT * { ?s ?p ?o } LIMIT 1", negotiate("text/csv")))

`QueryPool`, `Query` and `Answer` are in `catalogue.query.pool`: a worker imports this package as well, and asyncio would double the time
that it takes to start.
"""

from __future__ import annotations

from catalogue.query.accept import choose
from catalogue.query.errors import (
    QueryError,
    QueryNotAcceptable,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    QueryUnavailable,
)
from catalogue.query.formats import GRAPHS, RESULTS, Wanted, negotiate

__all__ = [
    "GRAPHS",
    "RESULTS",
    "QueryError",
    "QueryNotAcceptable",
    "QueryRefused",
    "QueryTimeout",
    "QueryTooLarge",
    "QueryUnavailable",
    "Wanted",
    "choose",
    "negotiate",
]
