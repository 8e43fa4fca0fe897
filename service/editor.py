"""What the page for SPARQL needs beside its template: the bundled editor, our script and style, terms to complete, a map, examples."""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyoxigraph as ox

from catalogue.settings import Settings
from ontology.concepts import Schemes
from ontology.gazetteer import Gazetteer
from ontology.gazetteer.outlines import district_outline
from ontology.iris import SCHEMA, TERMS
from ontology.publication import ontology_ntriples

__all__ = ["EDITOR_POLICY", "PREFIXES", "Editor", "EditorFile", "Example"]

_HERE = Path(__file__).parent / "pages" / "sparql"
_SHIPPED = {
    "yasqe.min.js": "text/javascript; charset=utf-8",
    "yasqe.min.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "SOURCES.txt": "text/plain; charset=utf-8",
}
_JSON = "application/json"
_LABELLED_TOWNS = 8
_RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
PREFIXES = {
    "schema": SCHEMA,
    "bk": TERMS,
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# the one page on which scripts run: those of this service, which ask nobody else
EDITOR_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)


class EditorFile(NamedTuple):
    """``packed`` is ``content`` in gzip."""

    media: str
    content: bytes
    packed: bytes


class Example(NamedTuple):
    """A query worth reading: the first two lines of its file are its title and what it is about."""

    name: str
    title: str
    about: str
    query: str


class Editor:
    """Made when the page is first asked for; the files never change while the service runs."""

    def __init__(self, settings: Settings, gazetteer: Gazetteer, schemes: Schemes) -> None:
        self._district = settings.catalogue.district
        self._gazetteer = gazetteer
        self._schemes = schemes

    @cached_property
    def files(self) -> dict[str, EditorFile]:
        """By name."""
        contents = {name: (media, (_HERE / name).read_bytes()) for name, media in _SHIPPED.items()}
        contents["begriffe.json"] = _JSON, msgspec.json.encode({"prefixes": PREFIXES, "terms": list(self._terms())})
        contents["karte.json"] = _JSON, msgspec.json.encode(self._map())
        return {
            name: EditorFile(media, content, gzip.compress(content, mtime=0))
            for name, (media, content) in contents.items()
        }

    @cached_property
    def versions(self) -> dict[str, str]:
        """A part of the address of each file that changes with its content."""
        return {name: sha256(file.content).hexdigest()[:12] for name, file in self.files.items()}

    @cached_property
    def examples(self) -> dict[str, Example]:
        """By name, in the order of their numbers."""
        found = {}
        for path in sorted((_HERE / "examples").glob("*.rq")):
            title, about, query = path.read_text(encoding="utf-8").split("\n", 2)
            name = path.stem.partition("-")[2]
            found[name] = Example(name, title.removeprefix("# "), about.removeprefix("# "), query.strip())
        return found

    def _terms(self) -> Iterator[tuple[str, str]]:
        """IRI and German label of every term that a query about the catalogue may need."""
        used = tomllib.loads((_HERE / "terms.toml").read_text(encoding="utf-8"))
        for name, label in (*used["properties"].items(), *used["classes"].items()):
            yield SCHEMA + name, label
        for quad in ox.parse(ontology_ntriples().encode(), ox.RdfFormat.N_TRIPLES):
            subject, label = quad.subject, quad.object
            if not isinstance(subject, ox.NamedNode) or not subject.value.startswith(TERMS) or subject.value == TERMS:
                continue
            if quad.predicate.value == _RDFS_LABEL and isinstance(label, ox.Literal) and label.language == "de":
                yield subject.value, label.value
        for scheme in self._schemes.by_notation.values():
            for concept in scheme.concepts.values():
                yield concept.iri, f"{concept.labels['de']} ({scheme.labels['de']})"

    def _map(self) -> dict[str, object]:
        """Outline of the district and its largest towns, as longitude and latitude."""
        if self._district is None:
            return {"outline": [], "towns": []}
        largest = sorted(self._gazetteer.in_district(self._district), key=lambda town: -(town.population or 0))[
            :_LABELLED_TOWNS
        ]
        return {
            "outline": district_outline(self._district),
            "towns": [(town.name, town.longitude, town.latitude) for town in largest],
        }
