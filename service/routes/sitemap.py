"""For search engines: which pages there are and when each last changed (https://www.sitemaps.org/protocol.html), and what not to read.

``/sitemap.xml`` is an index of parts: pages, providers, offers. What neighbours deliver is listed by them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from ontology.iris import RDF_TYPE, SCHEMA, graph_of_source, is_own, segment
from service.follower import Served
from service.problems import NotFound
from service.state import fresh, not_modified, service_of, tag_of
from service.vocabulary import Vocabulary

__all__ = ["MOST", "router"]

router = APIRouter(include_in_schema=False)
MOST = 50_000  # addresses in a part, as the protocol allows
_XML = "application/xml"
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_KINDS = ("seiten", "anbieter", "angebote")
_PAGES = ("/katalog", "/dumps", "/guete", "/docs", "/ns")
_TYPE = ox.NamedNode(RDF_TYPE)
_ORGANIZATION = ox.NamedNode(SCHEMA + "Organization")
_NOT_FOR_ROBOTS = (
    "/suche",
    "/suche.atom",
    "/api/search",
    "/sparql",
)  # every possible question is an address of its own


class Entry(NamedTuple):
    """``path`` follows the base; ``changed_at``: ISO time, None where none is known."""

    path: str
    changed_at: str | None


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """Pages of offers may be listed, every possible search may not."""
    service = service_of(request)
    rules = "".join(f"Disallow: {service.pages.root}{path}\n" for path in _NOT_FOR_ROBOTS)
    text = f"User-agent: *\n{rules}\nSitemap: {service.site.base}/sitemap.xml\n"
    return PlainTextResponse(text, headers={"Cache-Control": "public, max-age=3600"})


@router.get("/sitemap.xml")
async def index(request: Request) -> Response:
    """The parts, each with the time of the newest change in it."""
    return await _answer(request, _index)


@router.get("/sitemap/{kind}-{number}.xml")
async def part(request: Request, kind: str, number: int) -> Response:
    """One part; they are counted from 1."""
    if kind not in _KINDS or number < 1:
        raise NotFound("There is no such part of the site map.")
    return await _answer(request, lambda site: _part(site, kind, number))


class _Site(NamedTuple):
    base: str
    served: Served
    vocabulary: Vocabulary


async def _answer(request: Request, write: Callable[[_Site], str]) -> Response:
    service = service_of(request)
    with service.follower.use() as served:
        headers = fresh(tag_of(served, request.url.path, _XML), vary=False)
        found = not_modified(request, headers)
        if found is not None:
            return found
        xml = await asyncio.to_thread(write, _Site(service.site.base, served, request.app.state.vocabulary))
    return Response(xml, media_type=_XML, headers=headers)


def _entries(site: _Site, kind: str) -> Iterator[Entry]:
    """All of a kind, in an order that stays."""
    if kind == "seiten":
        yield Entry("/", site.served.snapshot.state.data_time)
        yield from (Entry(path, None) for path in _PAGES)
        for scheme in site.vocabulary.schemes.values():
            yield Entry(f"/ns/{scheme.name}.html", None)
            yield from (Entry(f"/ns/{scheme.name}/{notation}.html", None) for notation in scheme.concepts)
    elif kind == "anbieter":
        for provider, changed_at in sorted(_providers(site).items()):
            yield Entry(f"/anbieter/{quote(provider)}", changed_at)
    else:
        for offer, changed_at in site.served.snapshot.ledger.offer_ids():
            if (
                "~" not in offer
            ):  # which every id of a neighbour's offer has, and no other (docs/adr/0007-federation.md)
                yield Entry(f"/angebot/{quote(offer)}", changed_at)


def _providers(site: _Site) -> dict[str, str]:
    """By id of our own providers, when the data of their sources last changed."""
    found: dict[str, str] = {}
    for source, dates in site.served.snapshot.ledger.source_dates().items():
        if not is_own(source):
            continue
        graph = ox.NamedNode(graph_of_source(site.base, source))
        for quad in site.served.snapshot.store.quads_for_pattern(None, _TYPE, _ORGANIZATION, graph):
            if isinstance(quad.subject, ox.NamedNode):
                provider = segment(quad.subject.value)
                found[provider] = max(found.get(provider, ""), dates.modified)
    return found


def _parts(site: _Site, kind: str) -> Iterator[list[Entry]]:
    entries = _entries(site, kind)
    while found := list(islice(entries, MOST)):
        yield found


def _index(site: _Site) -> str:
    lines = []
    for kind in _KINDS:
        for number, entries in enumerate(_parts(site, kind), start=1):
            newest = max((entry.changed_at for entry in entries if entry.changed_at is not None), default=None)
            lines.append(_line("sitemap", site.base, Entry(f"/sitemap/{kind}-{number}.xml", newest)))
    return _document("sitemapindex", lines)


def _part(site: _Site, kind: str, number: int) -> str:
    entries = next(islice(_parts(site, kind), number - 1, None), None)
    if entries is None:
        raise NotFound("There is no such part of the site map.")
    return _document("urlset", [_line("url", site.base, entry) for entry in entries])


def _document(root: str, lines: Sequence[str]) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{"".join(lines)}</{root}>\n'


def _line(name: str, base: str, entry: Entry) -> str:
    changed = "" if entry.changed_at is None else f"<lastmod>{escape(entry.changed_at)}</lastmod>"
    return f"<{name}><loc>{escape(base + entry.path)}</loc>{changed}</{name}>\n"
