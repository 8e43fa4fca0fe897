"""Statements about one thing as a tree of JSON-LD that people can read, with a context of its own: nothing is lost, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from ontology.iris import CONCEPTS, RDF_TYPE, SCHEMA, TERMS, XSD

__all__ = ["PREFIXES", "as_tree"]

PREFIXES = {"schema": SCHEMA, "bk": TERMS, "xsd": XSD}
_CONTEXT = {"@vocab": SCHEMA, "bk": TERMS, "bkc": CONCEPTS, "xsd": XSD}
_SHORT = {SCHEMA: "", TERMS: "bk:", XSD: "xsd:"}

Node = dict[str, Any]


def as_tree(iri: str, quads: Iterable[ox.Quad]) -> Node:
    """The node ``iri`` with everything that it links to nested in it.

    The context is part of the document: it stays readable where there is no network, and no other document can change what it says.
    ``ontology/context.jsonld`` may be used in its place.
    """
    by_subject: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode):
            by_subject.setdefault(quad.subject.value, []).append(quad)
    return {"@context": _CONTEXT, **_node(iri, by_subject, ())}


def _node(iri: str, by_subject: dict[str, list[ox.Quad]], above: tuple[str, ...]) -> Node:
    node: Node = {"@id": iri}
    if iri in above:
        return node
    found: dict[str, list[Any]] = {}
    for quad in by_subject.get(iri, ()):
        predicate, value = quad.predicate.value, quad.object
        if predicate == RDF_TYPE and isinstance(value, ox.NamedNode):
            found.setdefault("@type", []).append(_short(value.value))
        elif isinstance(value, ox.NamedNode):
            part = _node(value.value, by_subject, (*above, iri))
            found.setdefault(_short(predicate), []).append(part)
        elif isinstance(value, ox.Literal):
            found.setdefault(_short(predicate), []).append(_literal(value))
    for key in sorted(found):
        values = found[key]
        if len(values) > 1:  # in an order that stays
            values = [value for _, value in sorted({repr(value): value for value in values}.items())]
        node[key] = values[0] if len(values) == 1 else values
    return node


def _short(iri: str) -> str:
    return next((short + iri[len(name) :] for name, short in _SHORT.items() if iri.startswith(name)), iri)


def _literal(literal: ox.Literal) -> Any:
    datatype = literal.datatype.value
    if literal.language:
        return {"@value": literal.value, "@language": literal.language}
    if datatype == XSD + "string":
        return literal.value
    if datatype == XSD + "boolean":
        return literal.value in ("true", "1")
    if datatype == XSD + "integer":
        return int(literal.value)
    return {"@value": literal.value, "@type": _short(datatype)}
