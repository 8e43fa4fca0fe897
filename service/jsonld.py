"""Statements about one thing as a tree of JSON-LD that people can read, with a context of its own: nothing is lost, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pyoxigraph as ox

from ontology.iris import CONCEPTS, RDF_TYPE, SCHEMA, TERMS, XSD

__all__ = ["PREFIXES", "as_tree"]

PREFIXES = {"schema": SCHEMA, "bk": TERMS, "xsd": XSD}
_CONTEXT = {"@vocab": SCHEMA, "bk": TERMS, "bkc": CONCEPTS, "xsd": XSD}
_SHORT = {SCHEMA: "", TERMS: "bk:", XSD: "xsd:"}
_STRING, _BOOLEAN, _INTEGER = XSD + "string", XSD + "boolean", XSD + "integer"

Node = dict[str, Any]
Pair = tuple[str, Any]  # the IRI of a property, and its value as a term


def as_tree(iri: str, quads: Iterable[ox.Quad]) -> Node:
    """The node ``iri`` with everything that it links to nested in it.

    The context is part of the document: it stays readable where there is no network, and no other document can change what it says.
    ``ontology/context.jsonld`` may be used in its place.
    """
    by_subject: dict[str, list[Pair]] = {}
    for quad in quads:
        subject = quad.subject
        if isinstance(subject, ox.NamedNode):
            by_subject.setdefault(subject.value, []).append((quad.predicate.value, quad.object))
    return {"@context": _CONTEXT, **_node(iri, by_subject, ())}


def _node(iri: str, by_subject: dict[str, list[Pair]], above: tuple[str, ...]) -> Node:
    node: Node = {"@id": iri}
    if iri in above or iri not in by_subject:
        return node
    found: dict[str, list[Any]] = {}
    above = (*above, iri)
    for predicate, value in by_subject[iri]:
        if isinstance(value, ox.Literal):
            found.setdefault(_short(predicate), []).append(_literal(value))
        elif isinstance(value, ox.NamedNode) and predicate == RDF_TYPE:
            found.setdefault("@type", []).append(_short(value.value))
        elif isinstance(value, ox.NamedNode):
            found.setdefault(_short(predicate), []).append(_node(value.value, by_subject, above))
    for key in sorted(found):
        values = found[key]
        if len(values) > 1:  # in an order that stays
            values = [value for _, value in sorted({repr(value): value for value in values}.items())]
        node[key] = values[0] if len(values) == 1 else values
    return node


@lru_cache(1000)  # properties, classes and datatypes: few
def _short(iri: str) -> str:
    return next((short + iri[len(name) :] for name, short in _SHORT.items() if iri.startswith(name)), iri)


def _literal(literal: ox.Literal) -> Any:
    value, datatype = literal.value, literal.datatype.value
    if literal.language:
        return {"@value": value, "@language": literal.language}
    if datatype == _STRING:
        return value
    if datatype == _BOOLEAN:
        return value in ("true", "1")
    if datatype == _INTEGER:
        return int(value)
    return {"@value": value, "@type": _short(datatype)}
