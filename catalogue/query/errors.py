"""What a query of a stranger may meet with.

CatalogueError
└── QueryError                a German sentence and the HTTP status that says the same
    ├── QueryRefused          400  not a query, not read-only, too long or too nested
    ├── QueryNotAcceptable    406  no wanted format is there
    ├── QueryTooLarge         413  the answer, or what its evaluation needs, is over the limit
    └── QueryUnavailable      503  try later (``retry_after`` seconds)
        └── QueryTimeout      503  the evaluation took longer than it may
"""

from __future__ import annotations

from catalogue.errors import CatalogueError

__all__ = ["QueryError", "QueryNotAcceptable", "QueryRefused", "QueryTimeout", "QueryTooLarge", "QueryUnavailable"]


class QueryError(CatalogueError):
    """Base of everything that keeps a query from its answer."""

    status = 500


class QueryRefused(QueryError):
    """The query itself is at fault; asking it again will not help."""

    status = 400


class QueryNotAcceptable(QueryError):
    """None of the formats that the client takes can be written."""

    status = 406


class QueryTooLarge(QueryError):
    """The answer is larger, or needs more memory, than one query is given."""

    status = 413


class QueryUnavailable(QueryError):
    """No answer now. ``retry_after``: seconds until another try makes sense."""

    status = 503

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QueryTimeout(QueryUnavailable):
    """The evaluation was ended at its time limit."""
