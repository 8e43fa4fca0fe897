"""What a page of a neighbour's change feed says: where it leads, and the activities on it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pyoxigraph as ox

from catalogue.ledger import Note

__all__ = ["ALWAYS", "NEVER", "Event", "FeedPage", "Span"]

_AS = "https://www.w3.org/ns/activitystreams#"
_TREE = "https://w3id.org/tree#"
_RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_PUBLISHED = ox.NamedNode(_AS + "published")
_OBJECT = ox.NamedNode(_AS + "object")
_KINDS = {ox.NamedNode(_AS + name): name for name in ("Create", "Update", "Delete")}
_LOWER = {_TREE + "GreaterThanOrEqualToRelation": 0, _TREE + "GreaterThanRelation": 1}
_UPPER = {_TREE + "LessThanOrEqualToRelation": 0, _TREE + "LessThanRelation": -1}
ALWAYS, NEVER = -(2**62), 2**62  # before and after every position
_YEARS = range(1900, 2201)  # one event of the year 9999 would make all others come too late
_OF_A_FEED = {_TREE + "view", _TREE + "relation", _TREE + "member"}
_STREAM = ox.NamedNode("https://w3id.org/ldes#EventStream")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One activity. ``quads`` are the statements of the graph that is named after it; none for a Delete."""

    iri: str
    kind: str
    object: str
    position: int
    quads: Sequence[ox.Quad]


class Span(msgspec.Struct, frozen=True):
    """The bounds of a page's positions, inclusive, as the relations to it say."""

    lower: int = ALWAYS
    upper: int = NEVER


class FeedPage:
    """What a page says. ``faults`` are the events that cannot be taken."""

    def __init__(self, quads: Sequence[ox.Quad]) -> None:
        self.faults: list[Note] = []
        self._said: dict[tuple[ox.NamedNode | ox.BlankNode, str], list[_Term]] = defaultdict(list)
        self._graphs: dict[str, list[ox.Quad]] = defaultdict(list)
        for quad in quads:
            if isinstance(quad.graph_name, ox.NamedNode):
                self._graphs[quad.graph_name.value].append(quad)
            elif isinstance(quad.graph_name, ox.DefaultGraph) and isinstance(quad.subject, ox.NamedNode | ox.BlankNode):
                self._said[quad.subject, quad.predicate.value].append(quad.object)

    def is_of_a_feed(self) -> bool:
        """Whether it says anything that only a feed does: an error in the form of RDF, or an empty answer, does not."""
        return any(
            predicate in _OF_A_FEED
            or (predicate == _RDF_TYPE.value and any(kind == _STREAM or kind in _KINDS for kind in objects))
            for (_, predicate), objects in self._said.items()
        )

    def spans(self) -> Mapping[str, Span]:
        """The pages that this one leads to, with what the relations say of them."""
        found: dict[str, Span] = {}
        for (_, predicate), objects in list(self._said.items()):
            if predicate == _TREE + "view":
                for node in objects:
                    if isinstance(node, ox.NamedNode):
                        found.setdefault(node.value, Span())
            elif predicate == _TREE + "relation":
                for relation in objects:
                    self._bound(relation, found)
        return found

    def _bound(self, relation: _Term, found: dict[str, Span]) -> None:
        if not isinstance(relation, ox.NamedNode | ox.BlankNode):
            return
        node = next(iter(self._said[relation, _TREE + "node"]), None)
        if not isinstance(node, ox.NamedNode):
            return
        span = found.get(node.value, Span())
        path = next(iter(self._said[relation, _TREE + "path"]), None)
        value = _position(next(iter(self._said[relation, _TREE + "value"]), None))
        if path == _PUBLISHED and value is not None:
            for kind in self._said[relation, _RDF_TYPE.value]:
                name = kind.value if isinstance(kind, ox.NamedNode) else ""
                if name in _LOWER:
                    span = Span(max(span.lower, value + _LOWER[name]), span.upper)
                elif name in _UPPER:
                    span = Span(span.lower, min(span.upper, value + _UPPER[name]))
        found[node.value] = span

    def events(self) -> Iterator[Event]:
        """The activities of this page."""
        for (subject, predicate), objects in list(self._said.items()):
            kinds = [_KINDS[kind] for kind in objects if isinstance(kind, ox.NamedNode) and kind in _KINDS]
            if predicate != _RDF_TYPE.value or not kinds or not isinstance(subject, ox.NamedNode):
                continue
            told = next(iter(self._said[subject, _OBJECT.value]), None)
            position = _position(next(iter(self._said[subject, _PUBLISHED.value]), None))
            if not isinstance(told, ox.NamedNode) or position is None or len(kinds) != 1:
                said = "Das Ereignis sagt nicht, wovon es handelt oder wann es war"
                self.faults.append(Note(True, subject.value[:200], said))
                continue
            yield Event(
                iri=subject.value,
                kind=kinds[0],
                object=told.value,
                position=position,
                quads=self._graphs.get(subject.value, ()),
            )


def _position(literal: _Term | None) -> int | None:
    """Microseconds since 1970 of an xsd:dateTime; without an offset it counts as UTC. None for what is in another time than ours."""
    if not isinstance(literal, ox.Literal):
        return None
    try:
        moment = dt.datetime.fromisoformat(literal.value)
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)
