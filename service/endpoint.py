"""The SPARQL endpoint as its routes see it: where it is, what it evaluates with, and over which graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from fastapi import Request

from catalogue.query.pool import QueryPool

__all__ = ["MAX_BODY", "Endpoint", "endpoint_of"]

MAX_BODY = 1_000_000  # bytes of a request


class Endpoint(NamedTuple):
    """``address`` is the public one, and the base of relative IRIs in queries; ``graphs`` names the graphs of this moment.

    ``union``: the default graph is the union of all graphs. It is, wherever the store has statements in named graphs only.
    """

    address: str
    queries: QueryPool
    graphs: Callable[[], Sequence[str]]
    union: bool = True


def endpoint_of(request: Request) -> Endpoint:
    """The endpoint that a request came to."""
    return cast("Endpoint", request.app.state.endpoint)
