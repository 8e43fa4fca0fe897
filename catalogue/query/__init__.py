"""Queries of strangers (SPARQL 1.1, read-only), evaluated in worker processes that can be ended at any moment.

async with QueryPool(snapshot.rdf_path) as pool:
    answer = await pool.evaluate(Query("SELECT * { ?s ?p ?o } LIMIT 1", negotiate("text/csv")))
"""

from __future__ import annotations

from catalogue.query.errors import (
    QueryError,
    QueryNotAcceptable,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    QueryUnavailable,
)
from catalogue.query.formats import GRAPHS, RESULTS, Wanted, negotiate
from catalogue.query.pool import Answer, Query, QueryPool

__all__ = [
    "GRAPHS",
    "RESULTS",
    "Answer",
    "Query",
    "QueryError",
    "QueryNotAcceptable",
    "QueryPool",
    "QueryRefused",
    "QueryTimeout",
    "QueryTooLarge",
    "QueryUnavailable",
    "Wanted",
    "negotiate",
]
