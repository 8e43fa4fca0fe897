"""The document at the feed's address: what kind of stream it is, and its pages with the times between which their events lie."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pyoxigraph as ox

from catalogue.feed.log import Feed
from catalogue.feed.text import address_of_feed, relation

__all__ = ["root_page"]


def root_page(feed: Feed, base: str) -> str:
    """As TriG. A reader that knows when it last looked needs only the pages whose bounds are later."""
    address, state = address_of_feed(base), feed.state
    parts = [_said(address)]
    for page in state.pages:
        node, name = feed.address(base, page.name), f"{address}#seite-{page.name}"
        parts.append(relation(address, f"{name}-ab", "GreaterThanOrEqualTo", node, page.begin))
        parts.append(relation(address, f"{name}-bis", "LessThanOrEqualTo", node, page.end))
    end = state.pages[-1].end if state.pages else 0
    name = f"{address}#seite-{state.newest}-ab"
    parts.append(relation(address, name, "GreaterThan", feed.address(base, state.newest), end))
    return "".join(parts)


@cache
def _said(address: str) -> str:
    document = files("catalogue.feed").joinpath("stream.ttl").read_bytes()
    return "".join(f"{quad.triple} .\n" for quad in ox.parse(document, ox.RdfFormat.TURTLE, base_iri=address))
