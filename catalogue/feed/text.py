"""How events and pages are written, and read again: TriG that consists of N-Triples lines.

Terms: Linked Data Event Streams 1.0, TREE, Activity Streams 2.0 in the pattern of DCAT-AP Feeds. There are no blank nodes, and nothing
is said of an event but its type, as:object and as:published: the pattern's shape is closed. Its position is part of its IRI.

The IRIs of events and the addresses of full pages end with a digest of what they hold. A catalogue that is restored from an old copy
does not know what it told afterwards and uses positions again, and so nothing that it tells then has a name that stood for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

__all__ = [
    "Event",
    "EventKind",
    "address_of_event",
    "address_of_feed",
    "address_of_page",
    "events_in",
    "full_page",
    "page_head",
    "paragraph",
    "relation",
    "time_of",
]

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_AS = "https://www.w3.org/ns/activitystreams#"
_TREE = "https://w3id.org/tree#"
_LDES = "https://w3id.org/ldes#"
_DATASET = "http://www.w3.org/ns/dcat#Dataset"


class EventKind(StrEnum):
    """The class of an activity; the value is the local name of its Activity Streams class."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class Event(NamedTuple):
    """One paragraph of a page. ``name`` is the last segment of its IRI, position and digest; ``published`` in milliseconds since 1970;
    ``text`` is the paragraph without the empty line after it.
    """

    name: str
    position: int
    kind: EventKind
    about: str
    published: int
    text: str


def address_of_feed(base: str) -> str:
    """The feed's address, which is also the IRI of the root of its pages; the stream itself is its fragment ``#strom``."""
    return f"{base}/feed"


def address_of_page(base: str, epoch: str, name: str) -> str:
    """The address of a page, its IRI."""
    return f"{address_of_feed(base)}/{epoch}/{name}"


def address_of_event(base: str, name: str) -> str:
    """The IRI of an event."""
    return f"{address_of_feed(base)}/ereignis/{name}"


def _with_digest(name: str, content: str) -> str:
    """A name that stands for this content only."""
    return f"{name}-{sha256(content.encode()).hexdigest()[:16]}"


def time_of(milliseconds: int) -> str:
    """As xsd:dateTime in UTC, always with three digits for the parts of a second."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def paragraph(base: str, position: int, kind: EventKind, about: str, published: int, payload: str) -> str:
    """An event with the statements of its payload in the graph that is named after it.

    The pattern knows only DCAT's classes as objects of a change, and its shape asks for one of them where the event is described, so what
    the event is about is called a dataset there; the payload does not say so.
    """
    said = f"{kind} {about} {published}\n{payload}"
    event = address_of_event(base, _with_digest(str(position), said))
    about_dataset = f"<{about}> <{_RDF_TYPE}> <{_DATASET}> .\n"
    return (
        f"<{address_of_feed(base)}#strom> <{_TREE}member> <{event}> .\n"
        f"<{event}> <{_RDF_TYPE}> <{_AS}{kind}> .\n"
        f"<{event}> <{_AS}object> <{about}> .\n"
        f'<{event}> <{_AS}published> "{time_of(published)}"^^<{_XSD}dateTime> .\n'
        + (f"{about_dataset}<{event}> {{\n{payload}}}\n" if payload else "")
    )


_EVENT = re.compile(
    rf"<[^>]*> <{re.escape(_TREE)}member> <[^>]*/(?P<name>(?P<position>\d+)[^/>]*)> \.\n"
    rf"<[^>]*> <{_RDF_TYPE}> <{re.escape(_AS)}(?P<kind>\w+)> \.\n"
    rf"<[^>]*> <{re.escape(_AS)}object> <(?P<about>[^>]*)> \.\n"
    rf'<[^>]*> <{re.escape(_AS)}published> "(?P<published>[^"]*)"'
)


def events_in(page: str) -> Iterator[Event]:
    """The events of a page in their order; no literal holds an empty line, as N-Triples escape it."""
    for text in page.split("\n\n"):
        match = _EVENT.match(text)
        if match is not None:
            published = _milliseconds(match["published"])
            kind = EventKind(match["kind"])
            yield Event(match["name"], int(match["position"]), kind, match["about"], published, text)


def page_head(base: str, page: str) -> str:
    """What every page begins with; ``page`` is its address."""
    feed = address_of_feed(base)
    return (
        f"<{feed}#strom> <{_RDF_TYPE}> <{_LDES}EventStream> .\n"
        f"<{feed}#strom> <{_TREE}view> <{feed}> .\n"
        f"<{page}> <{_RDF_TYPE}> <{_TREE}Node> .\n\n"
    )


def full_page(base: str, epoch: str, name: str, events: str) -> tuple[str, str]:
    """Name and text of a page to which nothing will be added; ``events`` are paragraphs with their empty lines.

    It does not say where the stream goes on, as the name of the next page is not known before that is full.
    """
    name = _with_digest(name, events)
    address = address_of_page(base, epoch, name)
    return name, f'{page_head(base, address)}{events}<{address}> <{_LDES}immutable> "true"^^<{_XSD}boolean> .\n'


def relation(page: str, name: str, kind: str, node: str, published: int) -> str:
    """From a page to another one: all events there have an as:published that compares so with ``published``."""
    return (
        f"<{page}> <{_TREE}relation> <{name}> .\n"
        f"<{name}> <{_RDF_TYPE}> <{_TREE}{kind}Relation> .\n"
        f"<{name}> <{_TREE}node> <{node}> .\n"
        f"<{name}> <{_TREE}path> <{_AS}published> .\n"
        f'<{name}> <{_TREE}value> "{time_of(published)}"^^<{_XSD}dateTime> .\n'
    )
