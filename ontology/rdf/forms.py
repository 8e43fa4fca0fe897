"""Statements as N-Quads, Turtle and JSON-LD.

Whatever is said of one subject in a row stands together, and so do the objects of one property. Of terms there is what our mapping
writes: IRIs and literals, no blank nodes and no languages. Texts are escaped alike in all three forms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from ontology.iris import CONCEPTS, SCHEMA, TERMS, XSD
from ontology.rdf.terms import TYPE, Statement

__all__ = ["TURTLE_HEADER", "Written", "jsonld_of", "nquads_of", "turtle_of", "written"]

_PREFIXES = {
    "phases": CONCEPTS + "phases/",
    "topics": CONCEPTS + "topics/",
    "level": CONCEPTS + "level/",
    "mode": CONCEPTS + "mode/",
    "bk": TERMS,
    "xsd": XSD,
    "schema": SCHEMA,
}
TURTLE_HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in _PREFIXES.items()).encode()

_BY_NAMESPACE = {namespace: prefix for prefix, namespace in _PREFIXES.items()}
_IRI = re.compile(r"<(.*[/#])([A-Za-z0-9_][A-Za-z0-9_-]*)>")  # namespace, local name
_NAMED = (f"<{SCHEMA}", f"<{CONCEPTS}")  # how IRIs of values begin that have a prefix
_BARE = {  # literals of which Turtle knows the datatype
    f"<{XSD}boolean>": re.compile("true|false"),
    f"<{XSD}integer>": re.compile("[+-]?[0-9]+"),
    f"<{XSD}decimal>": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
}


class Written(NamedTuple):
    """The same statements in all three forms; of each its property, and of each that states a class this class, as in N-Triples."""

    nquads: bytes
    turtle: bytes
    jsonld: bytes
    properties: list[str]
    classes: list[str]

    def with_name(self, placeholder: str, iri: str) -> Written:
        """The same of the thing with this IRI, where it was written of ``placeholder``; both as in N-Triples."""
        old, new = placeholder[1:-1].encode(), iri[1:-1].encode()
        return Written(
            self.nquads.replace(old, new),
            self.turtle.replace(old, new),
            self.jsonld.replace(old, new),
            self.properties,
            self.classes,
        )


def written(statements: Sequence[Statement], graph: str) -> Written:
    """Statements in all three forms, in the graph of this IRI where the form has graphs."""
    return Written(
        nquads_of(statements, graph),
        turtle_of(statements),
        jsonld_of(statements),
        [property_ for _, property_, _ in statements],
        [value for _, property_, value in statements if property_ == TYPE],
    )


def nquads_of(statements: Sequence[Statement], graph: str) -> bytes:
    """As N-Quads in the graph of this IRI."""
    end = f" <{graph}> .\n".encode()
    # line by line: most of them are ASCII, and hardly any text as a whole
    return b"".join([" ".join(statement).encode() + end for statement in statements])


def turtle_of(statements: Sequence[Statement]) -> bytes:
    """As Turtle, to be preceded by `TURTLE_HEADER`."""
    written: list[bytes] = []
    last_subject = last_property = ""
    for subject, property_, value in statements:
        if value[0] == "<":
            said = _name(value) if value.startswith(_NAMED) else value
        elif value[-1] == '"':
            said = value
        else:
            said = _literal(value)
        if subject != last_subject:
            piece = f" .\n{subject} {_verb(property_)} {said}"
        elif property_ != last_property:
            piece = f" ;\n\t{_verb(property_)} {said}"
        else:
            piece = f" , {said}"
        written.append(piece.encode())
        last_subject, last_property = subject, property_
    return b"".join(written).removeprefix(b" .\n") + b" .\n"


@cache
def _verb(property_: str) -> str:
    return "a" if property_ == TYPE else _name(property_)


@lru_cache(maxsize=5000)
def _name(iri: str) -> str:
    """An IRI by its prefix where it has one."""
    found = _IRI.fullmatch(iri)
    return f"{_BY_NAMESPACE[found[1]]}:{found[2]}" if found and found[1] in _BY_NAMESPACE else iri


def _literal(value: str) -> str:
    """A literal with a datatype; without it where Turtle knows it from the spelling."""
    text, _, datatype = value.rpartition("^^")
    bare = _BARE.get(datatype)
    return text[1:-1] if bare and bare.fullmatch(text[1:-1]) else f"{text}^^{_name(datatype)}"


def jsonld_of(statements: Sequence[Statement]) -> bytes:
    """As nodes of expanded JSON-LD, to be put into an array."""
    written: list[bytes] = []
    last_subject = last_property = ""
    for subject, property_, value in statements:
        if value[0] == "<":
            said = f'{{"@id":"{value[1:-1]}"}}'
        elif value[-1] == '"':
            said = f'{{"@value":{value}}}'
        else:
            text, _, datatype = value.rpartition("^^")
            said = f'{{"@type":"{datatype[1:-1]}","@value":{text}}}'
        if subject != last_subject:
            piece = f']}},{{"@id":"{subject[1:-1]}",{_key(property_)}:[{said}'
        elif property_ != last_property:
            piece = f"],{_key(property_)}:[{said}"
        else:
            piece = f",{said}"
        written.append(piece.encode())
        last_subject, last_property = subject, property_
    return b"".join(written).removeprefix(b"]},") + b"]}"


@cache
def _key(property_: str) -> str:
    return f'"{property_[1:-1]}"'
