"""Statements under construction: prefixed names in, triples out, and a few words about each concept of an official list that is named."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import pyoxigraph as ox

from ontology.licences import licence_name

__all__ = ["Prose", "Service", "Statements", "format_label", "language_text", "prefixes", "prose", "typed"]

Value = str | ox.Literal | None


class Service(msgspec.Struct, frozen=True):
    """What serves the data beside files. Addresses follow the base; ``distribution`` is a code of the list of file types, for one that is a
    distribution of the whole too.
    """

    name: str
    title: str
    description: str
    endpoint: str
    endpoint_description: str
    conforms_to: tuple[str, ...]
    distribution: str | None = None


class Prose(msgspec.Struct, frozen=True):
    """``dcat.toml``."""

    page_size: int
    prefixes: Mapping[str, str]
    texts: Mapping[str, str]
    keywords: Mapping[str, Any]
    formats: Mapping[str, Mapping[str, str]]
    service: tuple[Service, ...]
    standard: tuple[Mapping[str, str], ...]
    scheme: tuple[Mapping[str, str], ...]
    labels: Mapping[str, str]
    languages: Mapping[str, str]


@cache
def prose() -> Prose:
    """The words and lists of the description."""
    return msgspec.convert(tomllib.loads(files(__package__).joinpath("dcat.toml").read_text("utf-8")), Prose)


def prefixes() -> dict[str, str]:
    """Short names of namespaces, for serialisations."""
    return dict(prose().prefixes)


def format_label(media_type: str) -> str:
    """What people call a media type."""
    return prose().formats[media_type]["label"]


def language_text(text: str, language: str = "de") -> ox.Literal:
    """A text in a language."""
    return ox.Literal(text, language=language)


def typed(value: str, datatype: str) -> ox.Literal:
    """A literal of a datatype given by its prefixed name."""
    return ox.Literal(value, datatype=ox.NamedNode(_expanded(datatype)))


class Statements:
    """A set of triples; strings are IRIs or prefixed names, literals are `ox.Literal`. There is no way to make a blank node."""

    def __init__(self) -> None:
        self._triples: set[ox.Triple] = set()

    def say(self, subject: str, **properties: Value | Iterable[Value]) -> None:
        """Adds statements: the keyword ``dct_title`` is the property ``dct:title``, ``a`` is rdf:type; None is left out."""
        node = ox.NamedNode(subject)
        for name, values in properties.items():
            predicate = ox.NamedNode(_expanded("rdf:type" if name == "a" else name.replace("_", ":", 1)))
            for value in (values,) if values is None or isinstance(values, str | ox.Literal) else values:
                if value is not None:
                    term = value if isinstance(value, ox.Literal) else ox.NamedNode(_expanded(value))
                    self._triples.add(ox.Triple(node, predicate, term))

    def concept(self, iri: str) -> str:
        """The IRI, after saying of which official list it is: validators and portals need not look that up."""
        for scheme in prose().scheme:
            if iri.startswith(scheme.get("beginning", scheme["iri"] + "/")):
                label = prose().labels.get(iri) or licence_name(iri)
                label = label if label != iri else iri.removeprefix(scheme.get("beginning", scheme["iri"] + "/"))
                self.say(iri, a=("skos:Concept", scheme.get("class")), skos_inScheme=scheme["iri"])
                self.say(iri, skos_prefLabel=language_text(label))
        return iri

    def media_type(self, media_type: str) -> str:
        """The IRI of a media type in IANA's registry."""
        iri = "http://www.iana.org/assignments/media-types/" + media_type
        self.say(iri, a=("dct:MediaType", "dct:MediaTypeOrExtent"))
        return iri

    def sorted(self, base: str) -> list[ox.Triple]:
        """The triples in an order that depends on nothing but them: things of the base first, of each thing its class first."""
        kind = _expanded("rdf:type")

        def order(triple: ox.Triple) -> tuple[bool, str, bool, str]:
            subject = str(triple.subject)
            return not subject.startswith(f"<{base}"), subject, triple.predicate.value != kind, str(triple)

        return sorted(self._triples, key=order)


def _expanded(name: str) -> str:
    prefix, _, local = name.partition(":")
    namespace = prose().prefixes.get(prefix)
    return name if namespace is None else namespace + local
