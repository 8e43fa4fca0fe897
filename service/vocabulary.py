"""The vocabulary and the concept schemes as documents: what each says, and how a page shows it. Everything is read from the Turtle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from typing import NamedTuple

import pyoxigraph as ox

from ontology.concepts import SCHEMES
from ontology.iris import CONCEPTS, SCHEMA, TERMS

__all__ = ["PREFIXES", "Concept", "Scheme", "Term", "Vocabulary"]

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_DCT = "http://purl.org/dc/terms/"
_VANN = "http://purl.org/vocab/vann/"
PREFIXES = {
    "rdf": _RDF,
    "rdfs": _RDFS,
    "owl": _OWL,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": _SKOS,
    "dct": _DCT,
    "vann": _VANN,
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "schema": SCHEMA,
    "bk": TERMS,
}
_NARROWER = ox.NamedNode(_SKOS + "narrower")

Texts = Mapping[str, Sequence[str]]
"""By language, German first."""


class Term(NamedTuple):
    """A property of ours. ``domains``, ``ranges`` and ``related`` are pairs of short name and address."""

    name: str
    iri: str
    labels: Texts
    comments: Texts
    domains: Sequence[tuple[str, str]]
    ranges: Sequence[tuple[str, str]]
    related: Sequence[tuple[str, str]]


class Concept(NamedTuple):
    """``broader`` and ``narrower`` are notations, in the order of the file."""

    notation: str
    iri: str
    labels: Texts
    alt_labels: Texts
    definitions: Texts
    broader: Sequence[str]
    narrower: Sequence[str]


class Scheme(NamedTuple):
    """A concept scheme; ``top`` are the notations that the tree begins with."""

    name: str
    iri: str
    labels: Texts
    definitions: Texts
    concepts: Mapping[str, Concept]
    top: Sequence[str]


class _Graph:
    """Triples in the order of their file, with look-ups."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.triples = list(triples)
        self._by_subject: dict[str, list[ox.Triple]] = {}
        for triple in self.triples:
            if isinstance(triple.subject, ox.NamedNode):
                self._by_subject.setdefault(triple.subject.value, []).append(triple)

    def about(self, iri: str) -> list[ox.Triple]:
        return self._by_subject.get(iri, [])

    def iris(self, iri: str, *predicates: str) -> list[str]:
        return [
            triple.object.value
            for triple in self.about(iri)
            if triple.predicate.value in predicates and isinstance(triple.object, ox.NamedNode)
        ]

    def texts(self, iri: str, predicate: str) -> Texts:
        found: dict[str, list[str]] = {"de": []}
        for triple in self.about(iri):
            if triple.predicate.value == predicate and isinstance(triple.object, ox.Literal):
                found.setdefault(triple.object.language or "", []).append(triple.object.value)
        return {language: texts for language, texts in found.items() if texts}

    def of_class(self, *classes: str) -> list[str]:
        return [iri for iri in self._by_subject if set(classes) & set(self.iris(iri, _RDF + "type"))]


class Vocabulary:
    """All documents, read when they are first wanted."""

    @cached_property
    def context(self) -> bytes:
        """The JSON-LD context."""
        return files("ontology").joinpath("context.jsonld").read_bytes()

    @cached_property
    def _terms(self) -> _Graph:
        return _read("vocabulary.ttl")

    @cached_property
    def _schemes(self) -> Mapping[str, _Graph]:
        return {name: _read("schemes", f"{name}.ttl") for name in SCHEMES}

    @property
    def label(self) -> Texts:
        """What the vocabulary is called."""
        return self._terms.texts(TERMS, _RDFS + "label")

    @property
    def comment(self) -> Texts:
        """What the vocabulary is."""
        return self._terms.texts(TERMS, _RDFS + "comment")

    @property
    def licence(self) -> str:
        """The address of the licence of all documents."""
        return self._terms.iris(TERMS, _DCT + "license")[0]

    @cached_property
    def terms(self) -> Sequence[Term]:
        """Our own properties."""
        graph = self._terms
        return [
            Term(
                name=iri.removeprefix(TERMS),
                iri=iri,
                labels=graph.texts(iri, _RDFS + "label"),
                comments=graph.texts(iri, _RDFS + "comment"),
                domains=_short(graph.iris(iri, SCHEMA + "domainIncludes", _RDFS + "domain")),
                ranges=_short(graph.iris(iri, _RDFS + "range")),
                related=_short(graph.iris(iri, _RDFS + "seeAlso")),
            )
            for iri in graph.of_class(_RDF + "Property")
        ]

    @cached_property
    def schemes(self) -> Mapping[str, Scheme]:
        """All schemes by their notation."""
        return {name: _scheme(name, graph) for name, graph in self._schemes.items()}

    def document(self) -> list[ox.Triple]:
        """The statements about our own terms."""
        return self._terms.triples

    def scheme_document(self, name: str) -> list[ox.Triple]:
        """A scheme with all its concepts."""
        return self._schemes[name].triples

    def concept_document(self, name: str, notation: str) -> list[ox.Triple]:
        """A concept, what is narrower, and how what it is linked to is called."""
        graph, concept = self._schemes[name], self.schemes[name].concepts[notation]
        iri = ox.NamedNode(concept.iri)
        narrower = [ox.Triple(iri, _NARROWER, ox.NamedNode(_iri(name, each))) for each in concept.narrower]
        linked = [CONCEPTS + name, *(_iri(name, each) for each in (*concept.broader, *concept.narrower))]
        labels = [
            triple for other in linked for triple in graph.about(other) if triple.predicate.value == _SKOS + "prefLabel"
        ]
        return [*graph.about(concept.iri), *narrower, *labels]


def _read(*path: str) -> _Graph:
    text = files("ontology").joinpath(*path).read_bytes()
    return _Graph(quad.triple for quad in ox.parse(text, ox.RdfFormat.TURTLE))


def _iri(scheme: str, notation: str) -> str:
    return f"{CONCEPTS}{scheme}/{notation}"


def _short(iris: Iterable[str]) -> list[tuple[str, str]]:
    """``schema:Course`` for people, beside the address."""
    return [(_compact(iri), iri) for iri in iris]


def _compact(iri: str) -> str:
    known = (f"{prefix}:{iri.removeprefix(name)}" for prefix, name in PREFIXES.items() if iri.startswith(name))
    return next(known, iri)


def _scheme(name: str, graph: _Graph) -> Scheme:
    iri, prefix = CONCEPTS + name, f"{CONCEPTS}{name}/"
    found = graph.of_class(_SKOS + "Concept")
    broader = {concept: graph.iris(concept, _SKOS + "broader") for concept in found}
    concepts = {
        concept.removeprefix(prefix): Concept(
            notation=concept.removeprefix(prefix),
            iri=concept,
            labels=graph.texts(concept, _SKOS + "prefLabel"),
            alt_labels=graph.texts(concept, _SKOS + "altLabel"),
            definitions=graph.texts(concept, _SKOS + "definition"),
            broader=[parent.removeprefix(prefix) for parent in broader[concept]],
            narrower=[child.removeprefix(prefix) for child in found if concept in broader[child]],
        )
        for concept in found
    }
    return Scheme(
        name=name,
        iri=iri,
        labels=graph.texts(iri, _SKOS + "prefLabel"),
        definitions=graph.texts(iri, _SKOS + "definition"),
        concepts=concepts,
        top=[notation for notation, concept in concepts.items() if not concept.broader],
    )
