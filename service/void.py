"""VoID: what data there are, counted while the dumps were made (https://www.w3.org/TR/void/). No query is run for it.

Datasets have the IRIs that the DCAT description gives them; their partitions are fragments of this document, so no node varies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from catalogue.dumps import Dataset, Manifest
from ontology.iris import RDF_TYPE, SCHEMA, TERMS, XSD, dataset_iri
from ontology.licences import licence_iri
from service.negotiation import DataForm

__all__ = ["void_statements", "void_text"]

_FORMATS = "http://www.w3.org/ns/formats/"
_SHAPES = "https://w3id.org/bildungskatalog/shapes"
_PREFIXES = {
    "void": "http://rdfs.org/ns/void#",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "formats": _FORMATS,
    "schema": SCHEMA,
    "bk": TERMS,
    "xsd": XSD,
}
_FEATURES = {
    "application/n-quads": "N-Quads",
    "text/turtle": "Turtle",
    "application/ld+json": "JSON-LD",
}
Objects = ox.NamedNode | ox.Literal


def void_statements(manifest: Manifest) -> list[ox.Triple]:
    """The description of a set of dumps, dated as they are."""
    return list(_Description(manifest).everything())


def void_text(statements: list[ox.Triple], form: DataForm) -> bytes:
    """In one of the forms of RDF."""
    written = ox.serialize(statements, format=form.rdf_format, prefixes=_PREFIXES)
    assert written is not None
    return written


def _say(subject: str, name: str, value: Objects) -> ox.Triple:
    prefix, _, local = name.partition(":")
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(_PREFIXES[prefix] + local), value)


def _a(subject: str, name: str) -> ox.Triple:
    prefix, _, local = name.partition(":")
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(RDF_TYPE), ox.NamedNode(_PREFIXES[prefix] + local))


def _count(number: int) -> ox.Literal:
    return ox.Literal(number)


def _time(moment: str) -> ox.Literal:
    return ox.Literal(moment, datatype=ox.NamedNode(XSD + "dateTime"))


class _Description:
    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._base = manifest.base
        self._document = f"{manifest.base}/.well-known/void"

    def everything(self) -> Iterator[ox.Triple]:
        """All statements."""
        whole, *sources = self._manifest.datasets
        iri = self._iri(whole)
        yield _a(self._document, "void:DatasetDescription")
        yield _say(self._document, "dct:title", ox.Literal(f"Beschreibung der Daten: {whole.title}", language="de"))
        yield _say(self._document, "foaf:primaryTopic", ox.NamedNode(iri))
        yield from self._dataset(whole)
        yield _say(iri, "void:sparqlEndpoint", ox.NamedNode(f"{self._base}/sparql"))
        yield _say(iri, "dqv:hasQualityMetadata", ox.NamedNode(f"{self._base}/dumps/audit.ttl#bericht"))
        yield _say(iri, "dct:conformsTo", ox.NamedNode(_SHAPES))
        for source in sources:
            yield _say(iri, "void:subset", ox.NamedNode(self._iri(source)))
            yield from self._dataset(source)

    def _iri(self, dataset: Dataset) -> str:
        return dataset_iri(self._base, dataset.source)

    def _dataset(self, dataset: Dataset) -> Iterator[ox.Triple]:
        iri = self._iri(dataset)
        yield _a(iri, "void:Dataset")
        yield _say(iri, "dct:title", ox.Literal(dataset.title, language="de"))
        yield _say(iri, "dct:issued", _time(dataset.issued))
        yield _say(iri, "dct:modified", _time(dataset.modified))
        licence = None if dataset.licence is None else licence_iri(dataset.licence)
        if licence is not None:
            yield _say(iri, "dct:license", ox.NamedNode(licence))
        yield _say(iri, "foaf:homepage", ox.NamedNode(f"{self._base}/"))
        yield _say(iri, "void:uriSpace", ox.Literal(f"{self._base}/id/"))
        for vocabulary in (SCHEMA, TERMS):
            yield _say(iri, "void:vocabulary", ox.NamedNode(vocabulary))
        if dataset.example is not None:
            yield _say(iri, "void:exampleResource", ox.NamedNode(dataset.example))
        for file in self._manifest.distributions(dataset.source):
            if file.media_type in _FEATURES:  # a dump in the sense of VoID is RDF
                yield _say(iri, "void:dataDump", ox.NamedNode(f"{self._base}/dumps/{file.name}"))
                yield _say(iri, "void:feature", ox.NamedNode(_FORMATS + _FEATURES[file.media_type]))
        yield _say(iri, "void:triples", _count(dataset.statements))
        yield _say(iri, "void:entities", _count(dataset.entities))
        yield _say(iri, "void:distinctSubjects", _count(dataset.entities))
        yield _say(iri, "void:classes", _count(len(dataset.classes)))
        yield _say(iri, "void:properties", _count(len(dataset.properties)))
        partitions = [
            *self._partitions(dataset, "class", "entities", dataset.classes),
            *self._partitions(dataset, "property", "triples", dataset.properties),
        ]
        # what is said of the dataset first
        yield from sorted(partitions, key=lambda triple: triple.subject != ox.NamedNode(iri))

    def _partitions(self, dataset: Dataset, kind: str, counted: str, parts: Mapping[str, int]) -> Iterator[ox.Triple]:
        for term, count in parts.items():
            name = term.rpartition("#")[2].rpartition("/")[2]
            part = f"{self._document}#{dataset.source or 'gesamt'}-{kind}-{name}"
            yield _say(self._iri(dataset), f"void:{kind}Partition", ox.NamedNode(part))
            yield _a(part, "void:Dataset")
            yield _say(part, f"void:{kind}", ox.NamedNode(term))
            yield _say(part, f"void:{counted}", _count(count))
