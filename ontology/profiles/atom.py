"""The hits of a search as a feed (Atom, RFC 4287).

| of the offer | in the feed |
|---|---|
| IRI | id |
| name, description | title, summary: plain text; what a source writes never becomes markup |
| provider | author; the catalogue where none is stated |
| page and data | link: alternate as HTML and as JSON-LD |
| topics, phases | category: the concept's IRI without its last part is the scheme, the rest the term |
| the time of the last change | updated |
| dates, price, place, reasons of the search, and everything else | cannot be said in fields of its own |
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import NamedTuple

from ontology.iris import CONCEPTS
from ontology.offer import Offer, iri_of

__all__ = ["MEDIA", "Entry", "Feed", "feed_of"]

MEDIA = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_SUMMARY = 500  # characters
# XML 1.0, section 2.2: what no document may hold, not even escaped
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Entry(NamedTuple):
    """One hit. ``changed_at``: ISO time with an offset; ``page`` its address; ``labels`` of its concepts by their IRI."""

    offer: Offer
    changed_at: str
    page: str
    labels: Mapping[str, str]


class Feed(NamedTuple):
    """What is said of the whole: ``address`` of the feed, ``page`` of the search; ``updated`` is used where there are no entries."""

    title: str
    author: str
    address: str
    page: str
    updated: str
    entries: tuple[Entry, ...]


def feed_of(feed: Feed, base: str) -> bytes:
    """The feed as XML in UTF-8."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "de"})
    _texts(root, {"id": feed.address, "title": feed.title})
    ET.SubElement(root, "updated").text = max((entry.changed_at for entry in feed.entries), default=feed.updated)
    _texts(ET.SubElement(root, "author"), {"name": feed.author})
    _link(root, "self", MEDIA, feed.address)
    _link(root, "alternate", "text/html", feed.page)
    for entry in feed.entries:
        _add_entry(root, entry, base)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_entry(root: ET.Element, entry: Entry, base: str) -> None:
    offer, node = entry.offer, ET.SubElement(root, "entry")
    _texts(node, {"id": iri_of(offer, base), "title": offer.name, "updated": entry.changed_at})
    if offer.provider is not None:
        _texts(ET.SubElement(node, "author"), {"name": offer.provider.name})
    _link(node, "alternate", "text/html", entry.page)
    _link(node, "alternate", "application/ld+json", f"{entry.page}.jsonld")
    for scheme, notations in (("topics", offer.topics), ("phases", offer.phases)):
        for notation in notations:
            label = entry.labels.get(f"{CONCEPTS}{scheme}/{notation}", notation)
            category = {"term": notation, "scheme": f"{CONCEPTS}{scheme}", "label": _clean(label)}
            ET.SubElement(node, "category", category)
    if offer.description is not None:
        short = offer.description[:_SUMMARY]
        _texts(node, {"summary": short if short == offer.description else f"{short} …"})


def _texts(node: ET.Element, texts: Mapping[str, str]) -> None:
    """Text constructs without ``type`` are plain text (RFC 4287, section 3.1.1)."""
    for name, text in texts.items():
        ET.SubElement(node, name).text = _clean(text)


def _link(node: ET.Element, relation: str, media: str, address: str) -> None:
    ET.SubElement(node, "link", {"rel": relation, "type": media, "href": address})


def _clean(text: str) -> str:
    return _NO_XML.sub(" ", text)
