"""Neighbours without a feed: everything that they have, from a dump or from the schema.org data of their pages.

What is gone can only be seen where everything was read, so whoever follows a neighbour like this is told so.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml
import msgspec
import pyoxigraph as ox
from defusedxml import ElementTree

from catalogue.ledger import Note
from catalogue.snapshot import describe
from ingest.neighbours import loader
from ingest.neighbours.client import NeighbourClient, NeighbourRefused, origin_of
from ingest.neighbours.plausible import MOST_STATEMENTS
from ingest.neighbours.takeover import Change, change_to, offer_of
from ingest.records import Found, ReaderContext, Refused, SourceRefused
from ingest.sources.schemaorg.reader import read as read_schemaorg
from ontology.iris import SCHEMA
from ontology.offer import Kind, Offer, id_at_neighbour

__all__ = ["Page", "dump_changes", "page_changes", "site_map"]

_MOST_OF_A_DUMP = 2_000_000_000  # bytes on the wire
_MOST_OF_JSON = 100_000_000  # which is read in one piece, and in this process
_MOST_UNPACKED = 10_000_000_000
_MOST_STORED = 10_000_000_000  # on disk; ours of 100,000 offers takes about one
_SHARE_OF_DISK = 4  # of what is free a dump may take one part of so many, packed, and another one in the store
_MEMORY = 4_000_000_000
_SECONDS = 3600
_ACCEPT = "application/n-quads, application/n-triples, application/trig, text/turtle;q=0.9, application/ld+json;q=0.8, */*;q=0.1"
_MEDIA = {
    ".nq": "application/n-quads",
    ".nt": "application/n-triples",
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".rdf": "application/rdf+xml",
}
_JSON = (".jsonld", ".json")
_RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
_MOST_PAGES = 50_000


class Page(msgspec.Struct, frozen=True):
    """One address of a site map; ``changed`` as it says, the end of a day that has no time, None where it says nothing."""

    address: str
    changed: dt.datetime | None


def dump_changes(
    client: NeighbourClient, address: str, etag: str | None, source: str, folder: Path
) -> tuple[str | None, Iterator[Change | Note]] | None:
    """ETag and everything that the dump says; None where it is unchanged. Raises NeighbourRefused, NeighbourBusy.

    The dump is downloaded into the empty ``folder`` and loaded before the first change is yielded.
    """
    path = folder / (Path(urlsplit(address).path).name or "dump")
    suffix = Path(path.name.removesuffix(".gz")).suffix
    free = shutil.disk_usage(folder).free // _SHARE_OF_DISK
    most = min(free, _MOST_OF_JSON if suffix in _JSON else _MOST_OF_A_DUMP)
    with path.open("wb") as target:
        answer = client.download(address, _ACCEPT, target, most, etag)
    if answer.unchanged:
        return None
    if suffix in _JSON:
        return answer.etag, _read_json(path, answer.url, source)
    _load(path, _MEDIA.get(suffix, answer.media), answer.url, folder / "store", min(free, _MOST_STORED))
    return answer.etag, _stored(folder / "store", _root_of(address), source)


def _load(path: Path, media: str, address: str, store: Path, most_stored: int) -> None:
    if ox.RdfFormat.from_media_type(media) is None:
        raise NeighbourRefused(f"{address} ist kein RDF, sondern „{media[:80]}“.")
    limits = (_MOST_UNPACKED, most_stored, _MEMORY, _SECONDS)
    command = [sys.executable, "-I", loader.__file__, path, media, address, store, *limits]
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            list(map(str, command)), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NeighbourRefused(f"{address} braucht zu lange zum Lesen.") from None
    if done.returncode != 0:
        raise NeighbourRefused(f"{address} ist kein lesbares RDF: {done.stderr.strip()[-200:]}")


def _stored(path: Path, base: str, source: str) -> Iterator[Change | Note]:
    store = ox.Store.read_only(str(path))
    for kind in Kind:
        for quad in store.quads_for_pattern(None, _RDF_TYPE, ox.NamedNode(SCHEMA + kind)):
            if isinstance(quad.subject, ox.NamedNode):
                yield change_to(
                    quad.subject.value, quad.subject.value, base, partial(_described, store, quad.subject, source)
                )
            else:
                yield Note(True, str(quad.subject)[:200], "Ein Angebot ohne Adresse kann nicht verfolgt werden")


def _described(store: ox.Store, iri: ox.NamedNode, source: str) -> Offer:
    """Raises NeighbourRefused; of what is said without end no more is read than shows it."""
    quads = list(islice(describe(store, iri, None), MOST_STATEMENTS + 1))
    named = [quad.object for quad in quads if quad.subject == iri and quad.predicate.value == SCHEMA + "provider"]
    providers = [provider.value for provider in named if isinstance(provider, ox.NamedNode)]
    if providers:  # of several the one that is read
        quads += islice(describe(store, ox.NamedNode(min(providers)), None), MOST_STATEMENTS + 1)
    return offer_of(iri.value, quads, source)


def site_map(client: NeighbourClient, address: str) -> Sequence[Page]:
    """All pages that a site map, or an index of such, names at the neighbour's own origin (https://www.sitemaps.org/protocol.html).

    Raises NeighbourRefused, NeighbourBusy.
    """
    pages: dict[str, Page] = {}
    waiting, seen = [address], {address}
    while waiting:
        root = _xml(client.get(waiting.pop(), "application/xml, text/xml;q=0.9").body, address)
        for entry in root:
            where = (entry.findtext(f"{_SITEMAP}loc") or "").strip()
            if not _is_at(where, address):
                continue
            if entry.tag == f"{_SITEMAP}sitemap" and where not in seen:
                seen.add(where)
                waiting.append(where)
            elif entry.tag == f"{_SITEMAP}url":
                pages[where] = Page(where, _moment(entry.findtext(f"{_SITEMAP}lastmod")))
        if len(pages) > _MOST_PAGES:
            raise NeighbourRefused(f"{address} nennt mehr als {_MOST_PAGES} Seiten.")
    return list(pages.values())


def page_changes(client: NeighbourClient, address: str, source: str) -> Iterator[Change | Note]:
    """What the schema.org data in one page say; nothing where there are none. Raises NeighbourRefused, NeighbourBusy."""
    page = client.get(address, "text/html, application/ld+json;q=0.9")
    with tempfile.TemporaryDirectory(prefix="bildungskatalog-") as folder:
        path = Path(folder, "page")
        path.write_bytes(page.body)
        with suppress(SourceRefused):  # a page without an offer, such as an imprint
            yield from _records(path, address, source)


def _read_json(path: Path, address: str, source: str) -> Iterator[Change | Note]:
    """All of a dump. Raises NeighbourRefused where it is none: nothing may be concluded from what is not in it."""
    try:
        yield from _records(path, address, source)
    except SourceRefused as reason:
        raise NeighbourRefused(f"{address} ist kein lesbarer Gesamtabzug: {str(reason)[:200]}.") from None


def _records(path: Path, address: str, source: str) -> Iterator[Change | Note]:
    """Raises SourceRefused."""
    nameless = 0
    for record in read_schemaorg(path, ReaderContext(source="nachbar")):
        if isinstance(record, Refused):
            named = record.identifier or ""
            is_own = _is_at(named, address)
            yield Change(iri=named, refused=record.reason) if is_own else Note(True, address[:200], record.reason)
        elif isinstance(record, Found):
            iri = record.offer.identifier
            if not _is_at(iri, address):  # it has no address of its own: that of its page, and then a number
                nameless += 1
                iri = address if nameless == 1 else f"{address}{'&' if '?' in address else '?'}angebot={nameless}"
            yield change_to(iri, address, _root_of(address), partial(_named, record.offer, iri, address, source))


def _named(offer: Offer, iri: str, address: str, source: str) -> Offer:
    provider = offer.provider
    if provider is not None:
        about = f"{_root_of(address)}/#{provider.id}"
        provider = msgspec.structs.replace(provider, id=id_at_neighbour(source, about, "anbieter"), iri=about)
    return msgspec.structs.replace(
        offer, id=id_at_neighbour(source, iri), source=source, iri=iri, provider=provider, url=offer.url or address
    )


def _root_of(address: str) -> str:
    """With what the addresses of a site begin, as they are written: `origin_of` also says a port that nobody writes."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def _is_at(where: str, address: str) -> bool:
    """Whether an address is of the same origin."""
    try:
        return origin_of(where) == origin_of(address)
    except NeighbourRefused:
        return False


def _xml(body: bytes, address: str) -> Element:
    try:
        root: Element = ElementTree.fromstring(body)
    except (ParseError, defusedxml.DefusedXmlException):
        raise NeighbourRefused(f"{address} ist kein lesbares XML.") from None
    return root


def _moment(text: str | None) -> dt.datetime | None:
    said = (text or "").strip()
    try:
        # a page may change again on the day on which it was read
        moment = dt.datetime.fromisoformat(said) + dt.timedelta(days="T" not in said)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
